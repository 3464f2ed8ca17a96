"""Amounts as integers of a currency's smallest unit."""

from decimal import ROUND_HALF_EVEN, Context, Decimal

# Enough digits for a product of any two numbers that a value may carry.
EXACT = Context(prec=2000)
NO_DECIMALS = frozenset("BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF".split())
THREE_DECIMALS = frozenset("BHD IQD JOD KWD LYD OMR TND".split())
FOUR_DECIMALS = frozenset("CLF UYW".split())


def decimals(currency: str) -> int:
    if currency in NO_DECIMALS:
        return 0
    if currency in THREE_DECIMALS:
        return 3
    return 4 if currency in FOUR_DECIMALS else 2


def minor(amount: Decimal, rate: Decimal, places: int) -> int:
    """The amount times its rate in smallest units, half to even on the decimal text."""
    whole = EXACT.multiply(amount, rate).scaleb(places, context=EXACT)
    return int(whole.to_integral_value(rounding=ROUND_HALF_EVEN, context=EXACT))
