"""Retention: when a policy forgets customers who have not been heard of for long, and what is left of them then."""

from collections.abc import Sequence

from schemas.change import FORGOTTEN, Cause, Change
from state.customer.customer import Customer, first_seen
from state.policy.shape import Policy
from state.rules.decision import ReasonedChange
from state.rules.earliest import earliest

BY_RETENTION = Cause("deadline", "retention")


class Retention:
    """The retention under a policy whose days have ``day_ms``: how long each stage is kept after the last event."""

    def __init__(self, policy: Policy, day_ms: int) -> None:
        self._days = policy.retention.by_stage
        self._kept_ms = {stage: int(days * day_ms) for stage, days in self._days.items()}

    def expect(self, customer: Customer) -> None:
        """Make a customer due when they are to be forgotten, if not before."""
        end = self._end(customer)
        if end is not None:
            # Under a policy that is new to the customer, the instant may be over.
            end = max(end, customer.at + 1)
            customer.due = end if customer.due is None else earliest(customer.due, end)

    def is_over(self, customer: Customer, at: int) -> bool:
        """Tell whether a customer is forgotten at ``at``, or was before."""
        end = self._end(customer)
        return is_forgotten(customer) or (end is not None and end <= at)

    def changes(self, customer: Customer, at: int) -> Sequence[ReasonedChange]:
        """Return that a customer is forgotten, unless they were before; the customer is left as they are."""
        stage = customer.stage
        if stage == FORGOTTEN:
            return ()
        change = Change(at=at, key=None, name=FORGOTTEN, from_=stage, to=FORGOTTEN, cause=BY_RETENTION)
        return (ReasonedChange(change, f"{stage} and no event for {self._days[stage]:g} days"),)

    def _end(self, customer: Customer) -> int | None:
        kept = self._kept_ms.get(customer.stage)
        return None if kept is None else max(customer.since, customer.last_event_at) + kept


def is_forgotten(customer: Customer) -> bool:
    """Tell whether nothing is kept of a customer any more."""
    return customer.stage == FORGOTTEN


def become_forgotten(customer: Customer, at: int) -> None:
    """Forget everything of a customer at ``at``, but the userId; who was forgotten before stays so since then."""
    if is_forgotten(customer):
        customer.due = None
        return
    _become(customer, first_seen(at, customer.user_id, FORGOTTEN))


def begin_anew(customer: Customer, at: int, first_stage: str) -> None:
    """Let a customer who was forgotten begin at their next event."""
    _become(customer, first_seen(at, customer.user_id, first_stage))


def _become(customer: Customer, fresh: Customer) -> None:
    for name in Customer.__struct_fields__:
        setattr(customer, name, getattr(fresh, name))
