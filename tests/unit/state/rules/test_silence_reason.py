"""Reasons of silence as a decision table: which rule decided, its value and its limit, and which bound held."""

import pytest

from state.policy.lifecycle_shape import Fixed, Lifecycle, PAlive, Rhythm, SupportRules
from state.policy.shape import Policy
from state.rules.patience import PatienceRules
from state.rules.silence_reason import SilenceReasons
from tests.unit.state.customers import DAY, buyer, ms


def rules(**lifecycle: object) -> PatienceRules:
    chosen = Lifecycle(one_time_patience_days=40, one_time_churn_days=100, **lifecycle)  # type: ignore[arg-type]
    return PatienceRules(Policy(name="table", lifecycle=chosen), DAY)


def case(id_: str, *values: object) -> object:
    return pytest.param(*values, id=id_)


def alive(**more: float) -> PatienceRules:
    return rules(patience=PAlive(limit=0.6, churn_limit=0.2, r=0.243, alpha=4.414, a=0.793, b=2.426, **more))


RHYTHM = rules(patience=Rhythm(multiple=3, churn_multiple=2.5, min_days=21, max_days=120))
FIXED = rules(patience=Fixed(days=15, churn_days=45.5))
WHERE = "p_alive falls to"


@pytest.mark.parametrize(
    ("patience", "order_days", "at_risk", "churned"),
    [
        case("one order", RHYTHM, (1,), "40 (one_time_patience_days 40)", "100 (one_time_churn_days 100)"),
        case("fixed", FIXED, (1, 3), "15 (days 15)", "45.5 (churn_days 45.5)"),
        case(
            "the rhythm itself",
            RHYTHM,
            (1, 11),
            "30 (multiple 3 x mean_gap_days 10)",
            "75 (churn_multiple 2.5 x 30, multiple 3 x mean_gap_days 10)",
        ),
        case(
            "a quick rhythm, bounded",
            RHYTHM,
            (1, 3),
            "21 (min_days 21 >= 6, multiple 3 x mean_gap_days 2)",
            "52.5 (churn_multiple 2.5 x 21, min_days 21 >= 6, multiple 3 x mean_gap_days 2)",
        ),
        case(
            "a rhythm that is just the bound",
            RHYTHM,
            (1, 8),
            "21 (min_days 21 >= 21, multiple 3 x mean_gap_days 7)",
            "52.5 (churn_multiple 2.5 x 21, min_days 21 >= 21, multiple 3 x mean_gap_days 7)",
        ),
        case(
            "a slow rhythm, bounded",
            RHYTHM,
            (1, 367),
            "120 (max_days 120 <= 1098, multiple 3 x mean_gap_days 366)",
            "300 (churn_multiple 2.5 x 120, max_days 120 <= 1098, multiple 3 x mean_gap_days 366)",
        ),
        case(
            "a rhythm that looks like the bound and is not",
            RHYTHM,
            (1, 1 + 39.99999),
            "120 (multiple 3 x mean_gap_days 40)",
            "299.9999 (churn_multiple 2.5 x 120, multiple 3 x mean_gap_days 40)",
        ),
        case(
            "p_alive itself",
            alive(),
            (1, 30),
            f"46.3762 ({WHERE} limit 0.6)",
            f"389.3174 ({WHERE} churn_limit 0.2)",
        ),
        case(
            "p_alive, bounded",
            alive(min_days=14),
            (1, 2, 3, 4, 5, 6, 7, 8, 9, 10),
            f"14 (min_days 14 >= 10.562, {WHERE} limit 0.6)",
            f"21.3562 ({WHERE} churn_limit 0.2)",
        ),
        case(
            "p_alive, at risk for some days",
            alive(min_days=30, min_at_risk_days=5),
            (1, 2, 3, 4, 5, 6, 7, 8, 9, 10),
            f"30 (min_days 30 >= 10.562, {WHERE} limit 0.6)",
            f"35 (30 + min_at_risk_days 5 = 35 >= 30, min_days 30 >= 21.3562, {WHERE} churn_limit 0.2)",
        ),
        case(
            "p_alive, at most",
            alive(max_days=50),
            (1, 3000),
            f"50 (max_days 50 <= 2345.9079, {WHERE} limit 0.6)",
            f"100 (2 x max_days 50 <= 19693.3457, {WHERE} churn_limit 0.2)",
        ),
    ],
)
def test_a_limit_says_where_it_comes_from(patience, order_days, at_risk, churned):
    customer = buyer(*order_days)
    limits = patience.limits_of(customer)
    last = ms(order_days[-1])
    assert (
        SilenceReasons(customer, last + limits.at_risk, limits, patience).reached("at_risk").endswith(f">= {at_risk}")
    )
    assert (
        SilenceReasons(customer, last + limits.churned, limits, patience).reached("churned").endswith(f">= {churned}")
    )
    assert SilenceReasons(customer, last + limits.churned - 1, limits, patience).reached("churned") == ""


def test_what_differs_by_a_millisecond_is_printed_apart():
    customer = buyer(1, 3)
    limits = RHYTHM.limits_of(customer)
    reasons = SilenceReasons(customer, ms(3 + 21) - 1, limits, RHYTHM)
    assert reasons.below("at_risk").startswith("days_since_order 20.99999999 < 21 (")


def test_support_that_shortens_is_named():
    support = SupportRules(shorten_to=0.25, bad_rating=2, rating_counts_days=8, open_days=2)
    patience = rules(patience=Fixed(days=16, churn_days=45), support=support)
    customer = buyer(1, 3, rated=(5, 1), ticket_opened=6)
    limits = patience.limits_of(customer)
    shortened = "days_since_order 6 >= 4 (shorten_to 0.25 x 16, days 16); "
    rated = "last_rating 1 <= 2 (bad_rating 2); days_since_rating 4 < 8 (rating_counts_days 8)"
    assert SilenceReasons(customer, ms(9), limits, patience).reached("at_risk") == shortened + rated
    later = "days_since_order 11 < 11.25 (shorten_to 0.25 x 45, churn_days 45); "
    ticket = "oldest_ticket_days 8 >= 2 (open_days 2)"
    assert SilenceReasons(customer, ms(14), limits, patience).below("churned") == later + ticket
