"""The history of the lifecycle: the stage before, and when, how often and how long a customer was in a stage."""

import json
from typing import Any

import pytest

from agents.batch import Record
from schemas.instant import from_text
from state.features.catalogue import catalogue
from state.policy.compiled import read_policy
from state.rules.rulebook import Rulebook
from tests.cases.intake import Intake, both, event
from tests.cases.stays import day
from tests.topology.driver import Driver

POLICY = """
name = "history"
[lifecycle]
one_time_patience_days = 10
one_time_churn_days = 20
[lifecycle.patience]
method = "fixed"
days = 10
churn_days = 20
[lifecycle.loyal]
enter = "orders >= 3"
leave = "orders < 3"
min_stay_days = 0
"""


def asks(enter: str, leave: str = "") -> str:
    return f"{POLICY}[[segments]]\nkey = 'asked'\nname = 'Asked'\nenter = '''{enter}'''\nleave = '''{leave}'''\n"


def order(on: int, number: int, name: str = "Order Completed") -> bytes:
    at = f"2025-{1 + (on - 1) // 31:02}-{1 + (on - 1) % 31:02}T00:00:00Z"
    return event(name, "c", at, f"m{number}-{name}", order_id=str(number), total=5)


# new on the 1st, repeat on the 3rd, loyal on the 5th, at risk on the 15th, churned on the 25th, loyal again from the
# 51st (20 February) on.
LIFE = [order(1, 1), order(3, 2), order(5, 3), order(51, 4)]


def changes(found: Any) -> list[tuple[str, int]]:
    """Return each joining and leaving with its instant."""
    return [
        (it["properties"]["to"], from_text(it["timestamp"]))
        for it in found.transitions["c"]
        if it["event"] != "Lifecycle Stage Changed"
    ]


@both
@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        # "was ever", and how often
        ('times_entered(stage = "loyal") >= 1', [("in", day(5))]),
        ('times_entered(stage = "loyal") == 2', [("in", day(51))]),
        ('times_entered(stage = "prospect") == 1 and times_entered(stage = "new") == 1', [("in", day(1))]),
        # within the last so many days, from its first millisecond to its last
        ('days_since_entered(stage = "churned") <= 30', [("in", day(25)), ("out", day(55) + 1)]),
        ('days_since_left(stage = "at_risk") < 7', [("in", day(25)), ("out", day(32))]),
        ('days_since_left(stage = "new") > 1.5', [("in", day(4.5) + 1)]),
        # never left, while still in it
        ('days_since_left(stage = "loyal") is known', [("in", day(15))]),
        # 10 days loyal, then a pause that does not count
        ('total_days_in(stage = "loyal") > 9', [("in", day(14) + 1)]),
        ('total_days_in(stage = "loyal") >= 12.5', [("in", day(53.5))]),
        ('total_days_in(stage = "repeat") >= 3', []),
        ('total_days_in(stage = "repeat") == 2', None),
        (
            'total_days_in(stage = "churned") >= total_days_in(stage = "loyal")',
            [("in", day(1)), ("out", day(5) + 1), ("in", day(35))],
        ),
        ('previous_stage == "churned" and stage == "loyal"', [("in", day(51))]),
        ("previous_stage is not known", []),
    ],
)
def test_history_in_conditions(intake: Intake, condition: str, expected: list[tuple[str, int]] | None) -> None:
    if expected is None:
        with pytest.raises(ValueError, match="single millisecond"):
            intake(LIFE, asks(condition))
        return
    assert changes(intake(LIFE, asks(condition), until=day(59))) == expected


@both
def test_the_profile_has_what_conditions_ask_for(intake: Intake) -> None:
    found = intake(LIFE, asks('total_days_in(stage = "loyal") >= 1'), until=day(53))
    assert found.figure("c", 'total_days_in(stage="loyal")') == 12
    assert 'times_entered(stage="loyal")' not in found.profiles["c"]["figures"]


@both
def test_an_undone_order_is_a_step_and_no_eraser(intake: Intake) -> None:
    lines = [order(1, 1), order(3, 2), order(4, 2, "Order Cancelled"), order(6, 3)]
    found = intake(lines, asks('times_entered(stage = "new") >= 2', 'times_entered(stage = "repeat") >= 2'))
    assert changes(found) == [("in", day(4)), ("out", day(6))]


@both
def test_a_late_event_changes_what_was(intake: Intake) -> None:
    patient = 'name = "patient"\n[time]\nlateness_minutes = 4320'
    policy = asks('days_since_left(stage = "new") >= 2').replace('name = "history"', patient)
    lines = [order(1, 1), order(6, 2), order(4, 3)]
    assert changes(intake(lines, policy, until=day(9))) == [("in", day(6))]


def test_a_new_policy_knows_the_present_stay_and_the_one_before() -> None:
    stages = ("prospect", "new", "repeat", "loyal", "at_risk")
    everything = " or ".join(f'total_days_in(stage = "{it}") < 0' for it in stages)
    before, after = (Rulebook(read_policy(it, catalogue)) for it in (POLICY, asks(everything)))
    group, now = Driver(before), day(12)
    for number, line in enumerate([order(1, 1), order(3, 2), order(5, 3)]):
        at = from_text(json.loads(line)["timestamp"])
        group.feed([Record("customer.purchases", number, at, b"c", line)], at)
    group.feed([], now)
    group = Driver(after, group.snapshots)
    group.feed([], now)
    timeline = group.tracker.timeline(b"c")
    assert timeline is not None
    features = after.compiled.catalogue.features
    days = {it: features[f'total_days_in(stage="{it}")'].formula.value(timeline.head, now, 0) for it in stages}
    assert days == {"prospect": 0, "new": 0, "repeat": 2, "loyal": 7, "at_risk": 0}
