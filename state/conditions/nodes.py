"""The tree of a condition: operands that have a value, and tests that hold or not."""

from dataclasses import dataclass
from typing import Literal as OneOf

from state.conditions.features import Feature, Kind
from state.conditions.monotone import Motion, motion_of

Scalar = str | int | float | bool
Sign = OneOf["==", "!=", "<", "<=", ">", ">=", "in", "not in"]


@dataclass(frozen=True, slots=True)
class Literal:
    """A value that stands in the text."""

    value: Scalar
    kind: Kind
    nullable = False
    motion = Motion()


@dataclass(frozen=True, slots=True)
class Listed:
    """A list of values of one kind that stands in the text."""

    values: tuple[Scalar, ...]
    kind: Kind
    nullable = False
    motion = Motion()


@dataclass(frozen=True, slots=True)
class Read:
    """The value of a feature."""

    feature: Feature

    @property
    def kind(self) -> Kind:
        """What sort of value it has."""
        return self.feature.kind

    @property
    def nullable(self) -> bool:
        """Whether it may be missing."""
        return self.feature.nullable

    @property
    def motion(self) -> Motion:
        """How it moves by itself."""
        return motion_of(self.feature)


@dataclass(frozen=True, slots=True)
class Trait:
    """The value of a trait, missing where it is not of this kind (None: of any)."""

    name: str
    kind: Kind | None = None
    nullable = True
    motion = Motion()


@dataclass(frozen=True, slots=True)
class Negative:
    """The negative of a number."""

    of: "Operand"
    kind = Kind.NUMBER

    @property
    def nullable(self) -> bool:
        """Whether it may be missing."""
        return self.of.nullable

    @property
    def motion(self) -> Motion:
        """How it moves by itself."""
        return self.of.motion.negative


@dataclass(frozen=True, slots=True)
class Arithmetic:
    """Two numbers joined by + - * or /. Missing if one of them is, or if it divides by zero."""

    sign: OneOf["+", "-", "*", "/"]
    left: "Operand"
    right: "Operand"
    motion: Motion
    kind = Kind.NUMBER

    @property
    def nullable(self) -> bool:
        """Whether it may be missing."""
        unsafe = self.sign == "/" and not isinstance(self.right, Literal)
        return unsafe or self.left.nullable or self.right.nullable


Operand = Literal | Listed | Read | Trait | Negative | Arithmetic


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two operands compared; it does not hold if one is missing.

    `steadied`: both sides are rounded to 10 decimals first, because they move against one another and the
    last bits of their difference would otherwise flicker. The texts are what was written.
    """

    sign: Sign
    left: Operand
    right: Operand
    left_text: str
    right_text: str
    steadied: bool = False

    @property
    def motion(self) -> Motion:
        """How the left side moves, seen from the right side."""
        return self.left.motion.plus(self.right.motion.negative)


@dataclass(frozen=True, slots=True)
class Known:
    """Holds if the operand is not missing."""

    operand: Operand
    text: str


@dataclass(frozen=True, slots=True)
class Truth:
    """Holds if the flag is known and true."""

    operand: Operand
    text: str


@dataclass(frozen=True, slots=True)
class All:
    """Holds if every part does."""

    parts: tuple["Test", ...]


@dataclass(frozen=True, slots=True)
class Some:
    """Holds if at least one part does."""

    parts: tuple["Test", ...]


@dataclass(frozen=True, slots=True)
class Not:
    """Holds if the part does not."""

    part: "Test"


Leaf = Comparison | Known | Truth
Test = Leaf | All | Some | Not


def operands_of(test: Test) -> list[Operand]:
    """Every operand that a test looks at, the innermost ones too."""
    match test:
        case All(parts) | Some(parts):
            return [operand for part in parts for operand in operands_of(part)]
        case Not(part):
            return operands_of(part)
        case Comparison():
            return _within(test.left) + _within(test.right)
        case Known(operand) | Truth(operand):
            return _within(operand)


def _within(operand: Operand) -> list[Operand]:
    match operand:
        case Negative(of):
            return [operand, *_within(of)]
        case Arithmetic():
            return [operand, *_within(operand.left), *_within(operand.right)]
        case _:
            return [operand]
