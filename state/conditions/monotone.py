"""How a number moves while nothing happens: which way, at any instant or only at roll-offs of windows."""

from dataclasses import dataclass
from enum import Enum

from state.conditions.features import Feature, Trend


class Direction(Enum):
    """Which way something can go by itself."""

    STILL = "still"
    UP = "up"
    DOWN = "down"
    EITHER = "either"

    @property
    def flipped(self) -> "Direction":
        """The direction of its negative."""
        return _FLIPPED.get(self, self)

    def joined(self, other: "Direction") -> "Direction":
        """The direction of a sum."""
        if self is other or other is Direction.STILL:
            return self
        return other if self is Direction.STILL else Direction.EITHER


_FLIPPED = {Direction.UP: Direction.DOWN, Direction.DOWN: Direction.UP}

_OF_TREND = {
    Trend.CONSTANT: Direction.STILL,
    Trend.RISING: Direction.UP,
    Trend.FALLING: Direction.DOWN,
    Trend.FREE: Direction.EITHER,
}


@dataclass(frozen=True, slots=True)
class Motion:
    """The movement of an expression.

    `flow` is the movement between roll-offs, made of so many `terms`; it is `curved` if one of them is
    no straight line. `steps` is the movement at the roll-offs of `windows`, where, with `gaps`, the value
    may also become missing or known.
    """

    flow: Direction = Direction.STILL
    terms: int = 0
    curved: bool = False
    steps: Direction = Direction.STILL
    windows: frozenset[int] = frozenset()
    gaps: bool = False

    @property
    def moves(self) -> bool:
        """Whether it can change at all by itself."""
        return self.terms > 0 or bool(self.windows)

    @property
    def direction(self) -> Direction:
        """The one way in which it goes all the time, if there is one."""
        return Direction.EITHER if self.gaps else self.flow.joined(self.steps)

    @property
    def negative(self) -> "Motion":
        """The movement of the negative."""
        return Motion(self.flow.flipped, self.terms, self.curved, self.steps.flipped, self.windows, self.gaps)

    def plus(self, other: "Motion") -> "Motion":
        """The movement of the sum."""
        return Motion(
            self.flow.joined(other.flow),
            self.terms + other.terms,
            self.curved or other.curved,
            self.steps.joined(other.steps),
            self.windows | other.windows,
            self.gaps or other.gaps,
        )

    def times(self, factor: float) -> "Motion":
        """The movement of the product with a fixed number."""
        return self.negative if factor < 0 else self

    def combined(self, other: "Motion", divided: bool) -> "Motion":
        """The movement of a product or quotient with something of unknown sign that does not flow."""
        both = self.plus(other)
        return Motion(
            Direction.EITHER if both.terms else Direction.STILL,
            both.terms,
            both.curved,
            Direction.EITHER if both.windows else Direction.STILL,
            both.windows,
            both.gaps or (divided and bool(other.windows)),
        )


def motion_of(feature: Feature) -> Motion:
    """The movement of one feature."""
    direction = _OF_TREND[feature.trend]
    if feature.window is not None and feature.trend is not Trend.CONSTANT:
        gaps = feature.nullable and feature.trend is Trend.FREE
        return Motion(steps=direction, windows=frozenset((feature.window,)), gaps=gaps)
    if feature.flows:
        return Motion(flow=direction, terms=1, curved=feature.trend is Trend.FALLING)
    return Motion()
