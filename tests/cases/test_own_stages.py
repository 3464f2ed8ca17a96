"""Stages of the policy's own: renamed, added, left out, and told like those that ship."""

import pytest

from state.features.catalogue import catalogue
from state.policy.compiled import read_policy
from state.policy.text import PolicyError
from state.rules.rulebook import Rulebook
from state.timeline.snapshot import dump, load, read_header
from state.timeline.timeline import adopt, apply_facts, begin
from tests.cases.intake import DEFAULT_POLICY, Intake, both, event
from tests.unit.state.customers import DAY, ms, ordered

POLICY = """
name = "own"
[lifecycle]
one_time_patience_days = 30
one_time_churn_days = 60
[[lifecycle.stages]]
key = "dormant"
enter = 'silence == "churned"'
left = "reactivated"
[[lifecycle.stages]]
key = "regular"
enter = "orders_30d >= 3"
leave = "orders_30d < 2"
[[lifecycle.stages]]
key = "customer"
enter = "occasions >= 1"
entered = "won"
[[lifecycle.stages]]
key = "lapsed_prospect"
enter = "days_since_visit > 30"
[[lifecycle.stages]]
key = "lead"
"""


def order(day: str, name: str = "Order Completed", of: str = "") -> bytes:
    return event(name, "u", f"2026-{day}T00:00:00Z", f"{name}{day}", order_id=of or day, total=10, currency="USD")


VIEW = event("Product Viewed", "u", "2026-01-01T00:00:00Z", "v")


def told(intake: Intake, *lines: bytes, policy: str = POLICY) -> list[tuple[str, ...]]:
    return [
        (it["timestamp"][5:10], *(it["properties"][key] for key in ("transition", "from", "to", "why")))
        for it in intake(list(lines), policy).transitions.get("u", [])
        if it["event"] == "Lifecycle Stage Changed"
    ]


@both
def test_the_first_stage_that_fits_is_a_customers(intake: Intake) -> None:
    assert told(intake, VIEW, order("03-01"), order("06-01")) == [
        ("01-31", "lapsed_prospect", "lead", "lapsed_prospect", "days_since_visit 30.00000001 > 30"),
        ("03-01", "won", "lapsed_prospect", "customer", "occasions 1 >= 1"),
        (
            "04-30",
            "dormant",
            "customer",
            "dormant",
            "days_since_order 60 >= 60 (one_time_churn_days 60)",
        ),
        (
            "06-01",
            "reactivated",
            "dormant",
            "customer",
            "days_since_order 0 < 120 (max_days 120 <= 184, multiple 2 x mean_gap_days 92); occasions 2 >= 1",
        ),
    ]


@both
def test_a_stage_has_separate_limits_for_entering_and_leaving(intake: Intake) -> None:
    assert told(intake, order("01-01"), order("01-05"), order("01-09"), order("02-05"))[1:] == [
        ("01-09", "regular", "customer", "regular", "orders_30d 3 >= 3"),
        ("02-04", "left_regular", "regular", "customer", "orders_30d 1 < 2; occasions 3 >= 1"),
    ]


@both
def test_an_undone_order_reverts(intake: Intake) -> None:
    found = told(intake, order("01-01"), order("01-02", "Order Cancelled", "01-01"))
    assert found[1:] == [("01-02", "reverted", "customer", "lead", "no other stage fits")]


@both
def test_the_stages_that_ship_can_be_written_down(intake: Intake) -> None:
    shipped = """
name = "cases"
[[lifecycle.stages]]
key = "churned"
enter = 'silence == "churned"'
left = "won_back"
[[lifecycle.stages]]
key = "at_risk"
enter = 'silence == "at_risk"'
left = "recovered"
[[lifecycle.stages]]
key = "loyal"
enter = "occasions >= 2 and loyal"
entered = "became_loyal"
left = "loyalty_lapsed"
[[lifecycle.stages]]
key = "new"
enter = "occasions >= 1 and occasions < 2"
entered = "acquired"
left = "repeated"
[[lifecycle.stages]]
key = "repeat"
enter = "occasions >= 2 and not loyal"
entered = "repeated"
[[lifecycle.stages]]
key = "prospect"
enter = "orders < 1"
"""
    lines = [order("01-01"), order("01-20"), order("01-21", "Order Cancelled", "01-20"), order("09-01"), order("12-01")]
    assert told(intake, *lines, policy=shipped) == told(intake, *lines, policy=DEFAULT_POLICY)


def test_a_stage_that_a_new_policy_lacks_is_left_for_the_one_that_fits() -> None:
    own, shipped = (Rulebook(read_policy(text, catalogue)) for text in (POLICY, DEFAULT_POLICY))
    timeline = begin(ms(1), own.first_stage)
    apply_facts(timeline, [ordered(1, "a")], ms(1), ms(1), own, [])
    assert timeline.head.stage == "customer"
    (published,) = adopt(timeline, ms(2), shipped)
    assert (published.change.name, published.change.from_, published.change.to) == ("acquired", "customer", "new")
    (back,) = adopt(timeline, ms(3), own)
    assert (back.change.name, back.change.from_, back.change.to) == ("won", "new", "customer")


def test_a_snapshot_has_the_names_of_own_stages_and_the_silence() -> None:
    own = Rulebook(read_policy(POLICY, catalogue))
    timeline = begin(ms(1), own.first_stage)
    apply_facts(timeline, [ordered(1, "a")], ms(40), ms(1), own, [])
    assert (timeline.head.stage, timeline.head.silence) == ("customer", "at_risk")
    snapshot = dump(timeline, own)
    read = load(snapshot, own)
    assert (read_header(snapshot).stage, read.head.stage, read.head.silence) == ("customer", "customer", "at_risk")
    apply_facts(read, [], ms(62), ms(62) + DAY, own, [])
    assert load(dump(read, own), own).head.previous_stage == "customer"


@pytest.mark.parametrize(
    ("stages", "line", "message", "fix"),
    [
        (
            'key = "a"\nenter = "days_in_stage > 3"\n[[lifecycle.stages]]\nkey = "b"',
            4,
            "follows from the stage",
            "silence",
        ),
        ('key = "a"\n[[lifecycle.stages]]\nkey = "b"', 3, "nobody in those after it", "put it at the end"),
        ('key = "a"\nenter = "loyal"\n[[lifecycle.stages]]\nkey = "a"', 6, "is taken by line 3", "another key"),
        ('key = "excluded"', 3, "do not count", "another key"),
        ('key = "a"\nleft = "reverted"', 4, "every lifecycle has", "another name"),
        ('key = "a"\nleave = "loyal"', 4, "nobody leaves it", "leave it out"),
        ('key = "A"', 3, '"A"', "small letters"),
    ],
)
def test_what_is_wrong_with_stages_is_told_at_its_place(stages: str, line: int, message: str, fix: str) -> None:
    with pytest.raises(PolicyError) as error:
        read_policy(f'name = "p"\n[[lifecycle.stages]]\n{stages}\n', catalogue)
    (problem,) = error.value.problems
    assert (problem.line, message in problem.message, fix in problem.fix) == (line, True, True)
