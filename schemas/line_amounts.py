"""Line amounts: what the lines of an order brought in, by the values of a list that is read from them."""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from math import isfinite

from schemas.event_fields import Field
from schemas.event_properties import Roots, number_at, parts_of, text_in
from schemas.events import OrderCompleted, OrderUpdated, Trait
from schemas.money import AmountError, Exchange
from schemas.properties import MAX_QUANTITY


def amounts_name(field: str) -> str:
    """Return the name under which a fact has the amounts of the values of a field."""
    return f"amounts of {field}"


def amounts_of(
    order: OrderCompleted | OrderUpdated,
    priced: Mapping[str, Field],
    said: Mapping[str, Trait],
    roots: Roots,
    exchange: Exchange,
) -> tuple[dict[str, Trait], bool]:
    """Return the amounts of the values that an order has of fields, in minor units, and whether some cannot be used.

    ``said`` are the fields of the order, by the names that those ``priced`` have.
    """
    own = None if order.details is None else order.details.own
    currency = None if own is None else own.currency
    found: dict[str, Trait] = {}
    is_told = False
    for name, field in priced.items():
        values = said.get(name)
        if isinstance(values, tuple) and (lines := [*_lines(field, roots, values)]):
            amounts = dict.fromkeys(values, 0)
            for value, price, quantity in lines:
                try:
                    amounts[value] += _cost(price, quantity, exchange, currency)
                except AmountError:
                    is_told = True
            if sum(amounts.values()) > exchange.max_amount * exchange.unit:
                amounts, is_told = dict.fromkeys(values, 0), True
            found[amounts_name(name)] = tuple(map(str, amounts.values()))
    return found, is_told


def _lines(field: Field, roots: Roots, values: tuple[str, ...]) -> Iterator[tuple[str, float, float]]:
    """Yield value, price and quantity of each line that has a price."""
    for path in field.paths:
        parts = [(text_in(found) or "", line) for found, line in parts_of(path, roots)]
        if any(text.strip() for text, _ in parts):
            for text, line in parts:
                price, quantity = number_at("price", line), number_at("quantity", line)
                if text in values and price is not None:
                    yield text, price, 1 if quantity is None else quantity
            return


def _cost(price: float, quantity: float, exchange: Exchange, currency: str | None) -> int:
    if not isfinite(price) or not abs(quantity) <= MAX_QUANTITY:
        raise AmountError("bad_amount", "a line has a price or a quantity that no line can have")
    return exchange.minor(Decimal(repr(price)) * Decimal(repr(quantity)), currency)
