"""The parser of calls: from the call of a function in a condition to the feature that it stands for."""

import ast
import difflib
from collections.abc import Iterator

from state.conditions.catalogue import Catalogue
from state.conditions.errors import ConditionError, error_at, texts_in
from state.conditions.features import Feature
from state.conditions.functions import Argument, CallError, Function, Parameter, Sort
from state.conditions.kind import Kind


class CallParser:
    """A parser that binds the arguments of a call, each of its sort, and refuses what the function does not take."""

    def __init__(self, source: str, catalogue: Catalogue) -> None:
        self._source = source
        self._catalogue = catalogue

    def feature(self, node: ast.Call) -> Feature:
        """Return the feature of a call. Raises ``ConditionError``."""
        function = self._function(node)
        arguments: dict[str, Argument] = {}
        for parameter, value in self._given(node, function):
            if parameter.name in arguments:
                raise self._error(value, f"`{parameter.name}` is given twice", f"write it as in {_example(function)}")
            arguments[parameter.name] = self._argument(parameter, value)
        missing = [it.name for it in function.parameters if it.is_needed and it.name not in arguments]
        if missing:
            raise self._error(node, f"`{missing[0]}` is missing", f"write it as in {_example(function)}")
        try:
            return self._catalogue.called(function, arguments)
        except CallError as error:
            raise self._error(node, error.message, error.fix) from None

    def _error(self, node: ast.expr, message: str, fix: str) -> ConditionError:
        return error_at(self._source, node, message, fix)

    def _function(self, node: ast.Call) -> Function:
        functions = self._catalogue.functions
        name = node.func.id if isinstance(node.func, ast.Name) else ""
        if name in functions:
            return functions[name]
        near = difflib.get_close_matches(name.lower(), functions, n=1, cutoff=0.6)
        fix = (
            f"did you mean `{near[0]}`, as in {_example(functions[near[0]])}?"
            if near
            else f"there are {', '.join(f'`{it}`' for it in sorted(functions))}"
        )
        raise self._error(node, f"there is no function `{ast.unparse(node.func)}`", fix)

    def _given(self, node: ast.Call, function: Function) -> Iterator[tuple[Parameter, ast.expr]]:
        by_place = [it for it in function.parameters if not it.by_name]
        if len(node.args) > len(by_place):
            most = f"`{function.name}` takes {len(by_place) or 'nothing'} without a name"
            raise self._error(node.args[len(by_place)], most, f"write it as in {_example(function)}")
        yield from zip(by_place, node.args, strict=False)
        named = {it.name: it for it in function.parameters}
        for keyword in node.keywords:
            if keyword.arg not in named:
                near = difflib.get_close_matches(keyword.arg or "", named, n=1, cutoff=0.6)
                fix = f"did you mean `{near[0]}`?" if near else f"write it as in {_example(function)}"
                raise self._error(keyword.value, f"`{function.name}` has no argument `{keyword.arg or '**'}`", fix)
            yield named[keyword.arg], keyword.value

    def _argument(self, parameter: Parameter, node: ast.expr) -> Argument:
        for part in ast.walk(node):
            if isinstance(part, ast.Constant) and isinstance(part.value, str) and texts_in(self._source, part) > 1:
                raise self._error(part, "two texts stand side by side", "write a comma between them, or one text")
        match parameter.sort, node:
            case Sort.TEXT, ast.Constant(str(text)):
                return self._allowed(parameter, node, text)
            case Sort.DAYS, ast.Constant(int(days)) if not isinstance(days, bool):
                most = parameter.most or self._catalogue.max_window_days
                if not 1 <= days <= most:
                    what = f"`{parameter.name}`" if parameter.most else "window"
                    raise self._error(node, f"{days} days are no {what}", f"a {what} has 1 to {most} days")
                return days
            case Sort.TRAIT, ast.Attribute(ast.Name("traits"), name):
                return self._trait(parameter, node, name)
            case Sort.PROPERTY, ast.Name(name):
                return name
            case Sort.CONDITION, _ if not isinstance(node, ast.Constant):
                return ast.unparse(_InOneForm().visit(node))
            case _:
                raise self._error(node, f"`{parameter.name}` is {parameter.sort.value}", self._mend(parameter, node))

    def _trait(self, parameter: Parameter, node: ast.expr, name: str) -> str:
        kinds, kind = parameter.kinds, self._catalogue.traits.get(name)
        if not kinds or kind in kinds or (kind is None and Kind.TEXT in kinds):
            return name
        if kind is None:
            fix = f'declare it in the policy\'s [traits], as in `{name} = "{kinds[0].value}"`'
            raise self._error(node, f"it is not said that `traits.{name}` is {kinds[0].phrase}", fix)
        fix = f'write `"..." in traits.{name}`' if kind is Kind.TEXTS else f"ask this of {kinds[0].phrase}"
        raise self._error(node, f"`traits.{name}` is {kind.phrase}, and not {kinds[0].phrase}", fix)

    def _allowed(self, parameter: Parameter, node: ast.expr, text: str) -> str:
        allowed = parameter.allowed
        if not text.strip():
            raise self._error(node, f"`{parameter.name}` is empty", "write something there")
        if not allowed or text in allowed:
            return text
        near = difflib.get_close_matches(text, allowed, n=1, cutoff=0.6)
        fix = f'did you mean "{near[0]}"?' if near else "it is one of " + ", ".join(f'"{it}"' for it in allowed)
        raise self._error(node, f'there is no {parameter.name} "{text}"', fix)

    def _mend(self, parameter: Parameter, node: ast.expr) -> str:
        match parameter.sort, node:
            case Sort.TEXT, ast.Name(name):
                return f'write "{name}"'
            case Sort.TRAIT, ast.Name(name):
                return f"write traits.{name}"
            case Sort.PROPERTY, ast.Constant(str(text)):
                return f"write {text}, without quotation marks"
            case _:
                return "write it so"


class _InOneForm(ast.NodeTransformer):
    """Lists, numbers and flags of a filter in one form, so that two that mean the same are one."""

    def visit_Tuple(self, node: ast.Tuple) -> ast.expr:
        return ast.List([self.visit(it) for it in node.elts], ast.Load())

    def visit_Set(self, node: ast.Set) -> ast.expr:
        return ast.List([self.visit(it) for it in node.elts], ast.Load())

    def visit_Constant(self, node: ast.Constant) -> ast.expr:
        whole = isinstance(node.value, float) and node.value.is_integer()
        return ast.Constant(int(node.value)) if whole and isinstance(node.value, float) else node

    def visit_Name(self, node: ast.Name) -> ast.expr:
        return ast.Constant(node.id == "true") if node.id in ("true", "false") else node


def _example(function: Function) -> str:
    return f"`{function.example}`"
