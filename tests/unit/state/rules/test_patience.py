"""Patience as a decision table: the silence limits under each method of a policy."""

import msgspec
import pytest

from state.bgnbd import p_alive
from state.policy.lifecycle_shape import Fixed, Lifecycle, PAlive, Rhythm, SupportRules
from state.policy.shape import Policy
from state.rules.patience import Displeasure, PatienceRules, displeasure_at
from tests.unit.state.customers import DAY, buyer, ms


def rules(day_ms: int = DAY, **lifecycle: object) -> PatienceRules:
    chosen = Lifecycle(one_time_patience_days=40, one_time_churn_days=100, **lifecycle)  # type: ignore[arg-type]
    return PatienceRules(Policy(name="table", lifecycle=chosen), day_ms)


def case(id_: str, *values: object) -> object:
    return pytest.param(*values, id=id_)


RHYTHM = rules(patience=Rhythm(multiple=3, churn_multiple=2, min_days=6, max_days=60))
FIXED = rules(patience=Fixed(days=15, churn_days=45))
CDNOW = PAlive(limit=0.6, churn_limit=0.2, r=0.243, alpha=4.414, a=0.793, b=2.426, min_days=7, max_days=100)
ALIVE = rules(patience=CDNOW)
DAILY = rules(patience=msgspec.structs.replace(CDNOW, min_at_risk_days=2))


@pytest.mark.parametrize(
    ("patience", "order_days", "at_risk", "churned"),
    [
        case("rhythm: one order has the one-time limits", RHYTHM, (1,), 40, 100),
        case("fixed: one order has the one-time limits", FIXED, (1,), 40, 100),
        case("p_alive: one order has the one-time limits", ALIVE, (1,), 40, 100),
        case("rhythm: three mean gaps", RHYTHM, (1, 6), 15, 30),
        case("rhythm: the mean of all gaps, not the last", RHYTHM, (1, 2, 17), 24, 48),
        case("rhythm: orders of one day are one occasion", RHYTHM, (1, 1, 1.99), 40, 100),
        case("rhythm: the mean gap between occasions", RHYTHM, (1, 1.5, 6, 6.9), 15, 30),
        case("rhythm: never below the least", RHYTHM, (1, 2), 6, 12),
        case("rhythm: just the least", RHYTHM, (1, 3), 6, 12),
        case("rhythm: never above the most", RHYTHM, (1, 41), 60, 120),
        case("fixed: the same for slow buyers", FIXED, (1, 300), 15, 45),
        case("fixed: the same for fast buyers", FIXED, (1, 2, 3, 4), 15, 45),
        case("p_alive: never above the most, twice that for churn", ALIVE, (1, 3000), 100, 200),
        case("p_alive: at risk for some days before it churns", DAILY, tuple(range(1, 400)), 7, 9),
    ],
)
def test_the_limits(patience, order_days, at_risk, churned):
    limits = patience.limits_of(buyer(*order_days))
    assert (limits.at_risk, limits.churned) == (ms(at_risk), ms(churned))


@pytest.mark.parametrize("order_days", [(1, 30), (1, 20, 60), (1, 2, 3, 80)])
def test_p_alive_is_over_its_limit_until_the_customer_is_at_risk(order_days):
    limits = ALIVE.limits_of(buyer(*order_days))
    repeats, span = len(order_days) - 1, order_days[-1] - order_days[0]

    def alive(silence: float) -> float:
        age = (span + silence / DAY) / CDNOW.unit_days
        return p_alive(repeats, span / CDNOW.unit_days, age, r=CDNOW.r, alpha=CDNOW.alpha, a=CDNOW.a, b=CDNOW.b)

    assert ms(CDNOW.min_days) < limits.at_risk < ms(CDNOW.max_days)
    assert alive(limits.at_risk - 60_000) > CDNOW.limit > alive(limits.at_risk + 60_000)


def test_p_alive_puts_at_risk_before_it_churns():
    close = rules(patience=PAlive(limit=0.6, churn_limit=0.59, r=1, alpha=1, a=1, b=1, min_days=50, max_days=60))
    limits = close.limits_of(buyer(1, 2))
    assert limits.at_risk == ms(50) and limits.churned == ms(57)


def test_a_shorter_day_shortens_the_limits():
    assert rules(day_ms=1000, patience=Fixed(days=15, churn_days=45)).limits_of(buyer(1, 2)).at_risk == 15_000


SUPPORT = rules(
    patience=Fixed(days=10, churn_days=30),
    support=SupportRules(shorten_to=0.5, bad_rating=2, rating_counts_days=8, open_days=2),
)
RATING_1 = Displeasure(ms(5), ms(13))
OPEN = Displeasure(ms(6), None)


@pytest.mark.parametrize(
    ("patience", "customer", "found"),
    [
        case("no support, no displeasure", SUPPORT, buyer(1, 2), []),
        case("the worst rating displeases from its instant on", SUPPORT, buyer(1, 2, rated=(5, 1)), [RATING_1]),
        case(
            "the limit of a bad rating belongs to the bad ones",
            SUPPORT,
            buyer(1, 2, rated=(5, 2)),
            [RATING_1],
        ),
        case("a fair rating does not displease", SUPPORT, buyer(1, 2, rated=(5, 3)), []),
        case("an open ticket displeases after two days", SUPPORT, buyer(1, 2, ticket_opened=4), [OPEN]),
        case("both displease", SUPPORT, buyer(1, 2, rated=(5, 1), ticket_opened=4), [RATING_1, OPEN]),
        case("a policy may ignore support", FIXED, buyer(1, 2, rated=(5, 1), ticket_opened=4), []),
    ],
)
def test_the_displeasures(patience, customer, found):
    assert list(patience.displeasures(customer)) == found


@pytest.mark.parametrize(
    ("day", "holds"),
    [
        case("not before it begins", 4.99, None),
        case("from its first instant", 5, RATING_1),
        case("the first of several", 7, RATING_1),
        case("another one when the first has ended", 13, OPEN),
        case("without an end for ever", 5000, OPEN),
    ],
)
def test_the_displeasure_that_holds(day, holds):
    assert displeasure_at([RATING_1, OPEN], ms(day)) == holds


@pytest.mark.parametrize(
    ("last", "displeasures", "now", "reached"),
    [
        case("at the limit", 2, [], 3, 12),
        case("now if the limit is over", 2, [], 20, 20),
        case("at half the limit under a displeasure", 2, [RATING_1], 3, 7),
        case("not before the displeasure begins", 0, [OPEN], 3, 6),
        case("at the whole limit if the displeasure ends before half of it", 9, [RATING_1], 9, 19),
        case("at the whole limit if the displeasure ends just then", 8, [RATING_1], 8, 18),
        case("at the earliest of several", 2, [Displeasure(ms(9), None), OPEN], 3, 7),
        case("now if a displeasure is over its half", 2, [OPEN], 8, 8),
    ],
)
def test_the_instant_at_which_a_silence_reaches_its_limit(last, displeasures, now, reached):
    assert SUPPORT.reached_at(ms(last), ms(10), displeasures, ms(now)) == ms(reached)


def test_support_never_lengthens_the_patience():
    assert SUPPORT.shortened(ms(10)) == ms(5)
    assert FIXED.shortened(ms(10)) == ms(10)
