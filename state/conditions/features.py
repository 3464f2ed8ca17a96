"""Features: what a condition may ask of a customer, and how each value changes while nothing happens."""

import re
from dataclasses import dataclass
from enum import Enum

from state.conditions.formula import Formula
from state.conditions.kind import Kind


class Trend(Enum):
    """How a feature changes as time passes without an event."""

    CONSTANT = "constant"
    FALLING = "falling"
    RISING = "rising"
    FREE = "free"


@dataclass(frozen=True, slots=True, kw_only=True)
class Feature:
    """One value that can be read of a customer at an instant.

    ``formula`` gives the value at an instant if nothing happens until then, and must do so for the next 100 years.
    With a ``window`` (days), the value changes only at that window's roll-offs. Without one, a RISING feature rises in
    a straight line and a FALLING one falls in any way, steps included. Only a FREE one may go missing by itself, and
    none becomes known by itself. ``parts`` are the bits of the parts of a customer that the formula reads: while no
    event changes one of them, only time can change the value. A text that has ``allowed`` values never has another.
    ``traits`` are those that the formula reads.

    Raises ``ValueError`` if the next change of such a feature cannot be found.
    """

    name: str
    unit: str
    meaning: str
    formula: Formula
    parts: int
    trend: Trend = Trend.CONSTANT
    window: int | None = None
    allowed: tuple[str, ...] = ()
    traits: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.window is None and self.trend is not Trend.CONSTANT:
            if self.trend is Trend.FREE or self.kind is not Kind.NUMBER:
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
    def is_exact(self) -> bool:
        """Whether the value is what it stands for, and not the rounded quotient of whole numbers."""
        is_curve = self.window is None and self.trend is Trend.FALLING
        return self.formula.is_whole or is_curve or not self.formula.denominators

    @property
    def is_continuous(self) -> bool:
        """Whether it can change at any instant, and not only at the roll-offs of a window."""
        return self.window is None and self.trend is not Trend.CONSTANT
