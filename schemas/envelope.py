"""The envelope in which events arrive: the Segment spec's JSON, decoded to facts or refused with a reason."""

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from hashlib import blake2b

import msgspec
from msgspec import Raw

from schemas import instant
from schemas.events import (
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
from schemas.money import AmountError, Exchange
from schemas.reject import RejectedError

MOST_BYTES = 262_144
MOST_TEXT = 256
MOST_TRAITS = 64
MOST_CATEGORIES = 32
MOST_QUANTITY = 1_000_000
NOTHING = Raw(b"{}")


class Envelope(msgspec.Struct, rename="camel"):
    """The outer JSON object; what the event itself says stays raw until its name is known."""

    type: str = "track"
    event: str | None = None
    message_id: str | None = None
    user_id: str | None = None
    timestamp: datetime | None = None
    properties: Raw = NOTHING
    traits: Raw = NOTHING
    specversion: str | None = None
    data: Raw = NOTHING


class Product(msgspec.Struct):
    """One line of an order."""

    category: str | None = None
    quantity: float = 1
    price: float | None = None


class OrderProperties(msgspec.Struct):
    """``total`` is what was paid; ``revenue`` and ``value`` are the spec's other names for it."""

    order_id: str
    total: float | None = None
    revenue: float | None = None
    value: float | None = None
    currency: str | None = None
    products: list[Product] = []


class RefundProperties(msgspec.Struct):
    """Without ``total`` the whole order is refunded."""

    order_id: str
    total: float | None = None
    currency: str | None = None


class CancelProperties(msgspec.Struct):
    """Names the order."""

    order_id: str


class TicketProperties(msgspec.Struct):
    """Names the ticket, or the live chat's conversation."""

    ticket_id: str | None = None
    conversation_id: str | None = None
    rating: int | None = None


class Event:
    """A usable event: whose it is, and the fact (None for a kind that lifestage does not know)."""

    __slots__ = ("fact", "user_id")

    def __init__(self, user_id: str, fact: AnyFact | None) -> None:
        self.user_id = user_id
        self.fact = fact


Build = Callable[[int, str, str, Envelope, Exchange], AnyFact]


def _short(text: str, name: str) -> str:
    if not text or len(text) > MOST_TEXT:
        raise RejectedError("invalid", f"{name} must have 1 to {MOST_TEXT} characters, not {len(text)}")
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
        if not 0 <= quantity <= MOST_QUANTITY:
            raise RejectedError("bad_amount", f"a product's quantity is {quantity}: it must be 0 to {MOST_QUANTITY}")
        whole = int(quantity)
        count += whole if whole == quantity else 1  # what is sold by weight is one item
    return count


_order = msgspec.json.Decoder(OrderProperties).decode
_refund = msgspec.json.Decoder(RefundProperties).decode
_cancel = msgspec.json.Decoder(CancelProperties).decode
_ticket = msgspec.json.Decoder(TicketProperties).decode


def _order_fact(
    kind: type[OrderCompleted] | type[OrderUpdated],
) -> Build:
    def build(at: int, message_id: str, name: str, envelope: Envelope, exchange: Exchange) -> AnyFact:
        order = _order(envelope.properties)
        products = order.products
        found = dict.fromkeys(product.category for product in products if product.category)
        categories = tuple(category[:MOST_TEXT] for category in found if category)[:MOST_CATEGORIES]
        order_id = _short(order.order_id, "properties.order_id")
        return kind(at, message_id, order_id, _total(order, exchange), _items(products), categories)

    return build


def _refund_fact(at: int, message_id: str, name: str, envelope: Envelope, exchange: Exchange) -> AnyFact:
    refund = _refund(envelope.properties)
    total = None if refund.total is None else exchange.minor(refund.total, refund.currency)
    return OrderRefunded(at, message_id, _short(refund.order_id, "properties.order_id"), total)


def _cancel_fact(at: int, message_id: str, name: str, envelope: Envelope, exchange: Exchange) -> AnyFact:
    order_id = _cancel(envelope.properties).order_id
    return OrderCancelled(at, message_id, _short(order_id, "properties.order_id"))


def _browsed(at: int, message_id: str, name: str, envelope: Envelope, exchange: Exchange) -> AnyFact:
    return Browsed(at, message_id, name)


def _ticket_id(ticket: TicketProperties) -> str:
    ticket_id = ticket.ticket_id or ticket.conversation_id
    if ticket_id is None:
        raise RejectedError("invalid", "properties.ticket_id is missing")
    return _short(ticket_id, "properties.ticket_id")


def _opened(at: int, message_id: str, name: str, envelope: Envelope, exchange: Exchange) -> AnyFact:
    return TicketOpened(at, message_id, _ticket_id(_ticket(envelope.properties)), name)


def _solved(at: int, message_id: str, name: str, envelope: Envelope, exchange: Exchange) -> AnyFact:
    return TicketSolved(at, message_id, _ticket_id(_ticket(envelope.properties)), name)


def _rated(at: int, message_id: str, name: str, envelope: Envelope, exchange: Exchange) -> AnyFact:
    ticket = _ticket(envelope.properties)
    if ticket.rating is None or not 1 <= ticket.rating <= 5:
        raise RejectedError("invalid", f"properties.rating is {ticket.rating}: a rating is 1 to 5")
    return TicketRated(at, message_id, _ticket_id(ticket), ticket.rating)


def _traits(raw: Raw) -> dict[str, Scalar | None]:
    traits: dict[str, Scalar | None] = {}
    for name, value in msgspec.json.decode(raw, type=dict[str, object]).items():
        nested = value.items() if isinstance(value, dict) else ()
        for key, scalar in ((name, value), *((f"{name}_{inner}", value) for inner, value in nested)):
            if scalar is None or isinstance(scalar, bool | float) or (isinstance(scalar, int) and abs(scalar) < 2**63):
                traits[key[:MOST_TEXT]] = scalar
            elif isinstance(scalar, str):
                traits[key[:MOST_TEXT]] = scalar[:MOST_TEXT]
    return dict(sorted(traits.items())[:MOST_TRAITS])


def _identified(at: int, message_id: str, name: str, envelope: Envelope, exchange: Exchange) -> AnyFact:
    return TraitsIdentified(at, message_id, _traits(envelope.traits))


VIEWS = frozenset(("page", "screen", "Product Viewed", "Product List Viewed", "Product Clicked"))
SEARCHES = frozenset(("Products Searched",))
CARTS = frozenset(("Product Added", "Cart Viewed", "Checkout Started"))
COUPONS = frozenset(("Coupon Applied",))
OTHER_INTEREST = frozenset(("Product Removed", "Wishlist Product Added to Cart", "Product Added to Wishlist"))

BUILDERS: dict[str, Build] = {
    "Order Completed": _order_fact(OrderCompleted),
    "Order Updated": _order_fact(OrderUpdated),
    "Order Refunded": _refund_fact,
    "Order Cancelled": _cancel_fact,
    **dict.fromkeys(VIEWS | SEARCHES | CARTS | COUPONS | OTHER_INTEREST, _browsed),
    **dict.fromkeys(("Support Ticket Created", "Support Ticket Reopened", "Live Chat Conversation Started"), _opened),
    **dict.fromkeys(("Support Ticket Solved", "Live Chat Conversation Ended"), _solved),
    "Support Ticket Rated": _rated,
    "identify": _identified,
}

_envelope = msgspec.json.Decoder(Envelope).decode


def decode(value: bytes | None, key: bytes | None, exchange: Exchange) -> Event:
    """The event in a record's value.

    ``key`` must be the userId in UTF-8: it decides the partition, and so which customer is meant.
    Raises ``RejectedError`` with the reason and a detail that names the place.
    """
    envelope = open_envelope(value)
    event = read_event(envelope, value or b"", exchange)
    if key is None or key != event.user_id.encode():
        raise RejectedError("key_mismatch", "the record's key is not the event's userId", event.user_id)
    return event


def open_envelope(value: bytes | None) -> Envelope:
    """The outer object, out of Confluent's framing or a CloudEvent where it came in one."""
    if value is None:
        raise RejectedError("tombstone", "the record has no value; an event has one")
    if len(value) > MOST_BYTES:
        raise RejectedError("too_large", f"the value has {len(value)} bytes; the most is {MOST_BYTES}")
    if value[:1] == b"\x00":  # Confluent's wire format: a zero, four bytes of schema id, the JSON
        value = value[5:]
    try:
        envelope = _envelope(value)
        if envelope.specversion is not None:  # a structured CloudEvent carries ours as its data
            envelope = _envelope(envelope.data)
    except msgspec.ValidationError as error:
        raise RejectedError("bad_timestamp" if "$.timestamp" in str(error) else "invalid", str(error)) from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise RejectedError("not_json", str(error)) from None
    except RecursionError:
        raise RejectedError("not_json", "the JSON is nested too deeply") from None
    return envelope


def read_event(envelope: Envelope, value: bytes, exchange: Exchange) -> Event:
    """The event an envelope holds; ``value`` gives a messageId to an event that came without one."""
    user_id = envelope.user_id
    if not user_id:
        raise RejectedError("missing_user", "userId is missing or empty")
    try:
        _short(user_id, "userId")
        if envelope.timestamp is None:
            raise RejectedError("missing_timestamp", "timestamp is missing")
        if envelope.timestamp.tzinfo is None:
            raise RejectedError("bad_timestamp", "timestamp names no time zone: add Z or an offset like +01:00")
        at = instant.from_datetime(envelope.timestamp)
        if not instant.EARLIEST <= at < instant.LATEST:
            raise RejectedError("bad_timestamp", "timestamp lies outside the years 1970 to 2199")
        name = envelope.event if envelope.type == "track" else envelope.type
        build = BUILDERS.get(name or "")
        if build is None:
            return Event(user_id, None)
        message_id = envelope.message_id or blake2b(value, digest_size=12).hexdigest()
        return Event(user_id, build(at, _short(message_id, "messageId"), name or "", envelope, exchange))
    except RejectedError as error:
        error.user_id = user_id
        raise
    except AmountError as error:
        raise RejectedError(error.reason, str(error), user_id) from None
    except msgspec.ValidationError as error:
        reason = "bad_amount" if "out of range" in str(error) else "invalid"
        raise RejectedError(reason, f"properties: {error}", user_id) from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise RejectedError("not_json", str(error), user_id) from None
    except RecursionError:
        raise RejectedError("not_json", "the JSON is nested too deeply", user_id) from None
