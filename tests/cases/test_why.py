"""Why: buyers of every rhythm, and the rule, the value, the limit and the bound that decided about each."""

from datetime import UTC, datetime, timedelta

import pytest

from streams.policy_file import shipped_policy
from tests.cases.intake import Intake, both, event

START = datetime(2025, 1, 1, 10, tzinfo=UTC)
END = 1_900_000_000_000
SHIPPED = shipped_policy().read_text("utf-8")


def order(customer: str, days: float) -> bytes:
    at = (START + timedelta(days=days)).isoformat()
    return event("Order Completed", customer, at, f"{customer}{days}", order_id=f"{customer}{days}", total=20)


def of(result, customer: str) -> dict[str, str]:
    steps = [it["properties"] for it in result.transitions[customer]]
    return {it["transition"]: it["why"] for it in steps if "transition" in it}


@both
@pytest.mark.parametrize(
    ("gap", "at_risk", "churned"),
    [
        (10, "30 (multiple 3 x mean_gap_days 10)", "90 (churn_multiple 3 x 30, multiple 3 x mean_gap_days 10)"),
        (
            2,
            "21 (min_days 21 >= 6, multiple 3 x mean_gap_days 2)",
            "63 (churn_multiple 3 x 21, min_days 21 >= 6, multiple 3 x mean_gap_days 2)",
        ),
        (
            7,
            "21 (min_days 21 >= 21, multiple 3 x mean_gap_days 7)",
            "63 (churn_multiple 3 x 21, min_days 21 >= 21, multiple 3 x mean_gap_days 7)",
        ),
        (
            39.98,
            "119.94 (multiple 3 x mean_gap_days 39.98)",
            "359.82 (churn_multiple 3 x 119.94, multiple 3 x mean_gap_days 39.98)",
        ),
        (
            61,
            "120 (max_days 120 <= 183, multiple 3 x mean_gap_days 61)",
            "360 (churn_multiple 3 x 120, max_days 120 <= 183, multiple 3 x mean_gap_days 61)",
        ),
    ],
)
def test_rhythm_says_which_bound_held(intake: Intake, gap: float, at_risk: str, churned: str) -> None:
    result = intake([order("u", 0), order("u", gap)], SHIPPED, until=END)
    why = of(result, "u")
    assert why["at_risk"] == f"days_since_order {at_risk.split(maxsplit=1)[0]} >= {at_risk}"
    assert why["churned"] == f"days_since_order {churned.split(maxsplit=1)[0]} >= {churned}"


@both
def test_one_order_and_coming_back(intake: Intake) -> None:
    result = intake([order("u", 0), order("u", 70), order("u", 600)], SHIPPED, until=END)
    assert of(result, "u") == {
        "acquired": "occasions 1 >= 1",
        "at_risk": "days_since_order 120 >= 120 (max_days 120 <= 900, multiple 3 x mean_gap_days 300)",
        "recovered": "days_since_order 0 < 120 (max_days 120 <= 210, multiple 3 x mean_gap_days 70); occasions 2 >= 2; "
        "not loyal",
        "churned": "days_since_order 360 >= 360 (churn_multiple 3 x 120, max_days 120 <= 900, multiple 3 x "
        "mean_gap_days 300)",
        "won_back": "days_since_order 0 < 120 (max_days 120 <= 900, multiple 3 x mean_gap_days 300); occasions 3 >= 2; "
        "not loyal",
    }


@both
def test_a_refund_that_takes_a_step_back(intake: Intake) -> None:
    refund = event("Order Refunded", "u", "2025-01-20T10:00:00Z", "r", order_id="u9")
    both_ = [order("u", 0), order("u", 9), refund]
    assert of(intake(both_, SHIPPED), "u")["reverted"] == "occasions 1 < 2"
    alone = [order("u", 9), refund]
    assert of(intake(alone, SHIPPED), "u")["reverted"] == "orders 0 < 1"


@both
def test_support_that_shortens(intake: Intake) -> None:
    rated = event("Support Ticket Rated", "u", "2025-01-05T10:00:00Z", "r", ticket_id="t", rating=1)
    why = of(intake([order("u", 0), rated], SHIPPED, until=END), "u")
    assert why["at_risk"] == (
        "days_since_order 30 >= 30 (shorten_to 0.5 x 60, one_time_patience_days 60); last_rating 1 <= 2 "
        "(bad_rating 2); days_since_rating 26 < 30 (rating_counts_days 30)"
    )
    assert why["churned"] == "days_since_order 180 >= 180 (one_time_churn_days 180)"


@both
def test_nothing_is_said_twice(intake: Intake) -> None:
    policy = 'name = "twice"\n[lifecycle.loyal]\nenter = "occasions >= 2 and orders >= 2"\n'
    result = intake([order("u", 0), order("u", 300), order("u", 900)], policy, until=END)
    why = of(result, "u")
    assert why["won_back"].endswith("; occasions 3 >= 2; loyal")
    first = next(it["properties"]["why"] for it in result.transitions["u"] if it["properties"]["to"] == "loyal")
    assert first.endswith("; occasions 2 >= 2; orders 2 >= 2")
