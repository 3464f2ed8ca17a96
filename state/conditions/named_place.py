"""The place of a name in the text of a condition."""

import ast

from state.conditions.errors import place
from state.conditions.read_source import read_source


def place_of(name: str, text: str) -> tuple[int, int]:
    """Return the row and the column (from 1) at which a condition that can be read first asks for a name.

    ``name`` is that of a feature, a trait or a call, as a condition has it among its names.
    """
    source, root = read_source(text)
    named = [it for it in ast.walk(root) if isinstance(it, ast.Name | ast.Attribute | ast.Call) and _name(it) == name]
    first = min(named, key=lambda it: (it.lineno, it.col_offset), default=root)
    return place(source, first.lineno, first.col_offset)


def _name(node: ast.expr) -> str:
    return ast.unparse(node).replace("'", '"')
