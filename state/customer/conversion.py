"""Conversion: what a refund in another currency gives back, and how far off its being rounded may put it."""

from collections.abc import Mapping
from fractions import Fraction
from typing import NamedTuple

from schemas.events import OrderRefunded
from schemas.money import MILLION, Exchange, decimals


class Amount(NamedTuple):
    """An amount in minor units of the policy's currency, and half the smallest unit that it was written in."""

    exact: Fraction
    half_unit: Fraction


class Conversion(NamedTuple):
    """Fixed rates into the policy's currency, of which a major unit has ``unit`` minor ones."""

    unit: int = 100
    rates: Mapping[str, Fraction] = {}

    def amount(self, refund: OrderRefunded) -> Amount:
        """Return the amount of a refund, not rounded; one of a currency without a rate is in the policy's."""
        own = refund.own
        rate = self.rates.get(own.currency or "") if own is not None else None
        if own is None or rate is None:
            return Amount(Fraction(refund.total or 0), Fraction(1, 2))
        minor = rate * self.unit
        return Amount(minor * own.millionths / MILLION, minor / (2 * 10 ** decimals(own.currency or "")))


def conversion(exchange: Exchange) -> Conversion:
    """Return the conversion by the rates of an exchange."""
    return Conversion(exchange.unit, {code: Fraction(rate) for code, rate in exchange.rates.items()})
