"""Customers of whom nothing is heard: forgotten at the instant that the policy says, and somebody new after that."""

from schemas.instant import from_text
from state.features.catalogue import catalogue
from state.policy.compiled import read_policy
from state.policy.summary import summarize
from tests.cases.intake import Intake, Result, both, event

POLICY = """
name = "cases"
[lifecycle]
one_time_patience_days = 10
one_time_churn_days = 20
[retention]
forget_prospects_after_days = 30
forget_churned_after_days = 40
"""


def order(day: str, number: int, **more: str) -> bytes:
    return event("Order Completed", "u", f"{day}T12:00:00Z", f"o{number}", order_id=f"o{number}", total=10, **more)


def forgotten(result: Result, customer: str = "u") -> list[str]:
    return [it["timestamp"] for it in result.transitions.get(customer, []) if it["event"] == "Customer Forgotten"]


@both
def test_a_prospect_is_forgotten_so_long_after_the_last_event(intake: Intake) -> None:
    lines = [event("Product Viewed", "u", f"2025-01-{day:02}T10:00:00Z", f"v{day}") for day in (1, 20)]
    before = intake(lines, POLICY, from_text("2025-02-19T09:59:59.999Z"))
    assert (forgotten(before), [*before.profiles]) == ([], ["u"])
    result = intake(lines, POLICY, from_text("2025-02-19T10:00:00Z"))
    assert (forgotten(result), result.profiles) == (["2025-02-19T10:00:00.000Z"], {})


@both
def test_a_churned_customer_is_forgotten_so_long_after_both_the_churn_and_the_last_event(intake: Intake) -> None:
    silent = intake([order("2025-01-01", 1)], POLICY, from_text("2025-12-31T00:00:00Z"))
    assert forgotten(silent) == ["2025-03-02T12:00:00.000Z"]
    viewed = event("Product Viewed", "u", "2025-02-10T08:00:00Z", "v1")
    seen = intake([order("2025-01-01", 1), viewed], POLICY, from_text("2025-12-31T00:00:00Z"))
    assert forgotten(seen) == ["2025-03-22T08:00:00.000Z"]


@both
def test_whoever_comes_back_after_that_has_no_past(intake: Intake) -> None:
    cancelled = event("Order Cancelled", "u", "2025-06-02T12:00:00Z", "c1", order_id="o1")
    result = intake([order("2025-01-01", 1), order("2025-06-01", 2), cancelled], POLICY)
    assert result.figure("u", "orders") == 1
    assert result.stages("u")[-1] == ("acquired", "2025-06-01T12:00:00.000Z")
    assert (result.rejects, result.unknown_orders) == ([], 1)  # the order of before is no order of theirs


@both
def test_who_asks_about_somebody_forgotten_is_told_that_nobody_is_known(intake: Intake) -> None:
    segment = '[[segments]]\nkey = "s"\nname = "S"\nenter = "orders >= 1"\n'
    asked = event("Segment Republish Requested", "u", "2025-06-01T12:00:00Z", "r1", segment="s")
    result = intake([order("2025-01-01", 1), asked], POLICY + segment)
    assert result.rejects == [(2, "unknown_customer")]


def test_the_policy_is_told_in_words() -> None:
    told = summarize(read_policy(POLICY, catalogue))
    assert "Who is prospect and is not heard of for 30 days is forgotten" in told
    assert "Who is churned and is not heard of for 40 days is forgotten" in told
