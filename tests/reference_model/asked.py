"""What policies have asked for so far: since when events have been counted, and how far back they were kept."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from tests.reference_model.calls import FIELDS_OF, Call
from tests.reference_model.names import VIEW_KEYS, key_of
from tests.reference_model.policy import Policy
from tests.reference_model.tallies import values_of

Aspect = tuple[Any, ...]
"""What is counted: events that a filter takes, then a number of theirs, or windows; or a tally."""

ORDERED = key_of("Order Completed")
AS_FEATURES = ("count", "days_since_first", "days_since_last")


def is_feature(call: Call) -> bool:
    """Whether a call is a feature of all orders, which is known in any case."""
    return key_of(call.event) == ORDERED and call.where is None and call.function in AS_FEATURES and not call.hours


def events_of(call: Call, policy: Policy) -> Aspect:
    where = "" if call.where is None else call.where.text
    return key_of(call.event), where, policy.slots_a_day if call.hours else 0


def aspects_of(call: Call, policy: Policy) -> Iterator[Aspect]:
    if call.function == "return_rate":
        yield ("returns",)
    elif call.of:
        yield "tally", call.of, call.weight, call.value
    elif call.event and not is_feature(call):
        events = events_of(call, policy)
        yield events
        if call.number:
            yield *events, call.function if call.function in ("min", "max", "distinct") else "sum", call.number
        if call.days or call.hours:
            yield *events, "windows"


@dataclass
class Asked:
    """`since` is the instant of the adoption with which an aspect began; one that is not there was always asked for."""

    since: dict[Aspect, int] = field(default_factory=dict)
    first: dict[Aspect, int] = field(default_factory=dict)
    """The first day, or slot, that was kept of events in windows."""
    named_since: int = -1
    """Since when every policy has asked for orders by name."""
    tallied_since: int = -1
    """The same of the values of orders."""

    def counts(self, call: Call, policy: Policy, at: int) -> bool:
        """Whether what happened at an instant counts for a call."""
        return not self.since or all(at > self.since.get(each, -1) for each in aspects_of(call, policy))

    def counts_order(self, call: Call, policy: Policy, order: Any) -> bool:
        """The same of an order: one placed before counts once an event has said anew what it is."""
        known_since = self.tallied_since if call.of else self.named_since
        at = order.said_at if order.at > known_since else order.at
        return self.counts(call, policy, at)

    def first_kept(self, call: Call, policy: Policy) -> int:
        return self.first.get(next(aspects_of(call, policy), ()), -(10**9))

    def adopt(self, before: Policy, after: Policy, at: int, memory: Any) -> None:
        for call in before.calls:
            self.keep(call, before, memory)
        asked = {each for call in before.calls for each in aspects_of(call, before)}
        now = {each for call in after.calls for each in aspects_of(call, after)}
        self.since = {each: self.since.get(each, -1) if each in asked else at for each in now}
        self.first = {each: day for each, day in self.first.items() if each in now and each in asked}
        for either in (asked, now):
            if not any(each[0] == ORDERED for each in either):
                self.named_since = at
            if not any(each[0] == "tally" and each[2] != "views" for each in either):
                self.tallied_since = at

    def keep(self, call: Call, policy: Policy, memory: Any) -> None:
        """Note how far back the windows of a policy reach on the day, or in the slot, of the last that it counted."""
        of = next(aspects_of(call, policy), None)
        alike = [each for each in policy.calls if next(aspects_of(each, policy), None) == of]
        length = max(policy.slots_in(each.hours) if call.hours else each.days for each in alike)
        last = last_counted(call, policy, memory) if call.hours or call.of or call.function == "return_rate" else None
        if of is not None and last is not None:
            self.first[of] = max(self.first.get(of, -(10**9)), last - length + 1)


def last_counted(call: Call, policy: Policy, memory: Any) -> int | None:
    """The last day, or slot, of what a call counts."""
    if call.function == "return_rate":
        return max((each.order.day for each in memory.placed), default=None)
    if call.of:
        keys = VIEW_KEYS if call.weight == "views" else (ORDERED, key_of("Order Updated"))
        name = FIELDS_OF[call.of]
        return max(
            (it.day for it in memory.happened if it.key in keys and values_of(it.properties.get(name))), default=None
        )
    key = key_of(call.event)
    happened = memory.orders if key == ORDERED else [each for each in memory.happened if each.key == key]
    return max((policy.slot(each.at) for each in happened), default=None)
