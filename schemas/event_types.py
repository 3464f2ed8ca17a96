"""The kinds of event that lifestage knows, and how each becomes a fact."""

from collections.abc import Callable
from decimal import Decimal

import msgspec
from msgspec import Raw

from schemas.events import (
    MAX_TRAITS,
    AnyFact,
    Browsed,
    OrderCancelled,
    OrderCompleted,
    OrderRefunded,
    OrderUpdated,
    Scalar,
    TicketOpened,
    TicketRated,
    TicketSolved,
    TraitsIdentified,
)
from schemas.money import Exchange
from schemas.properties import CancelProperties, OrderProperties, Product, RefundProperties, TicketProperties
from schemas.reject import RejectedError

MAX_TEXT = 256
MAX_CATEGORIES = 32
MAX_QUANTITY = 1_000_000

Build = Callable[[int, str, Raw, Exchange], AnyFact]


def short(text: str, name: str) -> str:
    """The text of an id, if it has a length that one can have; raises ``RejectedError``."""
    if not text or len(text) > MAX_TEXT:
        raise RejectedError("invalid", f"{name} must have 1 to {MAX_TEXT} characters, not {len(text)}")
    return text


def _total(order: OrderProperties, exchange: Exchange) -> int:
    for amount in (order.total, order.revenue, order.value):
        if amount is not None:
            return exchange.minor(amount, order.currency)
    total = 0
    for product in order.products:
        if product.price is None:
            raise RejectedError("invalid", "properties.total is missing, and a product has no price either")
        price = Decimal(repr(product.price)) * Decimal(repr(product.quantity))
        total += exchange.minor(price, order.currency, "price times quantity")
    if not order.products:
        raise RejectedError("invalid", "properties.total is missing, and there are no products to make it up")
    if total > exchange.most * exchange.unit:
        raise RejectedError("bad_amount", "the products' prices are together over the policy's most_per_order")
    return total


def _items(products: list[Product]) -> int:
    count = 0
    for product in products:
        quantity = product.quantity
        if quantity == 1.0:  # nearly all are
            count += 1
            continue
        if not 0 <= quantity <= MAX_QUANTITY:
            raise RejectedError("bad_amount", f"a product's quantity is {quantity}: it must be 0 to {MAX_QUANTITY}")
        whole = int(quantity)
        count += whole if whole == quantity else 1  # what is sold by weight is one item
    return count


def _categories(products: list[Product]) -> tuple[str, ...]:
    found = {product.category: None for product in products}
    return tuple([category[:MAX_TEXT] for category in found if category][:MAX_CATEGORIES])


_order = msgspec.json.Decoder(OrderProperties).decode
_refund = msgspec.json.Decoder(RefundProperties).decode
_cancel = msgspec.json.Decoder(CancelProperties).decode
_ticket = msgspec.json.Decoder(TicketProperties).decode
_objects = msgspec.json.Decoder(dict[str, object]).decode


def _ordered(kind: type[OrderCompleted] | type[OrderUpdated]) -> Build:
    def build(at: int, message_id: str, raw: Raw, exchange: Exchange) -> AnyFact:
        order = _order(raw)
        order_id = short(order.order_id, "properties.order_id")
        total, items = _total(order, exchange), _items(order.products)
        return kind(at, message_id, order_id, total, items, _categories(order.products))

    return build


def _refunded(at: int, message_id: str, raw: Raw, exchange: Exchange) -> AnyFact:
    refund = _refund(raw)
    total = None if refund.total is None else exchange.minor(refund.total, refund.currency)
    return OrderRefunded(at, message_id, short(refund.order_id, "properties.order_id"), total)


def _cancelled(at: int, message_id: str, raw: Raw, exchange: Exchange) -> AnyFact:
    order_id = _cancel(raw).order_id
    return OrderCancelled(at, message_id, short(order_id, "properties.order_id"))


def _browsed(name: str) -> Build:
    return lambda at, message_id, raw, exchange: Browsed(at, message_id, name)


def _ticket_id(ticket: TicketProperties) -> str:
    ticket_id = ticket.ticket_id or ticket.conversation_id
    if ticket_id is None:
        raise RejectedError("invalid", "properties.ticket_id is missing")
    return short(ticket_id, "properties.ticket_id")


def _opened(name: str) -> Build:
    return lambda at, message_id, raw, exchange: TicketOpened(at, message_id, _ticket_id(_ticket(raw)), name)


def _solved(name: str) -> Build:
    return lambda at, message_id, raw, exchange: TicketSolved(at, message_id, _ticket_id(_ticket(raw)), name)


def _rated(at: int, message_id: str, raw: Raw, exchange: Exchange) -> AnyFact:
    ticket = _ticket(raw)
    if ticket.rating is None or not 1 <= ticket.rating <= 5:
        raise RejectedError("invalid", f"properties.rating is {ticket.rating}: a rating is 1 to 5")
    return TicketRated(at, message_id, _ticket_id(ticket), ticket.rating)


def _identified(at: int, message_id: str, raw: Raw, exchange: Exchange) -> AnyFact:
    traits: dict[str, Scalar | None] = {}
    for name, value in _objects(raw).items():
        if isinstance(value, dict):
            for inner, scalar in value.items():
                _keep(traits, f"{name}_{inner}", scalar)
        else:
            _keep(traits, name, value)
    return TraitsIdentified(at, message_id, dict(sorted(traits.items())[:MAX_TRAITS]))


def _keep(traits: dict[str, Scalar | None], name: str, value: object) -> None:
    if isinstance(value, str):
        traits[name[:MAX_TEXT]] = value[:MAX_TEXT]
    elif value is None or isinstance(value, float) or (isinstance(value, int) and abs(value) < 2**63):
        traits[name[:MAX_TEXT]] = value


VIEWS = frozenset(("page", "screen", "Product Viewed", "Product List Viewed", "Product Clicked"))
SEARCHES = frozenset(("Products Searched",))
CARTS = frozenset(("Product Added", "Cart Viewed", "Checkout Started"))
COUPONS = frozenset(("Coupon Applied",))
OTHER_INTEREST = frozenset(("Product Removed", "Wishlist Product Added to Cart", "Product Added to Wishlist"))

TICKETS_OPENED = ("Support Ticket Created", "Support Ticket Reopened", "Live Chat Conversation Started")
TICKETS_SOLVED = ("Support Ticket Solved", "Live Chat Conversation Ended")

# The name that a fact keeps is the one that stands here: a million facts hold it once.
BUILDERS: dict[str, Build] = {
    "Order Completed": _ordered(OrderCompleted),
    "Order Updated": _ordered(OrderUpdated),
    "Order Refunded": _refunded,
    "Order Cancelled": _cancelled,
    **{name: _browsed(name) for name in VIEWS | SEARCHES | CARTS | COUPONS | OTHER_INTEREST},
    **{name: _opened(name) for name in TICKETS_OPENED},
    **{name: _solved(name) for name in TICKETS_SOLVED},
    "Support Ticket Rated": _rated,
    "identify": _identified,
}
