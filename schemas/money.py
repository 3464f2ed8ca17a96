"""Money: exact integers of minor units of one currency, and fixed rates to convert others."""

from collections.abc import Mapping
from decimal import ROUND_HALF_EVEN, Decimal
from math import isfinite

from schemas.events import OwnAmount

MILLION = 1_000_000
MAX_MILLIONTHS = 2**63 - 1

WHOLE_UNITS = frozenset("BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF".split())
THOUSANDTHS = frozenset("BHD IQD JOD KWD LYD OMR TND".split())
HUNDREDTHS = frozenset(
    """AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF
    CNY COP CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR
    ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN
    MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS
    SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD UYU UZS VED VES WST XCD YER ZAR ZMW
    ZWG""".split()
)
CURRENCIES = WHOLE_UNITS | THOUSANDTHS | HUNDREDTHS


def decimals(currency: str) -> int:
    """Return the digits after the point in ISO 4217: 2 for USD, 0 for JPY, 3 for KWD."""
    return 0 if currency in WHOLE_UNITS else 3 if currency in THOUSANDTHS else 2


class AmountError(ValueError):
    """Raised for an amount that no order can have; ``reason`` is the reason of the reject."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


class Exchange:
    """The conversion of amounts to minor units of the policy's currency.

    A code may be in any case and have blanks around it; a blank one is none.

    ``max_amount`` is the largest believable amount of one order, in major units. ``rates`` gives, by currency code, the
    value of one major unit of that currency in major units of the policy's. ``unit`` is the minor units in a major one.
    """

    def __init__(self, currency: str, max_amount: float, rates: Mapping[str, float]) -> None:
        self.currency = currency
        self.unit: int = 10 ** decimals(currency)
        self.max_amount = float(max_amount)
        self.rates = {code: Decimal(repr(rate)) for code, rate in rates.items()}

    def minor(self, amount: float | Decimal, currency: str | None, name: str = "total") -> int:
        """Return an amount in minor units of the policy's currency, rounded half to even.

        Raises ``AmountError`` if the amount is not finite, negative or over ``max_amount``, or the currency is unknown;
        ``name`` is what the error calls the amount.
        """
        foreign = currency is not None and currency != self.currency
        if not foreign and type(amount) is float and 0.0 <= amount <= self.max_amount:  # nearly all are
            scaled = amount * self.unit
            nearest = round(scaled)
            if -1e-6 < scaled - nearest < 1e-6:
                return nearest
        if not isfinite(amount):
            raise AmountError("bad_amount", f"{name} is {amount}: an amount is a finite number")
        if amount < 0:
            raise AmountError("bad_amount", f"{name} is {amount}: send refunds as Order Refunded")
        rate = self.rates.get(currency or "") if foreign else Decimal(1)
        if rate is None:
            code = self._code(currency)
            if code != currency:
                return self.minor(amount, code, name)
            raise AmountError(
                "unknown_currency",
                f"currency {currency!r} is neither the policy's {self.currency} nor in its [money.rates]: add it there",
            )
        exact = _exact(amount) * rate
        if exact > self.max_amount:
            raise AmountError("bad_amount", f"{name} {amount} is over the policy's most_per_order {self.max_amount}")
        return int((exact * self.unit).quantize(Decimal(1), ROUND_HALF_EVEN))

    def own(self, amount: float | Decimal, currency: str | None) -> OwnAmount | None:
        """Return an amount as it is stated, if that is in another currency than the policy's.

        Raises ``AmountError`` if it is too large to be counted.
        """
        code = self._code(currency)
        return None if code in (None, self.currency) else OwnAmount(code, _millionths(amount))

    def discount(self, amount: float, currency: str | None) -> int:
        """Return the size of a discount in minor units; 0 for one that no order can have."""
        try:
            return self.minor(abs(amount), currency)
        except AmountError:
            return 0

    def own_refund(self, amount: float | Decimal, currency: str | None) -> OwnAmount | None:
        """Return the amount of a refund as it is stated, unless it is certainly in the policy's currency.

        Without a currency, it is in that of its order. Raises ``AmountError``.
        """
        if self.rates and self._code(currency) is None:
            return OwnAmount(None, _millionths(amount))
        return self.own(amount, currency)

    def of_refunds(self, currency: str | None) -> "Exchange":
        """Return the exchange for a refund: without a currency, its amount is believable in any of the policy's."""
        if not self.rates or self._code(currency) is not None:
            return self
        return Exchange(self.currency, self.max_amount / min(1.0, float(min(self.rates.values()))), {})

    def _code(self, currency: str | None) -> str | None:
        if currency is None or currency in self.rates:
            return currency
        return currency.strip().upper() or None


def _exact(amount: float | Decimal) -> Decimal:
    return amount if isinstance(amount, Decimal) else Decimal(repr(amount))


def _millionths(amount: float | Decimal) -> int:
    millionths = int((_exact(amount) * MILLION).to_integral_value(ROUND_HALF_EVEN))
    if millionths > MAX_MILLIONTHS:
        raise AmountError("bad_amount", f"total is {amount}: an amount has at most 12 digits before the point")
    return millionths
