"""The parser of calls: from the call of a function in a condition to the feature that it stands for."""

import ast
import difflib
import re
from collections.abc import Iterable, Iterator, Mapping

from state.conditions.catalogue import Catalogue
from state.conditions.errors import ConditionError, error_at, texts_in
from state.conditions.features import Feature
from state.conditions.functions import Argument, CallError, Function, Parameter, Sort
from state.conditions.kind import Kind

CLAMPED: Mapping[str, str] = {
    "at_most": 'at_most(5 * count("Email Opened", 30), 20)',
    "at_least": "at_least(20 - days_since_visit, 0)",
}
"""Calls that are a number with a limit, and no feature, each by an example."""
_CLAMP_OF = {"min": "at_most", "max": "at_least"}
_WINDOW = re.compile(r"\s*(\d+)\s*(h|hours?)?\s*", re.IGNORECASE)


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
            arguments[parameter.name] = self._argument(function, parameter, value)
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
        if (days := _days_in(node)) is not None and self._catalogue.has_feature(f"{name}_{days}d"):
            raise self._error(node, f"`{name}` is no function", f"write `{name}_{days}d`")
        if self._catalogue.has_feature(name):
            raise self._error(node, f"`{name}` is a feature, and takes nothing", f"write `{name}` alone")
        examples = {**{it.name: it.example for it in functions.values()}, **CLAMPED}
        near = difflib.get_close_matches(name.lower(), examples, n=1, cutoff=0.6)
        fix = self._catalogue.undeclared.get(name) or (
            f"did you mean `{near[0]}`, as in `{examples[near[0]]}`?"
            if near
            else f"the functions are {', '.join(f'`{it}`' for it in sorted(examples))}"
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

    def _argument(self, function: Function, parameter: Parameter, node: ast.expr) -> Argument:
        for part in ast.walk(node):
            if isinstance(part, ast.Constant) and isinstance(part.value, str) and texts_in(self._source, part) > 1:
                raise self._error(part, "two texts stand side by side", "write a comma between them, or one text")
        match parameter.sort, node:
            case Sort.TEXT, ast.Constant(str(text)):
                if parameter.check is not None:
                    parameter.check(self._source, node)
                return self._allowed(parameter, node, text)
            case Sort.DAYS | Sort.HOURS | Sort.WHOLE, ast.Constant(int(number)) if not isinstance(number, bool):
                return self._number(parameter, node, number)
            case Sort.TRAIT, ast.Attribute(ast.Name("traits"), name):
                return self._trait(parameter, node, name)
            case Sort.PROPERTY, ast.Name(name):
                return name
            case Sort.WORD, ast.Name(word) if word in parameter.allowed:
                return word
            case Sort.CONDITION, _ if not isinstance(node, ast.Constant):
                if parameter.check is not None:
                    parameter.check(self._source, node)
                return ast.unparse(_InOneForm().visit(node))
            case _:
                told = f"`{parameter.name}` is {parameter.sort.value}"
                if parameter.sort is Sort.TEXT and function.name in _CLAMP_OF and self._is_number(node):
                    raise self._error(node, told, f"to limit a number, write `{_CLAMP_OF[function.name]}`")
                raise self._error(node, told, self._mend(function, parameter, node))

    def _number(self, parameter: Parameter, node: ast.expr, number: int) -> int:
        most = parameter.most or self._catalogue.max_window_days
        if parameter.sort is Sort.WHOLE and not 2 <= number <= most:
            told = f"{number} is no number of `{parameter.name}`"
            raise self._error(node, told, f"write a whole number from 2 to {most}")
        if parameter.sort is Sort.DAYS and not 1 <= number <= most:
            what = f"`{parameter.name}`" if parameter.most else "window"
            raise self._error(node, f"{number} days are no {what}", f"a {what} has 1 to {most} days")
        if parameter.sort is Sort.HOURS and not 1 <= number <= most:
            raise self._error(node, f"{number} hours are no window", f"write 1 to {most} hours, or a window in days")
        return number

    def _trait(self, parameter: Parameter, node: ast.expr, name: str) -> str:
        kinds, kind = parameter.kinds, self._catalogue.traits.get(name)
        if not kinds or kind in kinds or (kind is None and Kind.TEXT in kinds):
            return name
        if kind is None:
            fix = f'declare it in the policy\'s [traits], as in `{name} = "{kinds[0].value}"`'
            raise self._error(node, f"it is not said that `traits.{name}` is {kinds[0].phrase}", fix)
        fix = f'write `"..." in traits.{name}`' if kind in (Kind.TEXTS, Kind.TAGS) else f"ask this of {kinds[0].phrase}"
        raise self._error(node, f"`traits.{name}` is {kind.phrase}, and not {kinds[0].phrase}", fix)

    def _allowed(self, parameter: Parameter, node: ast.expr, text: str) -> str:
        allowed = parameter.allowed
        if not text.strip():
            raise self._error(node, f"`{parameter.name}` is empty", "write something there")
        if not allowed or text in allowed:
            return text
        near = difflib.get_close_matches(text, allowed, n=1, cutoff=0.6)
        fix = f'did you mean "{near[0]}"?' if near else f"it is one of {_quoted(allowed)}"
        raise self._error(node, f'there is no {parameter.name} "{text}"', fix)

    def _mend(self, function: Function, parameter: Parameter, node: ast.expr) -> str:
        match parameter.sort, node:
            case Sort.TEXT, ast.Name(name) if name != parameter.name and name in (parameter.allowed or (name,)):
                return f'write "{name}"'
            case Sort.TEXT, _ if parameter.allowed:
                return f"it is one of {_quoted(parameter.allowed)}, in quotation marks"
            case Sort.WORD, _:
                return f"write one of {', '.join(parameter.allowed)}"
            case Sort.DAYS | Sort.HOURS, _ if mend := _mend_of_window(parameter, node):
                return mend
            case Sort.TRAIT, ast.Name(name) if self._is_list(name) or not self._catalogue.has_feature(name):
                is_list = self._is_list(name)
                return f'`{name}` is a list of texts: write `"..." in {name}`' if is_list else f"write traits.{name}"
            case Sort.CONDITION, _:
                return 'write a comparison, as in `where = channel == "app"`'
            case Sort.PROPERTY, ast.Constant(str(name)) | ast.Attribute(ast.Name("traits"), name):
                return f"write {name}, without {'quotation marks' if isinstance(node, ast.Constant) else 'traits'}"
            case _:
                return f"write it as in {_example(function)}"

    def _is_number(self, node: ast.expr) -> bool:
        return isinstance(node, ast.BinOp | ast.Call) or (
            isinstance(node, ast.Name) and self._catalogue.has_feature(node.id)
        )

    def _is_list(self, name: str) -> bool:
        return name in self._catalogue.features and self._catalogue.features[name].kind is Kind.TEXTS


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


def _mend_of_window(parameter: Parameter, node: ast.expr) -> str:
    """Return how to write a window that is no whole number; empty if that is as in the example."""
    text = node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""
    if found := _WINDOW.fullmatch(text):
        is_hours = parameter.sort is Sort.DAYS and found[2]
        return f"write `hours = {found[1]}`" if is_hours else f"write {found[1]}, without quotation marks"
    return f"write one from 1 to {parameter.most}, as in `hours = 6`" if parameter.sort is Sort.HOURS else ""


def _days_in(node: ast.Call) -> int | None:
    """Return the number of days, where a call has nothing but one."""
    match node:
        case ast.Call(args=[ast.Constant(int(days))], keywords=[]):
            return days
        case _:
            return None


def _quoted(words: Iterable[str]) -> str:
    return ", ".join(f'"{it}"' for it in words)


def _example(function: Function) -> str:
    return f"`{function.example}`"
