"""Signals after a restart and under a new policy: they count on, and nothing is told twice that was told before."""

from schemas.events import Browsed, OrderCompleted
from state.customer.customer import Customer, first_seen
from state.features.catalogue import catalogue
from state.policy.compiled import read_policy
from state.rules.decision import Decision
from state.rules.rulebook import Rulebook
from state.timeline.snapshot import dump, load
from state.timeline.timeline import apply_facts, begin
from tests.support.histories import DAY, START

BUYERS = "[[segments]]\nkey = 'buyers'\nname = 'Buyers'\nenter = 'orders >= 1'\n"
CARE = "[[signals]]\nkey = 'care'\nname = 'Care'\nsegment = 'buyers'\nevery_days = 10\n"
LOOKED = "[[signals]]\nkey = 'looked'\nname = 'Looked'\nquiet_days = 5\nsteps = [{event = 'Product Viewed'}]\n"
Told = list[tuple[float, str, str]]


def rules(text: str) -> Rulebook:
    return Rulebook(read_policy('name = "p"\n' + BUYERS + text, catalogue))


def told(decisions: list[Decision]) -> Told:
    """The signals: after how many days, which, and by what kind of cause."""
    signals = [it for it, _ in decisions if it.is_signal]
    return [((it.at - START) / DAY, it.key or "", it.cause.kind) for it in signals]


def bought(text: str, days: float) -> tuple[Customer, Told]:
    """A customer of one order, so many days later."""
    customer = first_seen(START)
    decisions: list[Decision] = []
    rulebook = rules(text)
    rulebook.advance(customer, OrderCompleted(START, "m", "o", 100, 1, ()), decisions)
    rulebook.elapse(customer, START + round(days * DAY), decisions)
    return customer, told(decisions)


def adopted(text: str, customer: Customer, days: float) -> Told:
    """What is told by a new policy after so many days, and in the days after that until day 45."""
    decisions: list[Decision] = []
    rulebook = rules(text)
    rulebook.adopt(customer, START + round(days * DAY), decisions)
    rulebook.elapse(customer, START + 45 * DAY, decisions)
    return told(decisions)


def test_it_counts_on_from_the_instant_of_joining() -> None:
    customer, before = bought(CARE, 15)
    assert before == [(10, "care", "deadline")]
    assert adopted(CARE.replace("10", "12"), customer, 15) == [(24, "care", "deadline"), (36, "care", "deadline")]


def test_what_was_told_is_not_told_again_at_that_instant() -> None:
    customer, before = bought(CARE, 20)
    assert before[-1] == (20, "care", "deadline")
    assert adopted(CARE + "while = 'orders >= 1'\n", customer, 20)[0] == (30, "care", "deadline")


def test_one_that_is_added_tells_nothing_of_the_time_before() -> None:
    customer, _ = bought("", 30)
    assert adopted(CARE, customer, 30) == [(40, "care", "deadline")]


def test_what_the_policy_before_has_not_decided_is_told_once() -> None:
    customer, before = bought(CARE, 9)
    assert before == []
    assert adopted(CARE + "while = 'orders >= 1'\n", customer, 31) == [(31, "care", "policy"), (40, "care", "deadline")]


def test_one_that_is_gone_is_told_no_more() -> None:
    customer, _ = bought(CARE, 15)
    assert adopted("", customer, 15) == []


def test_quiet_days_last_under_a_policy_that_has_them_and_are_forgotten_under_others() -> None:
    def viewed(customer: Customer, text: str, days: float) -> Told:
        decisions: list[Decision] = []
        rules(text).advance(customer, Browsed(START + round(days * DAY), f"v{days}", "Product Viewed"), decisions)
        return told(decisions)

    customer, _ = bought(LOOKED, 1)
    assert viewed(customer, LOOKED, 1) == [(1, "looked", "event")]
    longer = LOOKED.replace("5", "9")
    rules(longer).adopt(customer, START + 2 * DAY, [])
    assert viewed(customer, longer, 9.5) == []
    rules(CARE).adopt(customer, START + round(9.75 * DAY), [])
    assert customer.signals_told == {}
    rules(longer).adopt(customer, START + round(9.8 * DAY), [])
    assert viewed(customer, longer, 9.9) == [(9.9, "looked", "event")]


def test_what_a_condition_asks_for_is_remembered_and_known_under_a_policy_that_asks_too() -> None:
    asks = "[[segments]]\nkey = 'cared'\nname = 'C'\nenter = 'days_since_signal(\"care\") <= 4'\n"
    customer, _ = bought(CARE, 12)
    assert customer.signals_told == {}
    customer, _ = bought(asks + CARE, 12)
    assert customer.signals_told == {"care": START + 10 * DAY} and "cared" in customer.memberships
    rules(asks.replace("<= 4", "<= 3") + CARE).adopt(customer, START + 12 * DAY, [])
    assert customer.due == START + 13 * DAY + 1, "three days after it was told they leave"


def test_a_restart_at_any_time_makes_no_difference() -> None:
    rulebook = rules(CARE + LOOKED)
    timeline = begin(START)
    found = []
    for day in range(26):
        at = START + day * DAY
        order = [OrderCompleted(at, "m", "o", 100, 1, ())] if day == 0 else []
        viewed = [Browsed(at, f"v{day}", "Product Viewed")] if day in (1, 4, 6, 15, 18, 20) else []
        # From day 21 on, nothing that has happened can be corrected any more: the customer is packed.
        published = apply_facts(timeline, [*order, *viewed], at, at - DAY, rulebook, [])
        found += [(day, it.change.key) for it in published if it.change.is_signal]
        timeline = load(dump(timeline, rulebook), rulebook)
    looked = [(day, "looked") for day in (1, 6, 15, 20)]
    assert found == sorted([*looked, (10, "care"), (20, "care")])
    assert timeline.folded and timeline.head.signals_told == {"looked": START + 20 * DAY}
