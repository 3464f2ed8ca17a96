"""BG/NBD against the published estimates, and against the implementation everyone compares with."""

import warnings
from math import isinf

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas import instant
from schemas.transition import StageChanged, decode
from state.bgnbd import idle_until, p_alive
from state.features.catalogue import catalogue
from state.policy.compiled import read_policy
from state.rules.rulebook import Rulebook
from streams.backtest.backtest import UnusableLine, read_events, run
from streams.sources.named import open_source
from streams.sources.source import package_file

DAY = 86_400_000
# Fader, Hardie, Lee 2005, table 2: the CDNOW calibration period, in weeks.
CDNOW = {"r": 0.243, "alpha": 4.414, "a": 0.793, "b": 2.426}
POLICY = """
name = "cdnow"
[lifecycle]
one_time_patience_days = 400
one_time_churn_days = 800
[lifecycle.patience]
method = "p_alive"
limit = 0.5
churn_limit = 0.1
r = 0.243
alpha = 4.414
a = 0.793
b = 2.426
unit_days = 7
min_days = 1
max_days = 2000
"""


def test_the_published_estimates_come_from_the_published_data() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import numpy
        import pandas
        from lifetimes import BetaGeoFitter

        # Its own reader needs pkg_resources, which is not there from Python 3.12 on.
        data = package_file("lifetimes", "datasets/cdnow_customers_summary.csv", "cdnow")
        summary = pandas.read_csv(data, index_col=0)
        fitter = BetaGeoFitter()
        fitter.fit(summary["frequency"], summary["recency"], summary["T"])
        estimates = dict(fitter.params_)
        assert estimates == pytest.approx(CDNOW, rel=2e-3)
        for x, recency, age in summary[["frequency", "recency", "T"]].to_numpy()[::7]:
            theirs = float(numpy.ravel(fitter.conditional_probability_alive(x, recency, age))[0])
            assert p_alive(int(x), recency, age, **estimates) == pytest.approx(theirs, abs=1e-12)


def test_right_after_the_first_repeat_purchase() -> None:
    assert p_alive(1, 10.0, 10.0, **CDNOW) == pytest.approx(0.754, abs=5e-4)


@given(st.integers(1, 400), st.floats(0, 500), st.floats(0.01, 0.99))
def test_the_silence_is_the_inverse_of_the_chance(x: int, recency: float, p: float) -> None:
    idle = idle_until(p, x, recency, **CDNOW)
    if idle == 0:
        assert p_alive(x, recency, recency, **CDNOW) <= p + 1e-12
    else:
        assert p_alive(x, recency, recency + idle, **CDNOW) == pytest.approx(p, abs=1e-9)


def test_one_time_buyers_live_for_ever() -> None:
    assert p_alive(0, 0.0, 5000.0, **CDNOW) == 1.0
    assert isinf(idle_until(0.5, 0, 0.0, **CDNOW))


def test_a_heavy_buyer_long_gone_is_no_overflow() -> None:
    assert p_alive(400, 50.0, 5300.0, **CDNOW) == pytest.approx(0.0)


def test_cdnow_customers_are_at_risk_when_the_chance_is_one_half() -> None:
    rules = Rulebook(read_policy(POLICY, catalogue))
    source = open_source("cdnow", customers=400)
    lines = ((number, event.value) for number, event in enumerate(source.events))
    refused: list[UnusableLine] = []
    events = read_events(lines, instant.from_text("2000-01-01"), rules, refused.append)
    assert refused == []
    orders: dict[str, list[int]] = {
        customer: sorted(fact.at for fact in facts) for customer, facts in events.by_customer.items()
    }
    result = run(events, instant.from_text("2000-01-01"), rules)
    checked = 0
    for value in result.transitions:
        transition = decode(value)
        if not isinstance(transition, StageChanged) or transition.properties.transition != "at_risk":
            continue
        at = instant.from_text(transition.timestamp)
        before: list[int] = []
        for order in orders[transition.user_id]:
            if order <= at and (not before or order - before[-1] >= DAY):  # the data have several orders a day
                before.append(order)
        if len(before) < 2:
            continue
        week = 7 * DAY
        chance = p_alive(len(before) - 1, (before[-1] - before[0]) / week, (at - before[0]) / week, **CDNOW)
        assert chance == pytest.approx(0.5, abs=1e-6)
        checked += 1
    assert checked > 50
