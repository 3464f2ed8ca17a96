"""Claims: what a comparison that holds, or does not, says of one value, in sets of what that can be."""

from collections.abc import Hashable
from dataclasses import dataclass
from functools import cached_property
from math import inf

from schemas.events import Scalar
from state.conditions.exact_number import Exact, Number, exact
from state.conditions.kind import Kind
from state.conditions.nodes import (
    Arithmetic,
    Clamped,
    Comparison,
    FeatureRef,
    Leaf,
    ListLiteral,
    Literal,
    Negative,
    Operand,
    Trait,
    Truth,
)
from state.conditions.signs import LIMITED, MIRRORED, OPPOSITE, Sign
from state.conditions.value_sets import AllBut, Some, ValueSet, Within, is_part, set_of

ANY = AllBut(frozenset())
_FLAGS = Some(frozenset((True, False)))
_EQUAL: frozenset[Scalar | Exact] = frozenset((0,))


@dataclass(frozen=True)
class Claim:
    """What a leaf says of a ``value``: that it is in ``said``, of what it can be at all, which is ``possible``.

    It may be missing if it is ``nullable``. The value is one operand, or the difference of two, or whether a text is in
    a list.
    """

    value: Hashable
    operand: Operand | None
    said: ValueSet
    possible: ValueSet
    nullable: bool

    @cached_property
    def left(self) -> ValueSet:
        """What the value can be then."""
        is_whole = isinstance(self.operand, FeatureRef) and self.operand.feature.is_whole_number
        return _meeting(self.said, self.possible, is_whole)


def claim_of(leaf: Leaf, held: bool) -> Claim | None:
    """Return what a leaf says of a value by holding or not; None if that is nothing of this sort."""
    match leaf:
        case Truth(operand) if not isinstance(operand, Literal):
            return _of_value(operand, "==" if held else "!=", frozenset((True,)))
        case Comparison(sign, left, right):
            sign = sign if held else OPPOSITE[sign]
            if sign in ("in", "not in") and not isinstance(right, ListLiteral):
                said = set_of("==" if sign == "in" else "!=", frozenset((True,)))
                return Claim(("in", key_of(left), key_of(right)), None, said, _FLAGS, left.nullable or right.nullable)
            if isinstance(left, Literal):
                left, right, sign = right, left, MIRRORED.get(sign, sign)
            if isinstance(left, Literal | ListLiteral):
                return None
            if isinstance(right, Literal | ListLiteral):
                given = right.values if isinstance(right, ListLiteral) else (right,)
                return _of_value(left, sign, frozenset(map(_exact, given)))
            return _of_difference(left, sign, right)
    return None


def _exact(value: Literal | Scalar) -> Scalar | Exact:
    if isinstance(value, Literal):
        return value.exact if value.kind is Kind.NUMBER else value.value
    return value if isinstance(value, str | bool) else exact(value)


def _of_value(operand: Operand, sign: Sign, values: frozenset[Scalar | Exact]) -> Claim | None:
    if operand.kind in (Kind.TEXTS, Kind.TAGS):
        return None
    return Claim(key_of(operand), operand, set_of(sign, values), possible(operand), operand.nullable)


def _of_difference(left: Operand, sign: Sign, right: Operand) -> Claim:
    if repr(key_of(right)) < repr(key_of(left)):
        left, right, sign = right, left, MIRRORED.get(sign, sign)
    difference: ValueSet = ANY
    if left.kind is Kind.NUMBER:
        limits, others = limits_of(left), limits_of(right)
        difference = Within(limits.low - others.high, limits.high - others.low)
        if isinstance(left, FeatureRef) and isinstance(right, FeatureRef):
            if left.feature.is_part_of(right.feature):
                difference = difference.meeting(Within(high=0))
            if right.feature.is_part_of(left.feature):
                difference = difference.meeting(Within(low=0))
    nullable = left.nullable or right.nullable
    return Claim((key_of(left), key_of(right)), None, set_of(sign, _EQUAL), difference, nullable)


def key_of(operand: Operand) -> Hashable:
    """Return what two operands have in common that are one value, however they are written."""
    match operand:
        case FeatureRef(feature):
            return feature.name
        case Trait(name, kind):
            return "traits", name, kind
        case Literal(value, kind):
            return kind, value
        case ListLiteral(values, kind):
            return kind, values
        case Negative(of):
            return "-", key_of(of)
        case Arithmetic(sign, left, right):
            return sign, key_of(left), key_of(right)
        case Clamped(clamp, of, limit):
            return clamp, key_of(of), key_of(limit)


def possible(operand: Operand) -> ValueSet:
    """Return what a value can be, if it is known."""
    if operand.kind is Kind.FLAG:
        return _FLAGS
    if isinstance(operand, FeatureRef) and operand.feature.allowed:
        return Some(frozenset(operand.feature.allowed))
    limits = limits_of(operand)
    return ANY if limits == Within() else limits


def limits_of(operand: Operand) -> Within:
    """Return the numbers within which a number always is."""
    match operand:
        case Literal(kind=Kind.NUMBER):
            return Within(operand.exact, operand.exact)
        case FeatureRef(feature) if feature.limits is not None:
            least, most = map(_finite, feature.limits)
            return Within(least, most)
        case Clamped(clamp, of, limit):
            within = limits_of(of)
            return Within(LIMITED[clamp](within.low, limit.exact), LIMITED[clamp](within.high, limit.exact))
        case Negative(of):
            within = limits_of(of)
            return Within(-within.high, -within.low)
        case Arithmetic("+", left, right):
            one, other = limits_of(left), limits_of(right)
            return Within(one.low + other.low, one.high + other.high)
        case Arithmetic("-", left, right):
            one, other = limits_of(left), limits_of(right)
            return Within(one.low - other.high, one.high - other.low)
        case _:
            return Within()


def _finite(number: Number) -> Number:
    return number if number in (inf, -inf) else exact(number)


def _meeting(said: ValueSet, of: ValueSet, is_whole: bool) -> ValueSet:
    match said, of:
        case Some(values), _:
            kept = [it for it in values if is_part(Some(frozenset((it,))), of)]
            return Some(frozenset(it for it in kept if not is_whole or isinstance(it, str) or it == int(it)))
        case AllBut(values), Some(others):
            return Some(others - values)
        case Within(), _:
            within = said.meeting(of) if isinstance(of, Within) else said
            within = within.whole() if is_whole else within
            return (
                Some(frozenset((_only(within.low),))) if within.low == within.high and not within.is_empty else within
            )
        case _:
            return said


def _only(number: Number) -> Exact:
    assert not isinstance(number, float)
    return number
