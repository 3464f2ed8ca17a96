"""The syntax tree of a condition: operands, which have a value, and tests, which hold or do not."""

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction

from schemas.events import Scalar
from state.conditions.exact_number import exact
from state.conditions.features import Feature
from state.conditions.kind import Kind
from state.conditions.monotone import CONSTANT, Monotonicity, monotonicity_of
from state.conditions.signs import ArithmeticSign, Clamp, Sign


@dataclass(frozen=True, slots=True)
class Literal:
    """A value in the text; ``fraction`` is a number that was calculated, before it was rounded."""

    value: Scalar
    kind: Kind
    fraction: Fraction | None = None
    nullable = False
    monotonicity = CONSTANT

    @property
    def number(self) -> int | float:
        """The value of a number."""
        assert not isinstance(self.value, str)
        return self.value

    @property
    def exact(self) -> Fraction:
        """The number that a number stands for."""
        return Fraction(exact(self.number)) if self.fraction is None else self.fraction


@dataclass(frozen=True, slots=True)
class ListLiteral:
    """A list of values of one kind in the text."""

    values: tuple[Scalar, ...]
    kind: Kind
    nullable = False
    monotonicity = CONSTANT


@dataclass(frozen=True, slots=True)
class FeatureRef:
    """The value of a feature."""

    feature: Feature

    @property
    def kind(self) -> Kind:
        """The type of the value."""
        return self.feature.kind

    @property
    def nullable(self) -> bool:
        """Whether the value may be missing."""
        return self.feature.nullable

    @property
    def monotonicity(self) -> Monotonicity:
        """How the value changes by itself."""
        return monotonicity_of(self.feature)


@dataclass(frozen=True, slots=True)
class Trait:
    """The value of a trait, missing where it is not of this kind (None: of any)."""

    name: str
    kind: Kind | None = None
    nullable = True
    monotonicity = CONSTANT


@dataclass(frozen=True, slots=True)
class Negative:
    """The negative of a number."""

    of: "Operand"
    kind = Kind.NUMBER

    @property
    def nullable(self) -> bool:
        """Whether the value may be missing."""
        return self.of.nullable

    @property
    def monotonicity(self) -> Monotonicity:
        """How the value changes by itself."""
        return self.of.monotonicity.negative


@dataclass(frozen=True, slots=True)
class Arithmetic:
    """Two numbers joined by + - * or /. Missing if one of them is, or if it divides by zero."""

    sign: ArithmeticSign
    left: "Operand"
    right: "Operand"
    monotonicity: Monotonicity
    kind = Kind.NUMBER

    @property
    def nullable(self) -> bool:
        """Whether the value may be missing."""
        unsafe = self.sign == "/" and not isinstance(self.right, Literal)
        return unsafe or self.left.nullable or self.right.nullable


@dataclass(frozen=True, slots=True)
class Clamped:
    """A number that is never above a limit (``at_most``) or below it (``at_least``), missing if the number is."""

    clamp: Clamp
    of: "Operand"
    limit: Literal
    kind = Kind.NUMBER

    @property
    def nullable(self) -> bool:
        """Whether the value may be missing."""
        return self.of.nullable

    @property
    def monotonicity(self) -> Monotonicity:
        """How the value changes by itself."""
        return self.of.monotonicity.clamped


Operand = Literal | ListLiteral | FeatureRef | Trait | Negative | Arithmetic | Clamped


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two operands compared; it does not hold if one is missing. ``left_text``, ``right_text``: as written."""

    sign: Sign
    left: Operand
    right: Operand
    left_text: str
    right_text: str

    @property
    def monotonicity(self) -> Monotonicity:
        """How the difference of the left and the right side changes by itself."""
        return self.left.monotonicity.plus(self.right.monotonicity.negative)

    @property
    def is_equality_that_moves(self) -> bool:
        """Whether it asks if numbers are equal, or one of several, and can change by itself."""
        is_equality = self.sign in ("==", "!=", "in", "not in") and self.left.kind is Kind.NUMBER
        return is_equality and self.monotonicity.can_change


@dataclass(frozen=True, slots=True)
class Known:
    """A test that holds if the operand is not missing."""

    operand: Operand
    text: str


@dataclass(frozen=True, slots=True)
class Truth:
    """A test that holds if the flag is known and true."""

    operand: Operand
    text: str


@dataclass(frozen=True, slots=True)
class AllOf:
    """A test that holds if every part does."""

    parts: tuple["Test", ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    """A test that holds if at least one part does."""

    parts: tuple["Test", ...]


@dataclass(frozen=True, slots=True)
class Not:
    """A test that holds if the part does not."""

    part: "Test"


Leaf = Comparison | Known | Truth
Test = Leaf | AllOf | AnyOf | Not


def leaves_of(test: Test) -> list[Leaf]:
    """Return every test without parts, in the order of the text."""
    match test:
        case AllOf(parts) | AnyOf(parts):
            return [leaf for part in parts for leaf in leaves_of(part)]
        case Not(part):
            return leaves_of(part)
        case _:
            return [test]


def operands_of(test: Test) -> list[Operand]:
    """Return every operand of a test, with the operands inside of operands."""
    return [operand for leaf in leaves_of(test) for side in sides_of(leaf) for operand in inner_operands(side)]


def names_of(test: Test) -> frozenset[str]:
    """Return the names of the values that a test reads: of features, and of traits as ``traits.NAME``."""
    operands = operands_of(test)
    features = {operand.feature.name for operand in operands if isinstance(operand, FeatureRef)}
    return frozenset(features | {f"traits.{operand.name}" for operand in operands if isinstance(operand, Trait)})


def traits_of(test: Test) -> frozenset[str]:
    """Return the names of the traits that a test reads, those in calls too."""
    return traits_in(operands_of(test))


def traits_in(operands: Iterable[Operand]) -> frozenset[str]:
    """Return the names of the traits that operands are, or that calls among them read."""
    named = [it for it in operands if isinstance(it, FeatureRef | Trait)]
    return frozenset(name for it in named for name in ((it.name,) if isinstance(it, Trait) else it.feature.traits))


def sides_of(leaf: Leaf) -> tuple[Operand, ...]:
    """Return the operands that a leaf looks at."""
    return (leaf.left, leaf.right) if isinstance(leaf, Comparison) else (leaf.operand,)


def inner_operands(operand: Operand) -> list[Operand]:
    """Return an operand with the operands inside of it."""
    match operand:
        case Negative(of) | Clamped(_, of):
            return [operand, *inner_operands(of)]
        case Arithmetic():
            return [operand, *inner_operands(operand.left), *inner_operands(operand.right)]
        case _:
            return [operand]
