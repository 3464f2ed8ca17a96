"""The layout of generated code for people: the same code, with long expressions broken into lines.

The code that runs has one rule a line, so that a traceback names the rule.
"""

import ast

_WIDTH = 110
_INDENT = "    "


def laid_out(source: str) -> str:
    """Return source with every long assignment and ``return`` in several lines; its syntax tree stays the same."""
    return "\n".join(_statement(line) for line in source.splitlines())


def _statement(line: str) -> str:
    text = line.strip()
    if len(line) <= _WIDTH or text.endswith(":") or text.startswith("#") or ":  #" in text:
        return line
    indent = line[: len(line) - len(text)]
    match ast.parse(text).body[0]:
        case ast.Assign([ast.Name(name)], value):
            return f"{indent}{name} = {_expression(value, indent, loose=True)}"
        case ast.Return(ast.expr() as value):
            return f"{indent}return {_expression(value, indent, loose=True)}"
        case _:
            return line


def _expression(node: ast.expr, indent: str, loose: bool = False) -> str:
    """Return an expression that begins after ``indent``.

    It is in parentheses where needed; ``loose`` says whether the expression around it binds looser than a comparison.
    """
    text = ast.unparse(node)
    if len(indent) + len(text) > _WIDTH and (lines := _lines(node, indent)):
        text = lines
    elif isinstance(node, ast.BoolOp | ast.IfExp):
        return f"({text})"
    is_operator = isinstance(node, ast.Compare | ast.BinOp | ast.UnaryOp)
    return f"({text})" if is_operator and not loose else text


def _lines(node: ast.expr, indent: str) -> str:
    """Return an expression in several lines, empty if it has no place to be broken at."""
    inner = indent + _INDENT
    match node:
        case ast.BoolOp(operator, [first, *others]):
            word = "and" if isinstance(operator, ast.And) else "or"
            parts = [f"{word} {_expression(other, inner, loose=True)}" for other in others]
            return _block([_expression(first, inner, loose=True), *parts], indent)
        case ast.IfExp(test, body, otherwise):
            parts = [_expression(it, inner, loose=True) for it in (body, test, otherwise)]
            if "\n" in parts[1] + parts[2]:
                return _block([parts[0], f"if {parts[1]}", f"else {parts[2]}"], indent)
            return _block([parts[0], f"if {parts[1]} else {parts[2]}"], indent)
        case ast.UnaryOp(ast.Not(), of):
            return f"not {_expression(of, indent)}"
        case ast.NamedExpr(ast.Name(name), value):
            return f"({name} := {_expression(value, indent, loose=True)})"
        case ast.Compare(left, [_], [right]) | ast.BinOp(left, _, right):
            return f"{_expression(left, indent)} {_sign(node)} {_expression(right, indent)}"
        case ast.Tuple(elements):
            return _block([f"{_expression(element, inner, loose=True)}," for element in elements], indent)
        case _:
            return ""


def _sign(node: ast.Compare | ast.BinOp) -> str:
    name = ast.Name("_")
    plain = ast.Compare(name, node.ops, [name]) if isinstance(node, ast.Compare) else ast.BinOp(name, node.op, name)
    return ast.unparse(plain)[2:-2]


def _block(lines: list[str], indent: str) -> str:
    return "(\n" + "".join(f"{indent}{_INDENT}{line}\n" for line in lines) + f"{indent})"
