"""Windows in hours change at the instants that a look at every few minutes finds."""

from functools import cache

from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.events import AnyFact, Browsed, OrderCancelled, OrderCompleted, Trait
from state.customer.customer import first_seen
from state.features.catalogue import catalogue
from state.policy.compiled import read_policy
from state.rules.rulebook import Rulebook
from tests.support.frequent_looks import HOUR, NOON, decided

MINUTES = 20
SLOT = MINUTES * HOUR // 60
CONDITIONS = (
    'count("Product Viewed", hours = {0}) >= 2',
    'count("Order Completed", hours = {0}) >= 1 and count("Product Viewed", hours = {1}) == 0',
    'count("Product Viewed", hours = {0}) > count("Product Viewed", hours = {1})',
    'sum("Order Completed", total, hours = {0}) > 15 or max("Order Completed", total, hours = {1}) <= 5',
)


@cache
def rulebook(condition: str) -> Rulebook:
    text = f'name = "p"\n[time]\nresolution_minutes = {MINUTES}\n[[segments]]\nkey = "s"\nname = "S"\n'
    return Rulebook(read_policy(f"{text}enter = '''{condition}'''\n", catalogue))


hours = st.sampled_from((1, 2, 7, 30, 72))
conditions = st.builds(str.format, st.sampled_from(CONDITIONS), hours, hours)
events = st.lists(
    st.tuples(st.sampled_from((0, 7, 20, 59, 121, 900, 4000)), st.sampled_from(("view", "order", "cancel"))),
    min_size=1,
    max_size=8,
)


def history_of(drawn: list[tuple[int, str]]) -> list[AnyFact]:
    """Views, orders, and the cancelling of the last order, each so many minutes after the one before."""
    history: list[AnyFact] = []
    at, order = NOON, ""
    for number, (minutes, kind) in enumerate(drawn):
        at += minutes * HOUR // 60 if history else 0
        if kind == "order":
            order = f"o{number}"
            said: dict[str, Trait] = {"total": 3 + 7 * (number % 3)}
            history.append(OrderCompleted(at, f"m{number}", order, 1000, 1, (), properties=said))
        elif kind == "cancel" and order:
            history.append(OrderCancelled(at, f"m{number}", order))
        else:
            history.append(Browsed(at, f"m{number}", "Product Viewed"))
    return history


@settings(max_examples=settings().max_examples // 2)
@given(conditions, events)
def test_a_window_changes_at_the_slots_of_brute_force(condition: str, drawn: list[tuple[int, str]]) -> None:
    rules, history = rulebook(condition), history_of(drawn)
    found = [(it.change.at, it.change.to) for it in decided(rules, history) if it.change.key == "s"]
    (segment,) = rules.compiled.segments
    customer = first_seen(NOON)
    waiting, is_in, expected = list(history), False, []
    for slot in range(NOON - NOON % SLOT, history[-1].at + 80 * HOUR, SLOT):
        while waiting and waiting[0].at < slot:
            fact = waiting.pop(0)
            rules.apply_event(customer, fact)
            if segment.enter.holds(customer, fact.at) is not is_in:
                is_in = not is_in
                expected.append((fact.at, "in" if is_in else "out"))
        if slot > NOON and segment.enter.holds(customer, slot) is not is_in:
            is_in = not is_in
            expected.append((slot, "in" if is_in else "out"))
    assert found == expected
