"""What a condition may ask of a customer: named features and how each moves while nothing happens."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

from state.conditions.feature_expression import Reading


class Kind(Enum):
    """What sort of value a feature has."""

    NUMBER = "number"
    TEXT = "text"
    FLAG = "flag"
    TEXTS = "list of texts"


class Trend(Enum):
    """How a feature moves as time passes without an event."""

    CONSTANT = "constant"
    FALLING = "falling"
    RISING = "rising"
    FREE = "free"


@dataclass(frozen=True, slots=True)
class Feature:
    """One value that can be read of a customer at an instant.

    `reading` is pure and asks: what is the value at this instant (ms since 1970 UTC), which lies in that day of the
    catalogue's calendar, if nothing happens until then? It must answer for the next 100 years. With a `window` (days)
    it changes only at that window's roll-offs. Without one, a RISING feature rises in a straight line and a FALLING
    one falls in any way, steps too. Only a FREE one goes missing by itself, and none becomes known. `aspects` are the
    bits of the parts of a customer that it reads: while no event changes one of them, only time can change the value.
    """

    name: str
    kind: Kind
    unit: str
    meaning: str
    nullable: bool
    trend: Trend
    window: int | None
    reading: Reading
    aspects: int
    limits: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.window is None and self.trend is not Trend.CONSTANT:
            if self.trend is Trend.FREE or self.kind is not Kind.NUMBER:
                raise ValueError(f"{self.name}: without a window only a number can move, and only one way")

    @property
    def flows(self) -> bool:
        """Whether it can change at any instant, and not only at the roll-offs of a window."""
        return self.window is None and self.trend is not Trend.CONSTANT


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Everything that a condition may name.

    `rolloffs(customer, window, after, until)` gives the instants later than `after`, up to `until`, at which
    something leaves that window, ascending. `trait(customer, name)` gives a scalar, or None where it is missing;
    `trait_aspects` are the parts of a customer that it reads. `day_of(instant)` numbers the days.
    """

    features: Mapping[str, Feature]
    rolloffs: Callable[[Any, int, int, int], Sequence[int]]
    trait: Callable[[Any, str], str | int | float | bool | None]
    trait_aspects: int
    day_of: Callable[[int], int]
