"""The currency that amounts of a sample are in, by the signs in them or in the names of their columns."""

import re
from collections.abc import Sequence

from schemas.money import CURRENCIES
from streams.suggestion.column import Column

_SIGNS = {"£": "GBP", "€": "EUR", "₹": "INR", "₽": "RUB", "₩": "KRW", "₺": "TRY"}
"""Those of one currency: dollars, pesos, yen and yuan share theirs."""
_SHARED = "$¥"
_CODE = re.compile(r"[(\[]([A-Z]{3})[)\]]")


def written_currency(amounts: Sequence[Column]) -> tuple[str, str]:
    """Return the currency of these columns, empty if it is not clear, and the beginning of a sentence that says why."""
    found = {sign: column for column in amounts for text in (column.name, *column.texts) for sign in _signs(text)}
    codes = {_SIGNS.get(sign, sign) for sign in found}
    for sign, column in found.items():
        if len(codes) > 1:
            return "", f"{column.name} has amounts in {' and '.join(sorted(found))}, and no column names a currency"
        if sign in _SHARED:
            return "", f"{column.name} has amounts in {sign}, which is the sign of several currencies"
        return _SIGNS.get(sign, sign), f"{column.name} has amounts in {sign}"
    return "", "no column names a currency"


def _signs(text: str) -> list[str]:
    codes = [code for code in _CODE.findall(text) if code in CURRENCIES]
    return [sign for sign in (*_SIGNS, *_SHARED) if sign in text] + codes
