"""JSON as producers write it: what is nearly JSON, and can mean only one thing, is made JSON."""

import re

from schemas.reject import RejectedError

MAX_DEPTH = 500
BYTE_ORDER_MARK = b"\xef\xbb\xbf"
REPLACEMENT = b"\\ufffd"

_TEXT = rb'"(?:[^"\\]|\\.)*"'
_TEXT_OR_CONSTANT = re.compile(_TEXT + rb"|NaN|-?Infinity", re.DOTALL)
_TEXT_OR_BRACKET = re.compile(_TEXT + rb"|[\[\]{}]", re.DOTALL)
_ESCAPE = re.compile(
    rb"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|(\\u[dD][89a-fA-F][0-9a-fA-F]{2})|\\.", re.DOTALL
)


def mended(value: bytes) -> bytes:
    """Return JSON without a byte order mark, numbers that are none as texts, and halves of surrogates replaced."""
    value = value.removeprefix(BYTE_ORDER_MARK)
    if b"\\u" in value:
        value = _ESCAPE.sub(lambda it: REPLACEMENT if it[1] else it[0], value)
    if b"NaN" in value or b"Infinity" in value:
        value = _TEXT_OR_CONSTANT.sub(lambda it: it[0] if it[0][:1] == b'"' else b'"%s"' % it[0], value)
    return value


def check_depth(value: bytes) -> None:
    """Raise ``RejectedError`` for JSON that is nested more than ``MAX_DEPTH`` levels deep.

    How deep the decoder can go depends on who calls it.
    """
    if len(value) <= 2 * MAX_DEPTH or value.count(b"[") + value.count(b"{") <= MAX_DEPTH:
        return
    depth = 0
    for it in _TEXT_OR_BRACKET.finditer(value):
        bracket = it[0]
        if bracket in b"[{":
            depth += 1
            if depth > MAX_DEPTH:
                raise RejectedError("not_json", f"the JSON is nested more than {MAX_DEPTH} levels deep")
        elif bracket in b"]}":
            depth -= 1
