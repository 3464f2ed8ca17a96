"""A history: all facts of one customer at once, decided from the first to the last, as a backtest does."""

from bisect import bisect_right
from collections.abc import Iterable
from operator import attrgetter
from typing import NamedTuple

from schemas.change import Publication
from schemas.events import AnyFact
from schemas.fact_order import in_order
from state.customer.customer import Customer, first_seen
from state.rules.bounds_told import UNKNOWN_ORDER
from state.rules.decision import Decision
from state.rules.rulebook import Rulebook
from state.timeline.corrections import numbered
from state.timeline.records_of_event import Conflict, distinct


class History(NamedTuple):
    """The customer in the end, what was published, the facts that are duplicates, and how many lie after the end.

    ``conflicts`` are the facts that say something else than an earlier record of the same event, ``bounds`` the
    names of those that held, each time. ``unknown_orders`` are the applied facts about orders never seen.
    ``forgotten`` are the facts that were not applied since their orders may be forgotten, each with a sentence.
    """

    customer: Customer
    published: list[Publication]
    duplicates: list[AnyFact]
    after: int
    conflicts: list[Conflict]
    bounds: list[str]
    forgotten: list[tuple[AnyFact, str]]
    unknown_orders: list[AnyFact]


def decide_history(facts: Iterable[AnyFact], until: int, rules: Rulebook, user_id: str = "") -> History | None:
    """Decide a customer's whole history, in whatever order the facts are given; None when nothing happened.

    Facts after ``until`` are left out.
    """
    ordered = in_order(facts)
    within = bisect_right(ordered, until, key=_instant)
    if not within:
        return None
    counting, duplicates, conflicts = distinct(ordered[:within], rules.compiled.lateness_ms)
    customer = first_seen(counting[0].at, user_id, rules.first_stage)
    decisions: list[Decision] = []
    bounds: list[str] = []
    forgotten = []
    unknown_orders = []
    for fact in counting:
        if (why := rules.forgetting.why(customer, fact)) is None:
            for told in rules.told(customer, fact):
                if told == UNKNOWN_ORDER:
                    unknown_orders.append(fact)
                else:
                    bounds.append(told)
            rules.advance(customer, fact, decisions)
        else:
            forgotten.append((fact, why))
    rules.elapse(customer, until, decisions)
    published = [
        Publication(change, figures, seq) for seq, (change, figures) in enumerate(numbered(decisions), start=1)
    ]
    after = len(ordered) - within
    return History(customer, published, duplicates, after, conflicts, bounds, forgotten, unknown_orders)


_instant = attrgetter("at")
