"""Functions of the language: what a condition may call, with which arguments, and the features that calls stand for."""

import ast
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from state.conditions.features import Feature
from state.conditions.kind import Kind

Argument = str | int
"""A text, the name of a trait or a property, or a number of days or hours."""


class Sort(Enum):
    """The sort of an argument, in words for people."""

    TEXT = "a text in quotation marks"
    DAYS = "a whole number of days"
    HOURS = "a whole number of hours"
    WHOLE = "a whole number"
    TRAIT = "a trait, as in `traits.plan`"
    PROPERTY = "the name of a property"
    CONDITION = "a condition on properties of the event"
    WORD = "a word, without quotation marks"


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """What is given for one argument: by its name, or, unless ``by_name``, by its place among the others.

    A word, or a text that has ``allowed`` values, is one of these; a trait that has ``kinds`` is declared as one of
    these, or, where it may be a text, not declared. A number of days is at most ``most``, or, if that is 0, the longest
    window; one of hours is from 1 to ``most``, a whole number from 2. ``is_needed``: without it, the function cannot be
    called.
    ``check(source, node)`` raises ``ConditionError`` if what is written at a node of the source cannot be the argument.
    """

    name: str
    sort: Sort
    allowed: tuple[str, ...] = ()
    kinds: tuple[Kind, ...] = ()
    most: int = 0
    is_needed: bool = True
    by_name: bool = False
    check: Callable[[str, ast.expr], object] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Function:
    """A function that a condition may call.

    ``feature(name, **arguments)`` makes the feature of a call, whose ``name`` is the call in its shortest form;
    arguments that are not given are left out. It may raise ``CallError``. ``example`` is a call, for people.
    """

    name: str
    parameters: tuple[Parameter, ...]
    feature: Callable[..., Feature]
    meaning: str
    example: str

    def call(self, arguments: dict[str, Argument]) -> str:
        """Return a call in its shortest form: two calls that mean the same have the same one."""
        given = [(it, arguments[it.name]) for it in self.parameters if it.name in arguments]
        written = [f"{it.name}={_written(it, value)}" if it.by_name else _written(it, value) for it, value in given]
        return f"{self.name}({', '.join(written)})"


class CallError(ValueError):
    """Arguments that do not go together: what is wrong, and how to fix it."""

    def __init__(self, message: str, fix: str) -> None:
        super().__init__(f"{message}. {fix}")
        self.message = message
        self.fix = fix


def _written(parameter: Parameter, value: Argument) -> str:
    match parameter.sort:
        case Sort.TEXT:
            return '"' + str(value).replace("\\", "\\\\").replace('"', '\\"') + '"'
        case Sort.TRAIT:
            return f"traits.{value}"
        case _:
            return str(value)
