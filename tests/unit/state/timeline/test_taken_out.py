"""A fact whose place an earlier record of the same event takes: what was published of it is taken back, however old."""

from schemas.events import AnyFact, OrderCompleted, RepublishRequested
from state.features.catalogue import catalogue
from state.policy.compiled import read_policy
from state.rules.rulebook import Rulebook
from state.timeline.receive import receive
from state.timeline.timeline import apply_facts, begin

RULES = Rulebook(
    read_policy('name = "b"\n[[segments]]\nkey = "buyer"\nname = "Buyer"\nenter = "orders >= 1"\n', catalogue)
)
LATENESS = RULES.compiled.lateness_ms
START = 1_600_000_000_000


def test_what_was_told_of_it_is_taken_back_though_the_customer_was_silent_before() -> None:
    timeline = begin(START, "c", RULES.first_stage)
    order = OrderCompleted(at=START, message_id="o", order_id="o", total=100, items=1, categories=())
    apply_facts(timeline, [order], START, START - LATENESS, RULES, [])
    asked = START + 30 * LATENESS
    request = RepublishRequested(asked, "r", "buyer")
    told = apply_facts(timeline, [request], asked, asked - LATENESS, RULES, [])
    earlier = RepublishRequested(asked - LATENESS // 2, "r", "buyer")
    arrived: list[AnyFact] = []
    receive(timeline, arrived, earlier, LATENESS)
    upto = asked + LATENESS // 4
    later = apply_facts(timeline, arrived, upto, upto - LATENESS, RULES, [])
    assert [(it.change.at, it.retracted) for it in told] == [(asked, False)]
    assert [(it.change.at, it.retracted) for it in later] == [(asked, True), (earlier.at, False)]
