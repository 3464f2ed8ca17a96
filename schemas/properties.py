"""The properties of events: as the published schemas have them, and as they are read where a producer wrote otherwise.

A ``coerced_...`` function returns the properties as they should have been written, or raises ``RejectedError``.
"""

import re
from collections.abc import Iterable
from math import isfinite

import msgspec
from msgspec import Raw

from schemas.coercion import NULL, Fields, as_json, fields_of, identifier, number, read_text, short, shown, text
from schemas.reject import RejectedError

PLACE = "properties."
MAX_QUANTITY = 1_000_000
ORDER_AMOUNTS = ("total", "revenue", "value")
REFUND_AMOUNTS = (
    *("refund_amount", "refunded_amount", "amount_refunded", "total_refunded", "refund_total"),
    *("refundAmount", "refundedAmount", "amountRefunded", "totalRefunded", "refundTotal"),
    *(*ORDER_AMOUNTS, "amount"),
)
"""What says how much was given back comes before what may be the order's amount."""
_MONEY = re.compile("(?i)amount|total|revenue|value|price")
_WORDS = re.compile("[A-Z]*[a-z]+|[A-Z]+")
_PARTS = frozenset(
    "sum net line lines item items quantity qty partial transaction transactions refund refunds refunded".split()
)
_NO_PARTS = frozenset("id ids at on date time reason status method number name note list code currency".split())
_SAYS_NOTHING = re.compile(rb'null|\[\s*\]|\{\s*\}|"\s*"')
_DIGIT = re.compile("[0-9]")


class Product(msgspec.Struct, gc=False):
    """One line of an order; a negative quantity or price is a return or a discount."""

    category: str | None = None
    quantity: float = 1
    price: float | None = None


class AmountProperties(msgspec.Struct, gc=False):
    """What names an order and an amount; ``revenue`` and ``value`` are the spec's other names for ``total``."""

    order_id: str
    total: float | None = None
    revenue: float | None = None
    value: float | None = None
    currency: str | None = None
    products: list[Product] = []

    def stated(self) -> float | None:
        """Return the amount that is stated; None if the products make it up."""
        for amount in (self.total, self.revenue, self.value):
            if amount is not None:
                return amount
        return None


class OrderProperties(AmountProperties, gc=False):
    """``total`` is what was paid; ``revenue`` and ``value`` are the spec's other names for it."""

    coupon: str | list[str] | None = None
    discount: float | None = None
    reinstated: bool = False


class RefundProperties(AmountProperties, gc=False):
    """Without an amount, and without products, the whole order is refunded. A negative amount is its size."""


class CancelProperties(msgspec.Struct, gc=False):
    """Names the order."""

    order_id: str


class TicketProperties(msgspec.Struct, gc=False):
    """Names the ticket, or the live chat's conversation."""

    ticket_id: str | None = None
    conversation_id: str | None = None
    rating: float | None = None


class RepublishProperties(msgspec.Struct, gc=False):
    """Names the segment by its key in the policy."""

    segment: str


read_order = msgspec.json.Decoder(OrderProperties).decode
read_cancel = msgspec.json.Decoder(CancelProperties).decode
read_ticket = msgspec.json.Decoder(TicketProperties).decode
read_republish = msgspec.json.Decoder(RepublishProperties).decode
_read_list = msgspec.json.Decoder(list[Raw]).decode


def unchanged(raw: Raw) -> Raw:
    """Return properties that are not read."""
    return raw


def coerced_order(raw: Raw) -> Raw:
    """Return the properties of an order. With a stated amount, products that cannot be used are left out."""
    given = fields_of(raw, "properties")
    order_id = _order_id(given)
    total = _stated(given, ORDER_AMOUNTS)
    currency = text(given, "currency", PLACE)
    products = _products(given, priced=total is None)
    order = OrderProperties(
        order_id=order_id,
        total=total,
        currency=currency,
        products=products,
        coupon="coupon" if _names_coupon(given) else None,
        discount=_discount(given),
        reinstated=bytes(given.get("reinstated", NULL)).strip(b'" ').lower() == b"true",
    )
    _check_finite(total, products)
    return as_json(order)


def read_refund(raw: Raw) -> RefundProperties:
    """Return the properties of a refund, its amount under ``total``; the currency of no amount is left out.

    Raises ``RejectedError``. There is no strict way: another field than ``total`` may say better how much was given
    back, and refunds are few.
    """
    given = fields_of(raw, "properties")
    order_id = _order_id(given)
    total = _stated(given, REFUND_AMOUNTS)
    products: list[Product] = []
    if total is None and not _SAYS_NOTHING.fullmatch(given.get("products", NULL)):
        products = _products(given, priced=True)
    if total is None and not products:
        _check_whole(given)
        return RefundProperties(order_id)
    refund = RefundProperties(order_id, total, currency=text(given, "currency", PLACE), products=products)
    _check_finite(total, products)
    return refund


def coerced_cancel(raw: Raw) -> Raw:
    """Return the properties of a cancellation."""
    return as_json(CancelProperties(_order_id(fields_of(raw, "properties"))))


