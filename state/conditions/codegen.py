"""Code generation: from the trees of conditions to one Python function that reads every feature at most once.

A value that several places need is read at the first of them, by an assignment within the expression
(``(orders_90d := ...)``), and comes from that variable afterwards. As ``and``, ``or`` and ``if`` may skip the first
place, the writer carries ``sure``: the variables that certainly hold a value where the next expression is evaluated.
One in ``sure`` is used as it is. Any other that was written before may hold a value or not, so the code starts it as
``unread``, asks ``x is unread``, and reads only then. This guarantees that no value is computed twice in a call or
without need, and that no variable is used before it has a value. Only a comparison that doubles cannot decide calls a
function (``exactly``), which reads its own values once more. ``sure`` is extended in place as expressions are written
in the order of evaluation, and copied where evaluation may stop.
"""

import builtins
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from state.conditions.catalogue import Catalogue
from state.conditions.exact_test import exact_test
from state.conditions.features import Feature
from state.conditions.formula import AGGREGATES
from state.conditions.generated_code import make_function
from state.conditions.nodes import (
    AllOf,
    AnyOf,
    Arithmetic,
    Clamped,
    Comparison,
    FeatureRef,
    Known,
    ListLiteral,
    Literal,
    Negative,
    Not,
    Operand,
    Test,
    Trait,
    Truth,
)
from state.conditions.precision import MARGIN, Trust, trust_of
from state.conditions.trait_value import OF_KIND

Sure = set[str]
"""The variables that certainly hold a value where the next expression is evaluated."""
PRESENT = "at"
_IN_A_ROW = 4
_CALCULATED = {"+": "total", "-": "difference", "*": "product", "/": "quotient"}


