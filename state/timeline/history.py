"""A history: all facts of one customer at once, decided from the first to the last, as a backtest does."""

from bisect import bisect_right
from collections.abc import Iterable
from operator import attrgetter
from typing import NamedTuple

from schemas.change import Publication
from schemas.events import AnyFact
from schemas.fact_order import in_order
from schemas.reject import RejectedError
from state.customer.customer import Customer, first_seen
from state.rules.bounds_told import UNKNOWN_ORDER
from state.rules.decision import Decision
from state.rules.retention import is_forgotten
from state.rules.rulebook import Rulebook
from state.timeline.corrections import numbered, renumbered
from state.timeline.existence import makes_exist, unknown_customer
from state.timeline.records_of_event import Conflict, distinct


class History(NamedTuple):
    """The customer in the end, what was published, the facts that are duplicates, and how many lie after the end.

    ``conflicts`` are the facts that say something else than an earlier record of the same event, ``bounds`` the
    names of those that held, each time. ``unknown_orders`` are the applied facts about orders never seen.
    ``refused`` are the facts that were not applied, since their orders may be forgotten, or since they ask to republish
    what is known of a customer who did not exist. ``existing`` is None if there is no other fact,
    or if the policy has forgotten the customer; ``seq`` is the number of the last publication about them, 0 if none is.
    """

    existing: Customer | None
    published: list[Publication]
    seq: int
    duplicates: list[AnyFact]
    after: int
    conflicts: list[Conflict]
    bounds: list[str]
    refused: list[tuple[AnyFact, RejectedError]]
    unknown_orders: list[AnyFact]

    @property
    def customer(self) -> Customer:
        """Return the customer, who must exist."""
        assert self.existing is not None
        return self.existing


def decide_history(facts: Iterable[AnyFact], until: int, rules: Rulebook, user_id: str = "") -> History | None:
    """Decide a customer's whole history, in whatever order the facts are given; None when nothing happened.

    Facts after ``until`` are left out.
    """
    ordered = in_order(facts)
    within = bisect_right(ordered, until, key=_instant)
    if not within:
        return None
    counting, duplicates, conflicts = distinct(ordered[:within], rules.compiled.lateness_ms)
    customer: Customer | None = None
    decisions: list[Decision] = []
    bounds: list[str] = []
    refused = []
    unknown_orders = []
    for fact in counting:
        if customer is None:
            if not makes_exist(fact):
                refused.append((fact, unknown_customer()))
                continue
            customer = first_seen(fact.at, user_id, rules.first_stage)
        if (error := _refusal(customer, fact, decisions, rules)) is None:
            for told in rules.told(customer, fact):
                if told == UNKNOWN_ORDER:
                    unknown_orders.append(fact)
                else:
                    bounds.append(told)
            rules.advance(customer, fact, decisions)
        else:
            refused.append((fact, error))
    if customer is not None:
        rules.elapse(customer, until, decisions)
    published = [
        Publication(change, figures, seq) for seq, (change, figures) in enumerate(numbered(decisions), start=1)
    ]
    after = len(ordered) - within
    published, seq = renumbered(published, 0)
    if customer is not None and is_forgotten(customer):
        customer = None
    return History(customer, published, seq, duplicates, after, conflicts, bounds, refused, unknown_orders)


def _refusal(customer: Customer, fact: AnyFact, decisions: list[Decision], rules: Rulebook) -> RejectedError | None:
    """Return why a fact is not applied, None if it is; time has passed until it where that may forget the customer."""
    if rules.forgets:
        rules.reach(customer, fact, decisions)
        if is_forgotten(customer):  # only who asks leaves them so
            return unknown_customer()
    why = rules.forgetting.why(customer, fact)
    return None if why is None else RejectedError("forgotten", why)


_instant = attrgetter("at")
