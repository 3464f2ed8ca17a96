"""Events: what producers send, checked as far as it is needed, and what each changes of a customer."""

from collections.abc import Callable
from datetime import datetime
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any

from bench.peers.flink.customer import Customer, Order, add

PLACED, UNDONE, NOTHING = "placed", "undone", ""
"""What an event did to the orders that stand."""

_MAX_CENTS = 100_000_000
_ORDERS = ("Order Completed", "Order Updated", "Order Refunded", "Order Cancelled")
_VIEWS = ("page", "screen", "Product Viewed", "Product List Viewed", "Product Clicked")
_BROWSING = (
    *("Products Searched", "Product Added", "Cart Viewed", "Checkout Started", "Product Removed"),
    *("Product Added to Wishlist", "Wishlist Product Added to Cart"),
)
_OPENING = ("Support Ticket Created", "Support Ticket Reopened", "Live Chat Conversation Started")
_SOLVING = ("Support Ticket Solved", "Live Chat Conversation Ended")
_RATED = "Support Ticket Rated"

Event = dict[str, Any]
"""An event as JSON."""


class UnusableError(Exception):
    """An event that cannot be used; the message is the reason."""


def name_of(event: Event) -> str | None:
    """Return the name of an event that counts, otherwise None."""
    kind = event.get("type") or "track"
    name = event.get("event") if kind == "track" else kind
    return name if name in _APPLY else None


def instant_of(event: Event) -> int:
    """Return when an event happened, in ms since 1970."""
    text = event["timestamp"]
    at = datetime.fromisoformat(text)
    return int(at.timestamp()) * 1000 + at.microsecond // 1000


def identity_of(event: Event, name: str) -> str:
    """Return what two records of one event have in common: name, id, and the order or ticket that it is about."""
    own = f"{name}\0{_id(event.get('messageId'))}"
    if name in _ORDERS:
        return f"{own}\0{_order_id(event)}"
    return f"{own}\0{_ticket_id(event)}" if name in (*_OPENING, *_SOLVING, _RATED) else own


def apply(customer: Customer, name: str, event: Event, at: int) -> str:
    """Apply an event to a customer; return what it did to the orders. Raises ``UnusableError``."""
    context = event.get("context")
    if context and context.get("traits"):
        customer.learn(context["traits"])
    return _APPLY[name](customer, event, at) or NOTHING


def _completed(customer: Customer, event: Event, at: int) -> str | None:
    properties, order_id, orders = event["properties"], _order_id(event), customer.orders
    amount, known, has_coupon = _amount(properties), orders.find(order_id, at), bool(properties.get("coupon"))
    if known is None:
        if order_id in orders.undone and properties.get("reinstated") is not True:
            return None
        orders.place(Order(order_id, at, amount, amount, has_coupon))
        return PLACED
    if known.amount != amount:
        known.amount = known.left = amount
    known.has_coupon = has_coupon
    return None


def _updated(customer: Customer, event: Event, at: int) -> None:
    properties = event["properties"]
    amount, known = _amount(properties), customer.orders.find(_order_id(event), at)
    if known is not None:
        known.amount = known.left = amount
        known.has_coupon = bool(properties.get("coupon"))


def _refunded(customer: Customer, event: Event, at: int) -> str | None:
    properties, known = event["properties"], customer.orders.find(_order_id(event), at)
    stated = _stated(properties)
    if stated is None and not properties.get("products"):
        back = _MAX_CENTS
    else:
        back = _amount(properties) if stated is None else _cents(abs(stated), properties)
    if known is None:
        return None
    known.left -= min(back, known.left)
    if known.left > 0:
        return None
    customer.orders.undo(known, at)
    return UNDONE


def _cancelled(customer: Customer, event: Event, at: int) -> str | None:
    known = customer.orders.find(_order_id(event), at)
    if known is None:
        return None
    customer.orders.undo(known, at)
    return UNDONE


def _viewed(customer: Customer, _event: Event, at: int) -> None:
    customer.browse(at, is_view=True)


def _browsed(customer: Customer, _event: Event, at: int) -> None:
    customer.browse(at, is_view=False)


def _coupon(customer: Customer, _event: Event, at: int) -> None:
    add(customer.coupons, 1, at)


def _opened(customer: Customer, event: Event, at: int) -> None:
    customer.open_ticket(_ticket_id(event), at)


def _solved(customer: Customer, event: Event, _at: int) -> None:
    customer.tickets.pop(_ticket_id(event), None)


def _rated(customer: Customer, event: Event, at: int) -> None:
    rating = event["properties"].get("rating")
    if rating is None or not 1 <= rating <= 5:
        raise UnusableError("invalid")
    customer.rate(_hundredths(Decimal(str(rating))), at)


def _identified(customer: Customer, event: Event, _at: int) -> None:
    customer.learn(event.get("traits") or {})


def _order_id(event: Event) -> str:
    return _id(event["properties"].get("order_id"))


def _ticket_id(event: Event) -> str:
    properties = event["properties"]
    return _id(properties.get("ticket_id") or properties.get("conversation_id"))


def _id(text: object) -> str:
    if not text or len(str(text)) > 256:
        raise UnusableError("invalid")
    return str(text)


def _stated(properties: Event) -> Decimal | None:
    found = next((it for name in ("total", "revenue", "value") if (it := properties.get(name)) is not None), None)
    return None if found is None else Decimal(str(found))


def _amount(properties: Event) -> int:
    stated = _stated(properties)
    if stated is not None:
        return _cents(stated, properties)
    products = properties.get("products")
    if not products:
        raise UnusableError("invalid")
    lines = [Decimal(str(it["price"])) * Decimal(str(it.get("quantity", 1))) for it in products]
    return _cents(Decimal(sum(map(_hundredths, lines))) / 100, properties)


def _cents(major: Decimal, properties: Event) -> int:
    if (properties.get("currency") or "USD").strip().upper() not in ("USD", ""):
        raise UnusableError("unknown_currency")
    cents = _hundredths(major)
    if not 0 <= cents <= _MAX_CENTS:
        raise UnusableError("bad_amount")
    return cents


def _hundredths(number: Decimal) -> int:
    return int((number * 100).quantize(Decimal(1), ROUND_HALF_EVEN))


_APPLY: dict[str, Callable[[Customer, Event, int], str | None]] = {
    "Order Completed": _completed,
    "Order Updated": _updated,
    "Order Refunded": _refunded,
    "Order Cancelled": _cancelled,
    **dict.fromkeys(_VIEWS, _viewed),
    **dict.fromkeys(_BROWSING, _browsed),
    "Coupon Applied": _coupon,
    **dict.fromkeys(_OPENING, _opened),
    **dict.fromkeys(_SOLVING, _solved),
    _RATED: _rated,
    "identify": _identified,
}
