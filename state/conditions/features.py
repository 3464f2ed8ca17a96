"""Features: what a condition may ask of a customer, and how each value changes while nothing happens."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from math import inf
from typing import NamedTuple

from schemas.events import Trait
from state.conditions.formula import Formula
from state.conditions.kind import Kind
from state.customer.customer import Customer
from state.customer.tallies import TallyOf
from state.slots import Slots

Instants = Callable[[Customer, int, int], Sequence[int]]
"""Instants of a customer, of (customer, after, until): those later than ``after``, up to ``until``, ascending."""


NOT_NEGATIVE = (0, inf)
"""The limits of what is never below 0."""


class EventFilter(NamedTuple):
    """The events of one name, or those of them that ``accepts`` holds for, which reads the fields ``names``.

    ``key`` is what identifies them in a customer's activity; ``number`` is the field that is added up, if one is,
    ``greatest`` that of which the greatest number is wanted (with a minus sign, of the opposites), and ``distinct``
    that whose values are counted. ``texts`` are those that the filter looks for in lists. What is counted by
    ``slots`` and not by days is asked for the last ``window_slots`` of them.
    """

    event: str
    key: int
    accepts: Callable[[Mapping[str, Trait]], bool] | None = None
    names: frozenset[str] = frozenset()
    number: str = ""
    texts: frozenset[str] = frozenset()
    greatest: str = ""
    distinct: str = ""
    slots: Slots | None = None
    window_slots: int = 0

    @property
    def of_number(self) -> str:
        """The field that must be a number; empty if none must."""
        return self.number or self.greatest.removeprefix("-")

    @property
    def fields(self) -> frozenset[str]:
        """All fields that are read of an event."""
        return self.names | {self.of_number, self.distinct} - {""}


class Trend(Enum):
    """How a feature changes as time passes without an event."""

    CONSTANT = "constant"
    FALLING = "falling"
    RISING = "rising"
    COUNTING_DOWN = "counting down"
    FREE = "free"


@dataclass(frozen=True, slots=True, kw_only=True)
class Feature:
    """One value that can be read of a customer at an instant.

    ``formula`` gives the value at an instant if nothing happens until then, and must do so for the next 100 years.
    With a ``window`` (days), the value changes only at that window's roll-offs, with ``changes_at`` only at these
    instants; at those of ``turns_at``, which are among them, it may do so against its trend. A window that ends
    ``before`` the last so many days changes at the roll-offs of these as well: what leaves them enters it. Without
    any, a RISING feature rises in a straight line or, for some customers, stands still, one that is COUNTING_DOWN falls
    in one, and a FALLING one falls in any way, steps included. Only a FREE one may go missing by itself, and none but
    one with ``before`` becomes known by itself.

    ``parts`` are the bits of the parts of a customer that the formula reads, and ``traits`` the traits: while no event
    changes one of these parts, only time can change the value. A text that has ``allowed`` values never has another.
    ``counts`` says which events it counts, None if none by name, ``tallies`` what is tallied for it, if anything is.
    ``segment`` and ``ladder`` are the keys of the segment or the ladder that it is about, if it is about one.
    ``history_of`` is that segment, the step as ``ladder:step``, or the lifecycle stage, whose past stays must be
    remembered for it, empty if none must, and ``signal`` the key of the signal of which it must be remembered when it
    was told. ``moves_while`` says of one that stands still at other times
    when it moves. A number with ``limits`` is never below the first or above the second.

    Raises ``ValueError`` if the next change of such a feature cannot be found.
    """

    name: str
    unit: str
    meaning: str
    formula: Formula
    parts: int
    trend: Trend = Trend.CONSTANT
    window: int | None = None
    before: int | None = None
    changes_at: Instants | None = None
    turns_at: Instants | None = None
    allowed: tuple[str, ...] = ()
    limits: tuple[float, float] | None = None
    traits: tuple[str, ...] = ()
    counts: EventFilter | None = None
    tallies: TallyOf | None = None
    history_of: str = ""
    segment: str = ""
    ladder: str = ""
    signal: str = ""
    moves_while: str = ""

    def __post_init__(self) -> None:
        if self.is_continuous and (self.trend is Trend.FREE or self.kind is not Kind.NUMBER):
            raise ValueError(f"{self.name}: without a window only a number can move, and only one way")

    @property
    def variable(self) -> str:
        """The name of a variable for the value."""
        return re.sub(r"\W+", "_", self.name, flags=re.ASCII).strip("_")  # Python takes some other letters for one

    @property
    def kind(self) -> Kind:
        """The type of the value."""
        return self.formula.kind

    @property
    def nullable(self) -> bool:
        """Whether the value may be missing."""
        return self.formula.nullable

    @property
    def is_whole_number(self) -> bool:
        """Whether the value is a whole number, if it is known."""
        return self.kind is Kind.NUMBER and self.formula.is_whole

    def is_part_of(self, other: "Feature") -> bool:
        """Tell whether this is the same of a window within another one's, and so never above it.

        What falls as its window empties is in the longer window what it will be, at that time, in the shorter one.
        """
        own, others = dict(self.formula.constants), dict(other.formula.constants)
        days, most = own.pop("before", None), others.pop("before", None)
        is_windowed = isinstance(days, int) and isinstance(most, int) and days <= most
        falls = self.trend is other.trend is Trend.FALLING and not self.nullable
        return is_windowed and falls and own == others and self.formula.function is other.formula.function

    @property
    def expires(self) -> bool:
        """Whether the value can go missing by itself, as its window empties."""
        return self.nullable and self.trend is Trend.FREE and (self.window is not None or self.changes_at is not None)

    @property
    def is_exact(self) -> bool:
        """Whether the value is what it stands for, and not the rounded quotient of whole numbers."""
        is_curve = self.is_continuous and self.trend is Trend.FALLING
        return self.formula.is_whole or is_curve or not self.formula.denominators

    @property
    def is_continuous(self) -> bool:
        """Whether it can change at any instant, and not only at the roll-offs of a window or at instants of its own."""
        return self.window is None and self.changes_at is None and self.trend is not Trend.CONSTANT
