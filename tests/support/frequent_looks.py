"""A history decided by its deadlines, and a customer who is looked at very often over the same history."""

from collections.abc import Callable, Sequence

from hypothesis import strategies as st

from schemas.events import AnyFact, Browsed, OrderCompleted
from state.customer.customer import Customer, first_seen
from state.rules.decision import Decision
from state.rules.rulebook import Rulebook
from tests.support.histories import DAY, START

HOUR = DAY // 24
NOON = START - START % DAY + DAY // 2
_AFTER_MS = 45 * DAY

gaps = st.sampled_from((0, 1, 5, 24, 31, 60, 100, 9 * 24))
kinds = st.sampled_from(("order", "visit"))
events = st.lists(st.tuples(gaps, kinds), min_size=1, max_size=9)
"""Orders and visits, each so many hours after the one before."""


def history_of(drawn: Sequence[tuple[int, str]]) -> list[AnyFact]:
    """Return the facts of drawn events, the first of them at noon: who has no event is no customer yet."""
    history: list[AnyFact] = []
    at = NOON
    for number, (gap, kind) in enumerate(drawn):
        at += gap * HOUR if history else 0
        order = OrderCompleted(at, f"m{number}", f"o{number}", 1000, 1, ())
        history.append(order if kind == "order" else Browsed(at, f"m{number}", "Product Viewed"))
    return history


def decided(rules: Rulebook, history: Sequence[AnyFact]) -> list[Decision]:
    """Return what is decided of a history and the weeks after it."""
    decisions: list[Decision] = []
    customer = first_seen(NOON, stage=rules.first_stage)
    for fact in history:
        rules.advance(customer, fact, decisions)
    rules.elapse(customer, history[-1].at + _AFTER_MS, decisions)
    return decisions


def look_often(rules: Rulebook, history: Sequence[AnyFact], customer: Customer, look: Callable[[int], None]) -> None:
    """Apply a history to a customer without deciding it; ``look`` at them at every hour and after each fact."""
    waiting = list(history)
    end = history[-1].at + _AFTER_MS
    for hour in range(NOON, end + 1, HOUR):
        for instant in (hour, hour + 1):  # what is asked with ``>`` begins to hold a millisecond later
            if NOON < instant <= end:
                look(instant)
            while waiting and waiting[0].at == instant:
                rules.apply_event(customer, waiting.pop(0))
                look(instant)
