"""The properties of events: as the published schemas have them, and as they are read where a producer wrote otherwise.

A ``coerced_...`` function returns the properties as they should have been written, or raises ``RejectedError``.
"""

import msgspec
from msgspec import Raw

from schemas.coercion import Fields, as_json, fields_of, identifier
from schemas.reject import RejectedError

PLACE = "properties."


class Product(msgspec.Struct, gc=False):
    """One line of an order."""

    category: str | None = None
    quantity: float = 1
    price: float | None = None


class OrderProperties(msgspec.Struct, gc=False):
    """``total`` is what was paid; ``revenue`` and ``value`` are the spec's other names for it."""

    order_id: str
    total: float | None = None
    revenue: float | None = None
    value: float | None = None
    currency: str | None = None
    products: list[Product] = []


class RefundProperties(msgspec.Struct, gc=False):
    """Without ``total`` the whole order is refunded."""

    order_id: str
    total: float | None = None
    currency: str | None = None


class CancelProperties(msgspec.Struct, gc=False):
    """Names the order."""

    order_id: str


class TicketProperties(msgspec.Struct, gc=False):
    """Names the ticket, or the live chat's conversation."""

    ticket_id: str | None = None
    conversation_id: str | None = None
    rating: int | None = None


read_order = msgspec.json.Decoder(OrderProperties).decode
read_refund = msgspec.json.Decoder(RefundProperties).decode
read_cancel = msgspec.json.Decoder(CancelProperties).decode
read_ticket = msgspec.json.Decoder(TicketProperties).decode


def unchanged(raw: Raw) -> Raw:
    """Return properties that are not read."""
    return raw


def coerced_order(raw: Raw) -> Raw:
    """Return the properties of an order, a refund or a cancellation."""
    given = fields_of(raw, "properties")
    return as_json({**given, "order_id": _order_id(given)})


def coerced_ticket(raw: Raw) -> Raw:
    """Return the properties of a ticket or a live chat, with the id under ``ticket_id``."""
    given = fields_of(raw, "properties")
    return as_json({**given, "ticket_id": _ticket_id(given), "conversation_id": None})


def _order_id(given: Fields) -> str:
    order_id = identifier(given, "order_id", "orderId", place=PLACE)
    if order_id is None:
        raise RejectedError("invalid", "properties.order_id is missing: send the id of the order")
    return order_id


def _ticket_id(given: Fields) -> str:
    ticket_id = identifier(given, "ticket_id", "conversation_id", "ticketId", "conversationId", place=PLACE)
    if ticket_id is None:
        raise RejectedError("invalid", "properties.ticket_id is missing: send the id of the ticket or conversation")
    return ticket_id
