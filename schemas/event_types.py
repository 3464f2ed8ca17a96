"""The event types: every event that lifestage knows, the topic it belongs to, its properties, and how it is read.

``EVENT_TYPES`` lists all of them; decoding, the published schemas and the sources read it. An event that counts like
another, such as a further kind of view, is added by one line. ``schemas.event_names`` finds them by their names.
"""

from collections.abc import Callable
from decimal import Decimal
from functools import lru_cache
from typing import Literal

import msgspec
from msgspec import Raw

from schemas.coercion import short
from schemas.events import (
    AnyFact,
    Browsed,
    OrderCancelled,
    OrderCompleted,
    OrderRefunded,
    OrderUpdated,
    RepublishRequested,
    TicketOpened,
    TicketRated,
    TicketSolved,
    Tracked,
    TraitsIdentified,
)
from schemas.intake import Intake, checked_order
from schemas.money import Exchange
from schemas.order_details import details_of
from schemas.products import contents_of, cost_of, sum_of
from schemas.properties import (
    CancelProperties,
    OrderProperties,
    RefundProperties,
    RepublishProperties,
    TicketProperties,
    coerced_cancel,
    coerced_order,
    coerced_rating,
    coerced_ticket,
    read_cancel,
    read_order,
    read_refund,
    read_republish,
    read_ticket,
    unchanged,
)
from schemas.reject import RejectedError
from schemas.traits import coerced_traits, traits_of

PURCHASES = "purchases"
BROWSING = "browsing"
SUPPORT = "support"
PROFILES = "profiles"
TOPIC_KINDS = (PURCHASES, BROWSING, SUPPORT, PROFILES)
"""The kinds of input topics; records of one instant are decided in this order."""


Build = Callable[[str, int, str, Raw, Intake], AnyFact]
"""Makes the fact of (name, instant, messageId, properties or traits, intake)."""


class EventType(msgspec.Struct, frozen=True):
    """One type of event, by its ``event`` if it is a track, else by its ``type``.

    ``topic`` is the kind of input topic that producers put it on. ``properties`` is None where none are read.
    ``coerce`` reads the properties that ``build`` refuses, and returns them as they should have been written.
    ``counted_as`` is the daily count that a browsing event adds to, None where it adds to none. ``is_bounded``: its
    fact may say more than ``schemas.bounds`` allows, also without traits in the context.
    """

    name: str
    topic: str
    properties: type | None
    build: Build
    coerce: Callable[[Raw], Raw] = unchanged
    counted_as: Literal["views", "searches", "carts", "coupons"] | None = None
    is_bounded: bool = False

    @property
    def is_track(self) -> bool:
        """Tell whether it comes as ``"type": "track"`` with the name as ``event``."""
        return self.name not in ("page", "screen", "identify")


def _order_fact(kind: type[OrderCompleted] | type[OrderUpdated]) -> Build:
    def build(name: str, at: int, message_id: str, raw: Raw, intake: Intake) -> AnyFact:
        order, exchange = read_order(raw), intake.exchange
        order_id = checked_order(order.order_id)
        total = _total(order, exchange)
        items, categories = contents_of(order.products)
        return kind(
            at=at,
            message_id=message_id,
            order_id=order_id,
            total=total,
            items=items,
            categories=categories,
            details=details_of(order, exchange),
        )

    return build


def _total(order: OrderProperties, exchange: Exchange) -> int:
    stated = order.total
    if stated is None:
        stated = order.stated()
    if stated is not None:
        return exchange.minor(stated, order.currency)
    total = sum_of(order.products, order.currency, exchange)
    if total < 0:
        told = f"the products add up to {total / exchange.unit}: send what is given back as Order Refunded"
        raise RejectedError("bad_amount", told)
    return total


def _refund_fact(name: str, at: int, message_id: str, raw: Raw, intake: Intake) -> AnyFact:
    refund = read_refund(raw)
    order_id = checked_order(refund.order_id)
    amount, total = _given_back(refund, intake.exchange.of_refunds(refund.currency))
    if amount is None:
        return OrderRefunded(at=at, message_id=message_id, order_id=order_id, total=None)
    own = intake.exchange.own_refund(amount, refund.currency)
    return OrderRefunded(at=at, message_id=message_id, order_id=order_id, total=total, own=own)


def _given_back(refund: RefundProperties, exchange: Exchange) -> tuple[float | Decimal | None, int]:
    """Return the amount of a refund as it is stated, None for the whole order, and in minor units."""
    if refund.total is not None:
        return abs(refund.total), exchange.minor(abs(refund.total), refund.currency)
    if not refund.products:
        return None, 0
    total = sum_of(refund.products, refund.currency, exchange)
    return abs(cost_of(refund.products)), abs(total)


def _cancel_fact(name: str, at: int, message_id: str, raw: Raw, intake: Intake) -> AnyFact:
    order_id = checked_order(read_cancel(raw).order_id)
    return OrderCancelled(at=at, message_id=message_id, order_id=order_id)


def _browsing_fact(name: str, at: int, message_id: str, raw: Raw, intake: Intake) -> AnyFact:
    return Browsed(at=at, message_id=message_id, event=name)


def _tracked_fact(name: str, at: int, message_id: str, raw: Raw, intake: Intake) -> AnyFact:
    return Tracked(at=at, message_id=message_id, event=name)


