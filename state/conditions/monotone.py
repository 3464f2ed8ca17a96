"""The monotonicity of numbers: which way each changes while nothing happens, at any instant or at roll-offs only."""

from dataclasses import dataclass, replace
from enum import Enum
from fractions import Fraction

from state.conditions.features import Feature, Instants, Trend


class Direction(Enum):
    """Which way something can change by itself."""

    STILL = "still"
    UP = "up"
    DOWN = "down"
    EITHER = "either"

    @property
    def flipped(self) -> "Direction":
        """The direction of the negative."""
        return _FLIPPED.get(self, self)

    def joined(self, other: "Direction") -> "Direction":
        """Return the direction of the sum."""
        if self is other or other is Direction.STILL:
            return self
        return other if self is Direction.STILL else Direction.EITHER


_FLIPPED = {Direction.UP: Direction.DOWN, Direction.DOWN: Direction.UP}

_OF_TREND = {
    Trend.CONSTANT: Direction.STILL,
    Trend.RISING: Direction.UP,
    Trend.FALLING: Direction.DOWN,
    Trend.COUNTING_DOWN: Direction.DOWN,
    Trend.FREE: Direction.EITHER,
}


@dataclass(frozen=True, slots=True)
class Monotonicity:
    """How an expression changes while nothing happens.

    ``flow`` is the direction between roll-offs, the sum of so many ``terms``; it is ``curved`` if one of them is not a
    straight line. ``steps`` is the direction at the roll-offs of ``windows`` and at ``instants``, where, with ``gaps``,
    the value may also become missing or known. At ``turns``, which are among the instants, it may go either way.
    """

    flow: Direction = Direction.STILL
    terms: int = 0
    curved: bool = False
    steps: Direction = Direction.STILL
    windows: frozenset[int] = frozenset()
    instants: frozenset[Instants] = frozenset()
    turns: frozenset[Instants] = frozenset()
    gaps: bool = False

    @property
    def can_change(self) -> bool:
        """Whether the value can change by itself at all."""
        return self.terms > 0 or self.has_steps

    @property
    def has_steps(self) -> bool:
        """Whether it changes at some instants otherwise than in between."""
        return bool(self.windows or self.instants)

    @property
    def direction(self) -> Direction:
        """The direction of all changes together."""
        return Direction.EITHER if self.gaps or self.turns else self.flow.joined(self.steps)

    @property
    def between_turns(self) -> "Monotonicity":
        """The monotonicity of the time in which no turn lies."""
        return replace(self, turns=frozenset())

    @property
    def negative(self) -> "Monotonicity":
        """The monotonicity of the negative."""
        return replace(self, flow=self.flow.flipped, steps=self.steps.flipped)

    @property
    def clamped(self) -> "Monotonicity":
        """The monotonicity of the number with a limit: what moves stands still beyond it, so the line has a bend."""
        return replace(self, curved=self.curved or self.terms > 0)

    def plus(self, other: "Monotonicity") -> "Monotonicity":
        """Return the monotonicity of the sum."""
        return Monotonicity(
            flow=self.flow.joined(other.flow),
            terms=self.terms + other.terms,
            curved=self.curved or other.curved,
            steps=self.steps.joined(other.steps),
            windows=self.windows | other.windows,
            instants=self.instants | other.instants,
            turns=self.turns | other.turns,
            gaps=self.gaps or other.gaps,
        )

    def times(self, factor: Fraction) -> "Monotonicity":
        """Return the monotonicity of the product with a fixed number."""
        return self.negative if factor < 0 else self

    def combined(self, other: "Monotonicity", divided: bool) -> "Monotonicity":
        """Return the monotonicity of a product or quotient with a number of unknown sign and only steps."""
        both = self.plus(other)
        return replace(
            both,
            flow=Direction.EITHER if both.terms else Direction.STILL,
            steps=Direction.EITHER if both.has_steps else Direction.STILL,
            gaps=both.gaps or (divided and other.has_steps),
        )


CONSTANT = Monotonicity()


def monotonicity_of(feature: Feature) -> Monotonicity:
    """Return the monotonicity of a feature."""
    direction = _OF_TREND[feature.trend]
    if feature.is_continuous:
        return Monotonicity(flow=direction, terms=1, curved=feature.trend is Trend.FALLING)
    if feature.trend is Trend.CONSTANT:
        return CONSTANT
    return Monotonicity(
        steps=direction,
        windows=frozenset(it for it in (feature.window, feature.before) if it is not None),
        instants=frozenset(() if feature.changes_at is None else (feature.changes_at,)),
        turns=frozenset(() if feature.turns_at is None else (feature.turns_at,)),
        gaps=feature.nullable and feature.trend is Trend.FREE,
    )
