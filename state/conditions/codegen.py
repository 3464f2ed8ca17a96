"""Turns trees of conditions into one piece of Python code that reads every feature at most once."""

from collections.abc import Callable, Iterable
from typing import Any

from state.conditions.features import Catalogue, Feature, Kind
from state.conditions.nodes import (
    All,
    Arithmetic,
    Comparison,
    Known,
    Listed,
    Literal,
    Negative,
    Not,
    Operand,
    Read,
    Some,
    Test,
    Trait,
    Truth,
)

Sure = set[str]


class CodeWriter:
    """Writes the source of one function of a customer and one or more instants, of which `instant` is the present."""

    def __init__(self, catalogue: Catalogue, instants: tuple[str, ...] = ("t",)) -> None:
        self._space: dict[str, Any] = {
            "trait": catalogue.trait,
            "day_of": catalogue.day_of,
            "unread": object(),
            "round": round,
            Kind.NUMBER.name: _number,
            Kind.TEXT.name: _text,
            Kind.FLAG.name: _flag,
        }
        self._names: dict[tuple[object, str], str] = {}
        self._uncertain: dict[str, None] = {}
        self._days: dict[str, str] = {}
        self._instants = instants
        self.instant = instants[0]

    def compiled(self, answer: str) -> Callable[..., Any]:
        """The function that returns what an expression says.

        Its arguments are the customer and the instants, and ``joined`` if the expression asks ``either``.
        """
        first = [f"{day} = day_of({instant})" for instant, day in self._days.items()]
        first += [f"{name} = unread" for name in self._uncertain]
        lines = "".join(f" {line}\n" for line in [*first, f"return {answer}"])
        exec(f"def answer(customer, {', '.join(self._instants)}, joined=()):\n{lines}", self._space)
        function: Callable[..., Any] = self._space["answer"]
        return function

    @staticmethod
    def tuple_of(sources: Iterable[str]) -> str:
        """An expression for all of them together."""
        return f"({''.join(source + ', ' for source in sources)})"

    def test(self, test: Test, sure: Sure) -> str:
        """An expression that is True or False; adds to `sure` the features that it has read for certain."""
        match test:
            case All(parts):
                return self._joined(parts, " and ", sure)
            case Some(parts):
                return self._joined(parts, " or ", sure)
            case Not(part):
                return f"(not {self.test(part, sure)})"
            case Known(operand):
                return f"({self.operand(operand, sure)} is not None)"
            case Truth(operand):
                return f"({self.operand(operand, sure)} is True)"
            case Comparison():
                guards, left, right = self._sides(test.left, test.right, sure)
                if test.steadied:
                    left, right = f"round({left}, 10)", f"round({right}, 10)"
                return f"({' and '.join([*guards, f'{left} {test.sign} {right}'])})"

    def either(self, key: str, joined: str, not_joined: str) -> str:
        """The one expression for who has joined ``key``, the other for who has not."""
        return f"({joined} if {key!r} in joined else {not_joined})"

    def operand(self, operand: Operand, sure: Sure) -> str:
        """An expression for a value, None if it is missing."""
        match operand:
            case Literal(value):
                return repr(value)
            case Listed(values):
                return "{" + ", ".join(map(repr, values)) + "}"
            case Read(feature):
                return self._once(self._key(operand), self._read(feature, sure), sure)
            case Trait(name, kind):
                reading = f"trait(customer, {name!r})"
                return self._once(self._key(operand), f"{kind.name}({reading})" if kind else reading, sure)
            case Negative() | Arithmetic():
                return self._once(self._key(operand), self._calculated(operand, sure), sure)

    def _calculated(self, operand: Negative | Arithmetic, sure: Sure) -> str:
        if isinstance(operand, Negative):
            if not operand.of.nullable:
                return f"(-{self.operand(operand.of, sure)})"
            guard, again = self._guarded(operand.of, sure)
            return f"(-{again} if {guard} is not None else None)"
        divides = operand.sign == "/" and not isinstance(operand.right, Literal)
        guards, left, right = self._sides(operand.left, operand.right, sure, divides)
        answer = f"{left} {operand.sign} {right}"
        return f"({answer} if {' and '.join(guards)} else None)" if guards else f"({answer})"

    def _sides(
        self, left: Operand, right: Operand, sure: Sure, divides: bool = False, instants: tuple[str, str] | None = None
    ) -> tuple[list[str], str, str]:
        """Guards that tell whether both sides can be used, and the two sides, each at its instant."""
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
        value = self.operand(operand, sure)
        return value, self._names.get(self._key(operand), value)

    def _once(self, key: tuple[object, str], reading: str, sure: Sure) -> str:
        new = key not in self._names
        name = self._names.setdefault(key, f"v{len(self._names)}")
        if name in sure:
            return name
        sure.add(name)
        if new:
            return f"({name} := {reading})"
        self._uncertain[name] = None
        return f"(({name} := {reading}) if {name} is unread else {name})"

    def _read(self, feature: Feature, sure: Sure) -> str:
        self._space.update(feature.reading.names)
        day = self._days.setdefault(self.instant, f"day_of_{self.instant}")
        return feature.reading.written(self.instant, day, lambda part: self._once((part, ""), f"customer.{part}", sure))

    def _key(self, operand: Operand) -> tuple[object, str]:
        return operand, "" if isinstance(operand, Trait) else self.instant

    def _joined(self, parts: tuple[Test, ...], word: str, sure: Sure) -> str:
        seen = sure
        sources = []
        for part in parts:
            sources.append(self.test(part, seen))
            seen = set(seen)
        return f"({word.join(sources)})"


def _number(value: object) -> object:
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


def _text(value: object) -> object:
    return value if isinstance(value, str) else None


def _flag(value: object) -> object:
    return value if isinstance(value, bool) else None
