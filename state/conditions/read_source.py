"""Reading a source: from the text of a condition or a measure to Python's syntax tree."""

import ast
import warnings

from state.conditions.errors import ConditionError, error_at, hint, place
from state.conditions.signs import LIMITED

MAX_LENGTH = 4000
MAX_DEPTH = 40
"""How deeply a condition may be nested: Python compiles 200 levels of parentheses, and one here becomes about two."""


def read_source(text: str) -> tuple[str, ast.expr]:
    """Return the source of a text, in which errors have their places, and its tree. Raises ``ConditionError``."""
    if not text.strip():
        raise ConditionError("the condition is empty", 1, "write one, as in `orders_90d >= 2`")
    if len(text) > MAX_LENGTH:
        raise ConditionError(f"the condition is longer than {MAX_LENGTH} characters", 1, "write it shorter")
    # In parentheses a condition may go over several lines; the end of a comment must not swallow the last.
    source = f"({text}\n)"
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            root = ast.parse(source, mode="eval").body
        if root.lineno == 1 and root.col_offset == 0:
            raise ConditionError("this is not one condition", 1, hint(text))
        if _depth(root) > MAX_DEPTH:
            raise too_deep()
        _require_names_as_written(source, root)
        return source, root
    except SyntaxError as error:
        row, column = error.lineno or 1, (error.offset or 1) - 1
        row, column = (row, column) if row == 1 else (row, column + 1)
        if row > text.count("\n") + 1:
            row, column = place(source, text.count("\n") + 1, len(source.encode()))
        raise ConditionError("this cannot be read", max(column, 1), hint(text, error.msg), row) from None
    except ValueError as error:
        if isinstance(error, ConditionError):
            raise
        raise ConditionError("this cannot be read", 1, "remove what is not text") from None
    except (RecursionError, MemoryError):
        raise too_deep() from None


def _require_names_as_written(source: str, root: ast.expr) -> None:
    """Raise ``ConditionError`` if Python takes a name for another one, which it does by Unicode's NFKC."""
    if source.isascii():
        return
    for node in ast.walk(root):
        if isinstance(node, ast.Name | ast.Attribute):
            read = node.id if isinstance(node, ast.Name) else node.attr
            written = (ast.get_source_segment(source, node) or read).split()[-1].rpartition(".")[2]
            if written != read:
                message = f"the name `{written}` is not in Unicode's normal form, in which it is `{read}`"
                raise error_at(source, node, message, "write that, and rename what has the other name in your events")


def _depth(node: ast.AST) -> int:
    within = max(map(_depth, ast.iter_child_nodes(node)), default=0)
    is_limit = isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in LIMITED
    return within + (is_limit or isinstance(node, ast.BoolOp | ast.Compare | ast.BinOp | ast.UnaryOp))


def too_deep() -> ConditionError:
    """Return the error of a text whose parts are too many levels within each other."""
    fix = f"write at most {MAX_DEPTH} comparisons, signs, limits, `and`, `or` and `not` within each other"
    return ConditionError("the condition is nested too deeply", 1, fix)
