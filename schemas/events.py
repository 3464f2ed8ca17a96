"""Facts: what happened to a customer, one frozen type per kind of event, small enough to keep in the timeline."""

from typing import ClassVar, TypeGuard

import msgspec

MAX_TRAITS = 64

Scalar = str | int | float | bool
Tags = dict[str, str | None]
"""Tags by their names, each with its last date or the instant at which it expires; None if it never does."""
Trait = Scalar | tuple[str, ...] | Tags
"""A value; a list of texts or a set of tags only where the policy declares it."""
Traits = dict[str, Trait | None]
"""Traits by name; one that is None is to be forgotten."""


class _Sent(msgspec.Struct, frozen=True, array_like=True, gc=False):
    at: int
    message_id: str


class Fact(_Sent, frozen=True, array_like=True, tag=True, kw_only=True, gc=False):
    """Something that happened at ``at`` (ms since 1970) and was sent as ``message_id``.

    Of facts of one instant, those of a lower ``rank`` come first: what makes an order or a ticket comes before what
    changes it. ``schemas.fact_order`` has the whole order. ``context_traits`` is what the event said about the customer
    besides, ``properties`` what conditions read of the event itself. By keyword, so they come after all others.
    """

    context_traits: Traits | None = None
    properties: dict[str, Trait] | None = None

    name: ClassVar[str] = ""
    rank: ClassVar[int]


class OwnAmount(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """An amount as it was stated, in millionths of a unit of its currency; None where it names no currency."""

    currency: str | None
    millionths: int


class OrderDetails(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What few orders say: the amount in a currency that is not the policy's, a discount (in minor units), a coupon.

    One that is ``reinstated`` is placed anew although it was undone before.
    """

    own: OwnAmount | None = None
    discount: int = 0
    coupon: bool = False
    reinstated: bool = False


class OrderCompleted(Fact, frozen=True, array_like=True, tag="o"):
    """A purchase; ``total`` is in minor units of the policy's currency."""

    order_id: str
    total: int
    items: int
    categories: tuple[str, ...]
    details: OrderDetails | None = None

    name: ClassVar[str] = "Order Completed"
    rank: ClassVar[int] = 1


class OrderUpdated(Fact, frozen=True, array_like=True, tag="u"):
    """What an order that was already placed is from now on; ``total`` is what it is worth, refunds and all."""

    order_id: str
    total: int
    items: int
    categories: tuple[str, ...]
    details: OrderDetails | None = None

    name: ClassVar[str] = "Order Updated"
    rank: ClassVar[int] = 2


class OrderRefunded(Fact, frozen=True, array_like=True, tag="r"):
    """Money given back: ``total`` in minor units, None for everything that is left of the order.

    ``own`` is the amount as it was stated, None where that was in the policy's currency.
    """

    order_id: str
    total: int | None
    own: OwnAmount | None = None

    name: ClassVar[str] = "Order Refunded"
    rank: ClassVar[int] = 3


class OrderCancelled(Fact, frozen=True, array_like=True, tag="c"):
    """An order that counts as never placed from now on."""

    order_id: str

    name: ClassVar[str] = "Order Cancelled"
    rank: ClassVar[int] = 4


class Browsed(Fact, frozen=True, array_like=True, tag="b"):
    """A view, search, cart or other sign of interest; ``event`` is its name in ``EVENT_TYPES``."""

    event: str

    rank: ClassVar[int] = 8


class TicketOpened(Fact, frozen=True, array_like=True, tag="t"):
    """A support case began, or began again (``event`` says which)."""

    ticket_id: str
    event: str

    rank: ClassVar[int] = 5


class TicketSolved(Fact, frozen=True, array_like=True, tag="s"):
    """A support case ended."""

    ticket_id: str
    event: str

    rank: ClassVar[int] = 7


class TicketRated(Fact, frozen=True, array_like=True, tag="n"):
    """The customer's satisfaction with a case, on the policy's scale: the higher, the better."""

    ticket_id: str
    rating: int | float

    name: ClassVar[str] = "Support Ticket Rated"
    rank: ClassVar[int] = 6


class Tracked(Fact, frozen=True, array_like=True, tag="e"):
    """Any other event, which the policy counts; ``event`` is its name as the policy has it."""

    event: str

    rank: ClassVar[int] = 8


class TraitsIdentified(Fact, frozen=True, array_like=True, tag="i"):
    """What is known of the customer, at most ``MAX_TRAITS`` traits; a trait that is None is deleted."""

    traits: Traits

    name: ClassVar[str] = "identify"
    rank: ClassVar[int] = 0


class RepublishRequested(Fact, frozen=True, array_like=True, tag="q"):
    """Somebody asks that the customer's membership in a segment be told again, if there is one; it changes nothing."""

    segment: str

    name: ClassVar[str] = "Segment Republish Requested"
    rank: ClassVar[int] = 9


AnyFact = (
    OrderCompleted
    | OrderUpdated
    | OrderRefunded
    | OrderCancelled
    | Browsed
    | TicketOpened
    | TicketSolved
    | TicketRated
    | Tracked
    | TraitsIdentified
    | RepublishRequested
)


OrderChange = OrderUpdated | OrderRefunded | OrderCancelled
"""A fact about an order that was placed before."""

_ORDER_CHANGES = frozenset((OrderUpdated, OrderRefunded, OrderCancelled))


def changes_order(fact: AnyFact) -> TypeGuard[OrderChange]:
    """Tell whether a fact is about an order that was placed before."""
    return type(fact) in _ORDER_CHANGES  # each isinstance that is false costs more than this


def event_name(fact: AnyFact) -> str:
    """Return the event's name, for the cause of a transition."""
    return fact.event if isinstance(fact, (Browsed, TicketOpened, TicketSolved, Tracked)) else fact.name
