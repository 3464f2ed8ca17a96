"""A history: all facts of one customer at once, decided from the first to the last, as a backtest does."""

from collections.abc import Iterable
from typing import NamedTuple

from schemas.change import Publication
from schemas.events import AnyFact, time_order
from state.customer.customer import Customer, first_seen
from state.rules.decision import Decision
from state.rules.rulebook import Rulebook


class History(NamedTuple):
    """The customer in the end, what was published, and how many facts were duplicates or lie after the end."""

    customer: Customer
    published: list[Publication]
    duplicates: int
    after: int


def decide_history(facts: Iterable[AnyFact], until: int, rules: Rulebook) -> History | None:
    """Decide a customer's whole history, in whatever order the facts are given; None when nothing happened.

    A fact is a duplicate when one with the same messageId lies at most the allowed lateness before it, which is what
    the timeline of a stream can know. Facts after ``until`` are left out.
    """
    ordered = sorted(facts, key=time_order)
    decisions: list[Decision] = []
    customer: Customer | None = None
    sent: dict[str, int] = {}
    lateness = rules.compiled.lateness_ms
    duplicates = 0
    for number, fact in enumerate(ordered):
        if fact.at > until:
            if customer is None:
                return None
            return _end(customer, until, decisions, duplicates, len(ordered) - number, rules)
        before = sent.get(fact.message_id)
        if before is not None and fact.at - before <= lateness:
            duplicates += 1
            continue
        sent[fact.message_id] = fact.at
        customer = customer or first_seen(fact.at)
        rules.advance(customer, fact, decisions)
    return None if customer is None else _end(customer, until, decisions, duplicates, 0, rules)


def _end(
    customer: Customer, until: int, decisions: list[Decision], duplicates: int, after: int, rules: Rulebook
) -> History:
    rules.elapse(customer, until, decisions)
    published = [Publication(change, figures, seq) for seq, (change, figures) in enumerate(decisions, start=1)]
    return History(customer, published, duplicates, after)
