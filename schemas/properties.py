"""What the events' own parts look like, as producers send them."""

import msgspec


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
