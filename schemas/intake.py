"""Intake: what a policy says about the reading of events."""

from collections.abc import Collection, Iterable
from string import ascii_letters, digits

from schemas.bounds import NOTHING_NAMED, Named
from schemas.coercion import MAX_TEXT, as_json, short, shown
from schemas.money import Exchange
from schemas.reject import RejectedError
from schemas.trait_types import TraitTypes

ANY = "*"
_NO_VALUES = (
    *("not set", "(not set)", "(none)", "null", "<null>", "nil", "<nil>", "none", "undefined", "nan", "n/a", "#n/a"),
)
_NO_OBJECTS = ("[]", "{}", "[object object]")
NOT_CUSTOMERS = (
    *("guest", "anonymous", "anon", "unknown", *_NO_VALUES, "true", "false", "0", "-1", "-", *_NO_OBJECTS),
    *("00000000-0000-0000-0000-000000000000", "00000000000000000000000000000000", "{{*}}", "${*}", "<%*%>"),
)
"""What producers send as userId when they know none: their guest, what a program makes of nothing, and templates."""
_NOT_ORDERS = frozenset(("", *_NO_VALUES, *_NO_OBJECTS))
_ORDERS_BEGIN = frozenset(ascii_letters + digits).difference("nNuU")
"""Characters with which none of these begins: that spares nearly all orders the comparison."""
LOWEST_RATING, HIGHEST_RATING = 1, 5


class Intake:
    """How events are read under a policy: the conversion of money, who is no customer, and the scale of ratings.

    What is ``named`` is kept, however much else an event says; declared traits are read as their ``trait_types``.
    ``of_accounts``: the policy decides accounts, so events of customers must be made those of their accounts first.
    ``segments`` are the keys of the policy's segments, of which a member may be told again.
    ``not_customers`` are compared without case, and without blanks around them; one ``*`` in a text stands for any.
    """

    def __init__(
        self,
        exchange: Exchange,
        not_customers: Iterable[str] = NOT_CUSTOMERS,
        rating_scale: tuple[float, float] = (LOWEST_RATING, HIGHEST_RATING),
        named: Named = NOTHING_NAMED,
        trait_types: TraitTypes | None = None,
        of_accounts: bool = False,
        segments: Collection[str] = (),
    ) -> None:
        self.exchange = exchange
        self.of_accounts = of_accounts
        self._segments = frozenset(segments)
        self.named = named
        self.reads_more_of = frozenset(named.properties).union(() if trait_types is None else ("identify",))
        """The names of the events of which a policy asks for more than the fact: properties, or the types of traits."""
        self.trait_types = trait_types
        self.rating_scale = rating_scale
        folded = [_folded(it) for it in not_customers]
        self._whole = frozenset(it for it in folded if ANY not in it)
        self._parts = [(start, end) for start, any_, end in (it.partition(ANY) for it in folded) if any_]
        firsts = "".join(it[0] for it in self._whole) + "".join(start[:1] for start, _ in self._parts)
        ascii_ = map(chr, range(128)) if all(start for start, _ in self._parts) else ()
        self.customers_begin = frozenset(it for it in ascii_ if not it.isspace() and it.lower() not in firsts)
        """Characters with which no placeholder begins: that spares nearly all customers the comparison."""

    def check_customer(self, user_id: str) -> None:
        """Raise ``RejectedError`` for a userId that stands for no customer."""
        if self.is_placeholder(user_id):
            told = f"userId is {user_id!r}, which stands for no customer: send the customer's own id"
            raise RejectedError("placeholder_user", f"{told}, or take it off not_customers in the policy's [intake]")

    def check_segment(self, key: str) -> None:
        """Raise ``RejectedError`` for the key of a segment that the policy does not have."""
        if key not in self._segments:
            told = f"properties.segment is {shown(bytes(as_json(key)))}, and the policy has no such segment"
            raise RejectedError("invalid", f"{told}: send the key of one that it has")

    def is_placeholder(self, user_id: str) -> bool:
        """Tell whether a userId is blank, or stands for no customer."""
        plain = _folded(user_id)
        return (
            not plain
            or plain in self._whole
            or any(
                len(plain) >= len(start) + len(end) and plain.startswith(start) and plain.endswith(end)
                for start, end in self._parts
            )
        )


def checked_order(order_id: str) -> str:
    """Return the id of an order. Raises ``RejectedError`` for one under which different orders would be one."""
    if order_id[:1] in _ORDERS_BEGIN and len(order_id) <= MAX_TEXT:  # nearly all do
        return order_id
    if order_id and _folded(order_id) in _NOT_ORDERS:
        told = f"properties.order_id is {order_id!r}, which stands for no order"
        raise RejectedError("invalid", f"{told}: send the order's own id")
    return short(order_id, "properties.order_id")


def _folded(text: str) -> str:
    return text.strip().casefold()
