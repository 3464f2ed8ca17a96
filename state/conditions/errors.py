"""Errors in the text of a condition: what is wrong, where, and how to fix it."""

import ast
import re


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
    (re.compile(r"\d,\d{3}\b"), "write numbers without commas: 1000"),
    (re.compile(r"(?<!\w)\d+\s*([%€$]|d\b)|[$€]"), "write plain numbers, without a unit"),
)


def hint(text: str) -> str:
    """Return the fix for the most likely mistake in a text that cannot be parsed."""
    outside = re.sub(r"\"[^\"]*\"|'[^']*'", "", text)
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
