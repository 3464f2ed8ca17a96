"""The text of a condition on one line."""

import re

_QUOTED_OR_BETWEEN = re.compile(r"(\"(?:\\.|[^\"\\])*\"|'(?:\\.|[^'\\])*')|(?:#[^\n]*|\\\n|\s)+", re.DOTALL)
_LINE_END = re.compile("[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]")


def on_one_line(text: str) -> str:
    """Return a text without its comments and with single blanks; what is in quotation marks stays as it is."""
    return _QUOTED_OR_BETWEEN.sub(lambda it: _escaped(it[1]) if it[1] else " ", text).strip()


def _escaped(quoted: str) -> str:
    return _LINE_END.sub(lambda end: repr(end[0])[1:-1], quoted)
