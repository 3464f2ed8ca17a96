"""Errors in the text of a condition: what is wrong, where, and how to fix it."""

import ast
import keyword
import re
import tokenize
from io import StringIO


class ConditionError(ValueError):
    """A condition that cannot be used.

    ``row`` and ``column`` (from 1) are the place in its text, ``message`` what is wrong, ``fix`` what to do about it.
    """

    def __init__(self, message: str, column: int, fix: str, row: int = 1) -> None:
        super().__init__(f"{message} (column {column}). {fix}")
        self.message = message
        self.column = column
        self.fix = fix
        self.row = row


_MISTAKES = (
    (re.compile(r"&&"), "write `and`"),
    (re.compile(r"\|\|"), "write `or`"),
    (re.compile(r"<>"), "write `!=`"),
    (re.compile(r"=<|=>"), "write `<=` or `>=`"),
    (re.compile(r"(?<![=<>!])=(?!=)"), "write `==` to compare"),
    (re.compile(r"\b(AND|OR|NOT|IN|IS)\b"), "write `and`, `or`, `not`, `in`, `is` in small letters"),
    (re.compile(r"!(?!=)"), "write `not`"),
    (re.compile("[\u2018-\u201f\u00ab\u00bb]"), "write straight quotation marks"),
    (re.compile("[\u2264\u2265\u2260]"), "write `<=`, `>=` or `!=`"),
    (re.compile("[\u2212\u2013\u00d7\u00f7]"), "write `-`, `*` or `/`"),
    (re.compile(r"[^\S \t\r\n\f]"), "write plain blanks"),
    (
        re.compile(rf"\btraits\s*\.\s*({'|'.join(keyword.kwlist)})\b"),
        "rename the trait: this is a word of the language",
    ),
    (re.compile(r"\d,\d|\.\d+\.\d"), "write numbers without commas, and with a point: 1000.5"),
    (re.compile(r"(?<![\w.])0\d"), "write numbers without zeros before them"),
    (re.compile(r"(?<!\w)\d+\s*([%€$]|d\b)|[$€]"), "write plain numbers, without a unit"),
)


_NAMED = re.compile(r"([(,]\s*\w+\s*)=(?!=)")
"""The sign after the name of an argument, which compares nothing."""


def hint(text: str, told: str = "") -> str:
    """Return the fix for the most likely mistake in a text that cannot be parsed, of which Python has ``told``."""
    if "positional argument follows" in told:
        return "write arguments with a name after all others"
    if "forgot a comma" in told and re.search(r"\w\s*\(", text):
        return "write a comma between two arguments, and `and` or `or` between two comparisons"
    outside = re.sub(r"\"[^\"]*\"|'[^']*'|#.*|\[[^\]]*\]", "", text)
    outside = _NAMED.sub(r"\1", outside)
    for mistake, fix in _MISTAKES:
        if mistake.search(outside):
            return fix
    if outside.count("(") != outside.count(")"):
        return "close every parenthesis that is opened"
    if "'" in outside or '"' in outside:
        return "close every quotation mark that is opened"
    return "write comparisons joined by `and`, `or`, `not`, as in `orders_90d >= 2 and revenue_90d > 100`"


def place(source: str, row: int, offset: int) -> tuple[int, int]:
    """Return the row and column (from 1) in the text of a byte offset in its parenthesised source."""
    lines = source.encode().splitlines() or [b""]
    line = lines[min(row, len(lines)) - 1]
    column = len(line[:offset].decode(errors="ignore"))
    return row, max(column if row == 1 else column + 1, 1)


def error_at(source: str, node: ast.expr, message: str, fix: str) -> ConditionError:
    """Return an error at the place of a node."""
    row, column = place(source, node.lineno, node.col_offset)
    return ConditionError(message, column, fix, row)


def texts_in(source: str, node: ast.expr) -> int:
    """Return how many texts Python would join to the one of a node."""
    segment = f"({ast.get_source_segment(source, node)})"
    return sum(token.type == tokenize.STRING for token in tokenize.generate_tokens(StringIO(segment).readline))