def _opened_fact(name: str, at: int, message_id: str, raw: Raw, intake: Intake) -> AnyFact:
    return TicketOpened(at=at, message_id=message_id, ticket_id=_ticket_id(read_ticket(raw)), event=name)


def _solved_fact(name: str, at: int, message_id: str, raw: Raw, intake: Intake) -> AnyFact:
    return TicketSolved(at=at, message_id=message_id, ticket_id=_ticket_id(read_ticket(raw)), event=name)


def _rated_fact(name: str, at: int, message_id: str, raw: Raw, intake: Intake) -> AnyFact:
    ticket = read_ticket(raw)
    if ticket.rating is None:
        raise RejectedError("invalid", "properties.rating is missing: send a number")
    rating = _on_scale(ticket.rating, *intake.rating_scale)
    return TicketRated(at=at, message_id=message_id, ticket_id=_ticket_id(ticket), rating=rating)


def _on_scale(rating: float, lowest: float, highest: float) -> int | float:
    """Return a rating, rounded to two decimals, half to even. Raises ``RejectedError`` for one beyond the scale."""
    if not lowest <= rating <= highest:
        told = f"properties.rating is {rating:g}, and the policy's scale is {lowest:g} to {highest:g}"
        raise RejectedError("invalid", f"{told}: set rating_scale in its [intake] to the scale of your ratings")
    return int(rating) if rating == int(rating) else float(round(Decimal(repr(rating)), 2))


def _ticket_id(ticket: TicketProperties) -> str:
    ticket_id = ticket.ticket_id or ticket.conversation_id
    if ticket_id is None:
        raise RejectedError("invalid", "properties.ticket_id is missing")
    return short(ticket_id, "properties.ticket_id")


def _traits_fact(name: str, at: int, message_id: str, raw: Raw, intake: Intake) -> AnyFact:
    return TraitsIdentified(at=at, message_id=message_id, traits=traits_of(raw))


def _republish_fact(name: str, at: int, message_id: str, raw: Raw, intake: Intake) -> AnyFact:
    segment = read_republish(raw).segment
    intake.check_segment(segment)
    return RepublishRequested(at=at, message_id=message_id, segment=segment)


# A browsing or ticket fact refers to the name in this table, so that a million facts share one string.
_TABLE = (
    EventType(
        "Order Completed", PURCHASES, OrderProperties, _order_fact(OrderCompleted), coerced_order, is_bounded=True
    ),
    EventType("Order Updated", PURCHASES, OrderProperties, _order_fact(OrderUpdated), coerced_order, is_bounded=True),
    EventType("Order Refunded", PURCHASES, RefundProperties, _refund_fact),
    EventType("Order Cancelled", PURCHASES, CancelProperties, _cancel_fact, coerced_cancel),
    EventType("Support Ticket Created", SUPPORT, TicketProperties, _opened_fact, coerced_ticket),
    EventType("Support Ticket Solved", SUPPORT, TicketProperties, _solved_fact, coerced_ticket),
    EventType("Support Ticket Reopened", SUPPORT, TicketProperties, _opened_fact, coerced_ticket),
    EventType("Support Ticket Rated", SUPPORT, TicketProperties, _rated_fact, coerced_rating),
    EventType("Live Chat Conversation Started", SUPPORT, TicketProperties, _opened_fact, coerced_ticket),
    EventType("Live Chat Conversation Ended", SUPPORT, TicketProperties, _solved_fact, coerced_ticket),
    EventType("Cart Viewed", BROWSING, None, _browsing_fact, counted_as="carts"),
    EventType("Checkout Started", BROWSING, None, _browsing_fact, counted_as="carts"),
    EventType("Coupon Applied", PURCHASES, None, _browsing_fact, counted_as="coupons"),
    EventType("Product Added", BROWSING, None, _browsing_fact, counted_as="carts"),
    EventType("Product Added to Wishlist", BROWSING, None, _browsing_fact),
    EventType("Product Clicked", BROWSING, None, _browsing_fact, counted_as="views"),
    EventType("Product List Viewed", BROWSING, None, _browsing_fact, counted_as="views"),
    EventType("Product Removed", BROWSING, None, _browsing_fact),
    EventType("Product Viewed", BROWSING, None, _browsing_fact, counted_as="views"),
    EventType("Products Searched", BROWSING, None, _browsing_fact, counted_as="searches"),
    EventType("Wishlist Product Added to Cart", BROWSING, None, _browsing_fact),
    EventType("page", BROWSING, None, _browsing_fact, counted_as="views"),
    EventType("screen", BROWSING, None, _browsing_fact, counted_as="views"),
    EventType("identify", PROFILES, None, _traits_fact, coerced_traits, is_bounded=True),
)
EVENT_TYPES = {it.name: it for it in _TABLE}
REPUBLISH_REQUEST = EventType(RepublishRequested.name, PROFILES, RepublishProperties, _republish_fact)
"""The one event that lifestage reads and that says nothing of the customer: so it is none of ``EVENT_TYPES``."""


@lru_cache(maxsize=1024)
def counted_type(name: str) -> EventType:
    """Return the type of an event that only the policy knows, by its name there."""
    return EventType(name, BROWSING, None, _tracked_fact)