class CodeWriter:
    """The writer of one function of a customer and some instants; ``instant`` is that of the next expression."""

    def __init__(self, catalogue: Catalogue, instants: tuple[str, ...] = (PRESENT,)) -> None:
        self._catalogue = catalogue
        self._globals: dict[str, Any] = {
            "day_of": catalogue.day_of,
            "unread": object(),
            **{kind.name.lower(): of_kind for kind, of_kind in OF_KIND.items()},
        }
        self._taken = {"customer", "joined", *instants, *self._globals, *vars(builtins)}
        self._variables: dict[tuple[object, str], str] = {}
        self._unsure: dict[str, None] = {}
        self._days: dict[str, str] = {}
        self._instants = instants
        self.instant = instants[0]

    def function(
        self, name: str, subject: str, returns: str, lines: Iterable[str] = (), arguments: Sequence[str] = ()
    ) -> Callable[..., Any]:
        """Return the function that runs ``lines`` and returns the expression ``returns``.

        Its arguments are the customer, the instants and then ``arguments``. Its file is named after the ``subject``.
        """
        body = [f"{day} = day_of({instant})" for instant, day in self._days.items()]
        unsure = [*self._unsure]
        body += [f"{' = '.join(unsure[row : row + _IN_A_ROW])} = unread" for row in range(0, len(unsure), _IN_A_ROW)]
        body += [*lines, f"return {returns}"]
        head = f"def {name}({', '.join(('customer', *self._instants, *arguments))}):\n"
        source = head + "".join(f"    {line}\n" for line in body)
        return make_function(name, f"{self._catalogue.title}: {subject}", source, self._globals)

    def variable(self, name: str) -> str:
        """Return ``name``, or one like it that is not used yet."""
        free, number = name, 1
        while free in self._taken:
            number += 1
            free = f"{name}_{number}"
        self._taken.add(free)
        return free

    def test(self, test: Test, sure: Sure) -> str:
        """Return an expression that is True or False; add to ``sure`` the variables that it certainly assigns."""
        match test:
            case AllOf(parts):
                return self._joined(parts, " and ", sure)
            case AnyOf(parts):
                return self._joined(parts, " or ", sure)
            case Not(part):
                return f"(not {self.test(part, sure)})"
            case Known() if trust_of(test) is Trust.NONE:
                return self._exact(test)
            case Known(operand):
                return f"({self.operand(operand, sure)} is not None)"
            case Truth(operand):
                return f"({self.operand(operand, sure)} is True)"
            case Comparison():
                return self.comparison(test, sure)

    def comparison(self, test: Comparison, sure: Sure, instants: tuple[str, str] | None = None) -> str:
        """Return an expression for a comparison of its left and right side, each at its own instant if given."""
        trust = trust_of(test)
        instants = instants or (self.instant, self.instant)
        if trust is Trust.NONE:
            return self._exact(test, instants)
        guards, left, right = self._sides(test.left, test.right, sure, instants=instants)
        if trust is Trust.FULL:
            return f"({' and '.join([*guards, f'{left} {test.sign} {right}'])})"
        terms = f"{self._magnitude(test.left, instants[0])} + {self._magnitude(test.right, instants[1])}"
        apart, margin = self.variable("apart"), self.variable("margin")
        distance, rounding = f"({apart} := {left} - {right})", f"({margin} := {MARGIN} * ({terms}))"
        near = self._exact(test, instants)
        match test.sign:
            case ">" | ">=":
                answer = f"({distance} > {rounding} or (not {apart} < -{margin} and {near}))"
            case "<" | "<=":
                answer = f"({distance} < -{rounding} or (not {apart} > {margin} and {near}))"
            case "!=":
                answer = f"({distance} > {rounding} or {apart} < -{margin} or {near})"
            case _:
                answer = f"(not ({distance} > {rounding} or {apart} < -{margin}) and {near})"
        return f"({' and '.join([*guards, answer])})"

    def _exact(self, test: Comparison | Known, instants: tuple[str, str] | None = None) -> str:
        left_at, right_at = instants or (self.instant, self.instant)
        exact = self._global("exactly", exact_test(test, self._catalogue))
        return f"{exact}(customer, {left_at}, {right_at})"

    def _magnitude(self, operand: Operand, instant: str) -> str:
        """Return the sum of the terms of a number that has been evaluated, without their signs."""
        self.instant = instant
        match operand:
            case Negative(of):
                return self._magnitude(of, instant)
            case Clamped(_, of, limit):
                return f"({self._magnitude(of, instant)} + {self._size(limit)})"
            case Arithmetic(sign, left, right):
                one, two = self._magnitude(left, instant), self._magnitude(right, instant)
                if sign == "/":
                    return f"{one} / {self._size(right)}"
                return f"({one} + {two})" if sign in "+-" else f"{one} * {two}"
            case _:
                return self._size(operand)

    def _size(self, operand: Operand) -> str:
        return (
            repr(abs(operand.number)) if isinstance(operand, Literal) else f"abs({self._variables[self._key(operand)]})"
        )

    def operand(self, operand: Operand, sure: Sure) -> str:
        """Return an expression for a value, None if it is missing; add to ``sure`` what it certainly assigns."""
        match operand:
            case Literal(value):
                return repr(value)
            case ListLiteral(values):
                return "{" + ", ".join(map(repr, values)) + "}"
            case FeatureRef(feature):
                return self._once(operand, feature.variable, self._formula(feature, sure), sure)
            case Trait(name, kind):
                value = f"customer.traits.get({name!r})"
                return self._once(operand, f"trait_{name}", f"{kind.name.lower()}({value})" if kind else value, sure)
            case Negative():
                return self._once(operand, "negative", self._negative(operand, sure), sure)
            case Clamped(clamp):
                return self._once(operand, clamp, self._clamped(operand, sure), sure)
            case Arithmetic(sign):
                return self._once(operand, _CALCULATED[sign], self._arithmetic(operand, sure), sure)

    def _negative(self, operand: Negative, sure: Sure) -> str:
        if not operand.of.nullable:
            return f"-{self.operand(operand.of, sure)}"
        guard, again = self._guarded(operand.of, sure)
        return f"-{again} if {guard} is not None else None"

    def _clamped(self, operand: Clamped, sure: Sure) -> str:
        value, again = self._guarded(operand.of, sure)
        limit = repr(operand.limit.number)
        within = "<" if operand.clamp == "at_most" else ">"
        if not operand.of.nullable:
            return f"{again} if {value} {within} {limit} else {limit}"
        return f"None if {value} is None else {again} if {again} {within} {limit} else {limit}"

    def _arithmetic(self, operand: Arithmetic, sure: Sure) -> str:
        divides = operand.sign == "/" and not isinstance(operand.right, Literal)
        guards, left, right = self._sides(operand.left, operand.right, sure, divides)
        value = f"{left} {operand.sign} {right}"
        return f"{value} if {' and '.join(guards)} else None" if guards else value

    def _sides(
        self, left: Operand, right: Operand, sure: Sure, divides: bool = False, instants: tuple[str, str] | None = None
    ) -> tuple[list[str], str, str]:
        """Return the guards without which the two sides cannot be used, and the sides, each at its instant."""
        operands, zeroes = (left, right), (False, divides)
        instants = instants or (self.instant, self.instant)
        sides = ["", ""]
        guards: list[str] = []
        # Written in the order in which it is evaluated: what needs a guard first, then what does not.
        for place in sorted((0, 1), key=lambda it: not (operands[it].nullable or zeroes[it])):
            operand, self.instant = operands[place], instants[place]
            if not (operand.nullable or zeroes[place]):
                sides[place] = self.operand(operand, sure)
                continue
            value, again = self._guarded(operand, sure)
            sure = set(sure)
            sides[place] = again
            if operand.nullable:
                guards.append(f"{value} is not None")
                value = again
            if zeroes[place]:
                guards.append(f"{value} != 0")
        return guards, sides[0], sides[1]

    def _guarded(self, operand: Operand, sure: Sure) -> tuple[str, str]:
        """Return the expression for a value, and the one for the same value right after it."""
        value = self.operand(operand, sure)
        return value, self._variables.get(self._key(operand), value)

    def _once(self, read: Operand | str, name: str, expression: str, sure: Sure) -> str:
        """Return ``expression`` assigned to a variable, or that variable where it has been assigned."""
        key = self._key(read)
        variable = self._variables.get(key)
        if variable is None:
            of_instant = f"_at_{key[1]}" if key[1] not in ("", self._instants[0]) else ""
            variable = self._variables[key] = self.variable(name + of_instant)
            sure.add(variable)
            return f"({variable} := {expression})"
        if variable in sure:
            return variable
        sure.add(variable)
        self._unsure[variable] = None
        return f"(({variable} := {expression}) if {variable} is unread else {variable})"

    def _key(self, read: Operand | str) -> tuple[object, str]:
        """Return what a variable holds: an aggregate or a trait, at whichever instant, or an operand at one."""
        return read, "" if isinstance(read, Trait | str) else self.instant

    def _formula(self, feature: Feature, sure: Sure) -> str:
        formula = feature.formula

        def name(of: str) -> str:
            if of in AGGREGATES:
                return self._once(of, of, f"customer.{of}", sure)
            if of in formula.names:
                return self._global(of, formula.names[of])
            return {"customer": "customer", "at": self.instant, "day": self._day()}[of]

        return formula.inline(name)

    def _day(self) -> str:
        suffix = "" if self.instant == self._instants[0] else f"_{self.instant}"
        if self.instant not in self._days:
            self._days[self.instant] = self.variable(f"day{suffix}")
        return self._days[self.instant]

    def _global(self, name: str, value: object) -> str:
        if getattr(builtins, name, None) is value:
            return name
        for known, other in self._globals.items():
            if other is value:
                return known
        name = self.variable(name.lstrip("_"))  # a formula's own variables begin with underscores
        self._globals[name] = value
        return name

    def _joined(self, parts: tuple[Test, ...], word: str, sure: Sure) -> str:
        seen = sure
        sources = []
        for part in parts:
            sources.append(self.test(part, seen))
            seen = set(seen)
        return f"({word.join(sources)})"