def coerced_ticket(raw: Raw) -> Raw:
    """Return the properties of a ticket or a live chat, with the id under ``ticket_id``."""
    return as_json(TicketProperties(ticket_id=_ticket_id(fields_of(raw, "properties"))))


def coerced_rating(raw: Raw) -> Raw:
    """Return the properties of a ticket that was rated."""
    given = fields_of(raw, "properties")
    return as_json(TicketProperties(ticket_id=_ticket_id(given), rating=number(given, "rating", PLACE)))


def _check_whole(given: Fields) -> None:
    """Check that a refund without an amount does not say one, or a part, in another way. Raises ``RejectedError``."""
    for name, value in given.items():
        if name not in REFUND_AMOUNTS and _says_part(name, bytes(value)):
            told = f"{PLACE}{shown(name.encode())} is {shown(bytes(value))}, and may be how much was given back"
            raise RejectedError("invalid", f"{told}: send that as total, or nothing of the kind for the whole order")


def _says_part(name: str, raw: bytes) -> bool:
    written = read_text(raw) if raw[:1] == b'"' else None
    if written is not None and written.strip().lower() == "partial":
        return True
    words = [word.lower() for word in _WORDS.findall(name)] or [""]
    if words[-1] in _NO_PARTS or not (_MONEY.search(name) or _PARTS.intersection(words)):
        return False
    if raw in (b"true", b"false"):
        return raw == b"true" and "partial" in words
    if written is not None:
        return _DIGIT.search(written) is not None
    return not _SAYS_NOTHING.fullmatch(raw)


def _stated(given: Fields, names: Iterable[str]) -> float | None:
    return next((amount for name in names if (amount := number(given, name, PLACE)) is not None), None)


def _names_coupon(given: Fields) -> bool:
    """Tell whether a coupon is named: by a text or number, or as an element of a list or object."""
    return _names_something(msgspec.json.decode(given.get("coupon", NULL)))


def _names_something(value: object) -> bool:
    if isinstance(value, dict):
        return any(map(_names_something, value.values()))
    if isinstance(value, list):
        return any(map(_names_something, value))
    return bool(value.strip() if isinstance(value, str) else value)


def _discount(given: Fields) -> float | None:
    """Return a discount; None for what is no amount, since nobody needs it for the order to count."""
    try:
        discount = number(given, "discount")
    except RejectedError:
        return None
    return discount if discount is not None and isfinite(discount) else None


def _products(given: Fields, priced: bool) -> list[Product]:
    raw = bytes(given.get("products", NULL))
    if raw[:1] != b"[":
        if priced:
            told = "missing" if raw == b"null" else shown(raw)
            fix = "send the total, or a list of lines with prices"
            raise RejectedError("invalid", f"properties.total is missing, and properties.products is {told}: {fix}")
        return []
    products = []
    for place, line in enumerate(_read_list(raw)):
        try:
            products.append(_product(line, f"{PLACE}products[{place}]", priced))
        except RejectedError:
            if priced:
                raise
    return products


def _product(raw: Raw, place: str, priced: bool) -> Product:
    if bytes(raw)[:1] != b"{":
        raise RejectedError("invalid", f"{place} is {shown(bytes(raw))}: send a JSON object")
    given = fields_of(raw, place)
    quantity = number(given, "quantity", f"{place}.")
    category = text(given, "category") if bytes(given.get("category", NULL))[:1] == b'"' else None
    if not priced:
        if quantity is not None and not abs(quantity) <= MAX_QUANTITY:
            raise RejectedError("bad_amount", f"{place}.quantity is {quantity}: the most is {MAX_QUANTITY}")
        return Product(category=category, quantity=1 if quantity is None else quantity, price=_price_if_any(given))
    price = number(given, "price", f"{place}.")
    if price is None:
        fix = "send the total, or a price on every line"
        raise RejectedError("invalid", f"properties.total is missing, and {place} has no price either: {fix}")
    return Product(category=category, quantity=1 if quantity is None else quantity, price=price)


def _price_if_any(given: Fields) -> float | None:
    try:
        price = number(given, "price")
    except RejectedError:
        return None
    return price if price is not None and isfinite(price) else None


def _check_finite(total: float | None, products: list[Product]) -> None:
    for amount in (total, *(product.price for product in products), *(product.quantity for product in products)):
        if amount is not None and not isfinite(amount):
            raise RejectedError("bad_amount", f"an amount of the order is {amount}: an amount is a finite number")


def _order_id(given: Fields) -> str:
    order_id = identifier(given, "order_id", "orderId", place=PLACE)
    if order_id is None:
        raise RejectedError("invalid", "properties.order_id is missing: send the id of the order")
    return short(order_id, "properties.order_id")


def _ticket_id(given: Fields) -> str:
    ticket_id = identifier(given, "ticket_id", "conversation_id", "ticketId", "conversationId", place=PLACE)
    if ticket_id is None:
        raise RejectedError("invalid", "properties.ticket_id is missing: send the id of the ticket or conversation")
    return short(ticket_id, "properties.ticket_id")
