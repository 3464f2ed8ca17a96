"""Reasons in words, by the grammar of `why`."""

import json
import operator
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

OPPOSITE = {
    "==": "!=",
    "!=": "==",
    "<": ">=",
    "<=": ">",
    ">": "<=",
    ">=": "<",
    "in": "not in",
    "not in": "in",
}
TRUE = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
Named = tuple[str | None, str]
"""What stands before a value (None: it is not printed), and the text of a number that is printed as written."""


@dataclass(frozen=True)
class Reason:
    """A part of `why`: its words, the sides that it shows to be known, and what it proves of one of them."""

    words: str
    known: frozenset[str] = frozenset()
    side: str = ""
    sign: str = ""
    number: Fraction = Fraction(0)

    def proves(self, other: "Reason") -> bool:
        if other.words.endswith(" is known"):
            return other.known <= self.known and not self.words.endswith(" is known")
        if not self.side or self.side != other.side or self.sign[0] != other.sign[0]:
            return False
        if self.number == other.number:
            return self.sign == other.sign or "=" in other.sign
        return (self.number > other.number) is (self.sign[0] == ">")


def in_words(reasons: Iterable[Reason]) -> str:
    return "; ".join(it.words for it in said(reasons))


def said(reasons: Iterable[Reason]) -> list[Reason]:
    """The reasons in their order, without those that were said or that follow from what was said."""
    found: list[Reason] = []
    for reason in reasons:
        if reason.words not in [it.words for it in found] and not any(it.proves(reason) for it in found):
            found.append(reason)
    return found


def rounded(number: Fraction, places: int) -> Decimal:
    return Decimal(round(number * 10**places)).scaleb(-places)


def is_decimal(number: Fraction) -> bool:
    rest = number.denominator
    for prime in (2, 5):
        while rest % prime == 0:
            rest //= prime
    return rest == 1


def digits(number: Fraction, places: int = 4) -> str:
    text = f"{rounded(number, places):f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text == "-0" else text


def written(number: float) -> str:
    """A number of the policy, in decimal notation."""
    text = f"{Decimal(repr(number)):f}"
    return text.removesuffix(".0")


def quoted(value: object) -> str:
    return digits(value) if isinstance(value, Fraction) else json.dumps(value, ensure_ascii=False)


def compared(left: Named, one: Fraction, sign: str, right: Named, two: Fraction) -> str:
    """A comparison with as many decimals as leave it true."""
    places = 4
    while True:
        shown = [
            value if name is None and is_decimal(value) else Fraction(rounded(value, places))
            for (name, _), value in ((left, one), (right, two))
        ]
        if TRUE[sign](*shown) or places > 60:
            sides = [
                text if name is None else f"{name} {digits(value, places)}".lstrip()
                for (name, text), value in ((left, one), (right, two))
            ]
            return f"{sides[0]} {sign} {sides[1]}"
        places += 1
