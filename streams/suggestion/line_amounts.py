"""Amounts of a sample beside the orders that they are of: one of the whole order, or one of each line."""

from collections.abc import Callable
from decimal import Decimal

from streams.mapping.amounts import NumberError, number_reader
from streams.suggestion.column import Column


def varies_within(column: Column, order: Column) -> bool:
    """Tell whether a column has several values within some order."""
    first: dict[str, str] = {}
    keys = order.by_record
    return any(
        first.setdefault(str(keys[record]).strip(), str(value).strip()) != str(value).strip()
        for record, value in column.by_record.items()
        if record in keys
    )


def is_product(amount: Column, order: Column, quantity: Column | None, price: Column | None) -> bool:
    """Tell whether an amount is quantity times price in nearly every row of the orders with several rows."""
    if quantity is None or price is None:
        return False
    amount_of, count_of, price_of = (_reader(it, amount.decimal) for it in (amount, quantity, price))
    told = [
        (found, count_of(record), price_of(record))
        for record, key in order.by_record.items()
        if order.texts[str(key).strip()] > 1 and (found := amount_of(record)) is not None
    ]
    equal = sum(
        count is not None and each is not None and abs(found - count * each) <= Decimal("0.01")
        for found, count, each in told
    )
    return bool(told) and equal >= 0.95 * len(told)


def _reader(column: Column, mark: str) -> Callable[[int], Decimal | None]:
    read = number_reader(column.decimal or mark)

    def number(record: int) -> Decimal | None:
        try:
            return read(column.by_record.get(record))
        except NumberError:
            return None

    return number
