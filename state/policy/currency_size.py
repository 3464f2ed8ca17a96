"""The size of currencies: how many units of one are roughly a US dollar, so that defaults and warnings fit.

Market rates of 2026-09-29 (the open data set ``currency-api``, CC0), each rounded to 1, 2 or 5 times a power of ten.
Currencies that are not listed, those of less than about three units to the dollar among them, have the size 1.
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from state.policy.lifecycle_shape import Rfm
from state.policy.shape import Money, Policy

_BY_SIZE = {
    5: "AED BRL CNY DKK LYD MYR PEN PGK PLN QAR RON SAR TMT TTD",
    10: "BOB BWP GHS GTQ HKD MAD MOP NOK SBD SEK SVC TJS",
    20: "CUP CZK ERN HNL LSL MDL MVR MXN NAD SCR SLE STN SZL ZAR ZMW ZWG",
    50: "AFN DOP EGP MKD MRU MUR MZN NIO PHP SRD THB TRY TWD UAH UYU",
    100: "ALL BDT BTN CVE DZD GMD HTG INR ISK KES KGS RSD RUB VUV XPF",
    200: "DJF ETB GYD JMD JPY LRD NPR PKR YER",
    500: "AMD CRC HUF KMF KZT LKR SDG SOS XAF XOF",
    1000: "AOA CLP IQD KPW KRW NGN VED VES",
    2000: "ARS BIF CDF MMK MWK RWF TZS",
    5000: "COP KHR MGA MNT PYG SSP UGX",
    10_000: "GNF SYP UZS",
    20_000: "IDR LAK VND",
    100_000: "LBP",
    1_000_000: "IRR",
}
_SIZES = {currency: size for size, currencies in _BY_SIZE.items() for currency in currencies.split()}


def size_of(currency: str) -> int:
    """Return how many units of a currency are roughly a US dollar."""
    return _SIZES.get(currency, 1)


def in_size(policy: Policy, written: Mapping[str, Any]) -> Policy:
    """Return a policy whose amounts fit its currency where the file (``written``) leaves them to the defaults."""
    size = size_of(policy.money.currency)
    if size == 1:
        return policy
    money, rfm = policy.money, policy.rfm
    if not _gives(written, "money", "most_per_order"):
        money = msgspec.structs.replace(money, most_per_order=Money().most_per_order * size)
    if not _gives(written, "rfm", "monetary"):
        one, two, three, four = Rfm().monetary
        rfm = msgspec.structs.replace(rfm, monetary=(one * size, two * size, three * size, four * size))
    return msgspec.structs.replace(policy, money=money, rfm=rfm)


def _gives(written: Mapping[str, Any], table: str, key: str) -> bool:
    section = written.get(table)
    return isinstance(section, dict) and key in section
