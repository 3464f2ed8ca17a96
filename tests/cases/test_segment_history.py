"""The history of segments: how often, since when and how long, of segments before and, in `enter`, of its own."""

from typing import Any

import pytest

from agents.batch import Record
from schemas.instant import from_text
from state.features.catalogue import catalogue
from state.policy.compiled import read_policy
from state.policy.text import PolicyError
from state.rules.rulebook import Rulebook
from tests.cases.intake import Intake, both
from tests.cases.stays import END, LIFE, day, day_of, view
from tests.topology.driver import Driver

# The customer of LIFE is seen from day 1 to 8, from 11 to 21, and from 25 to 32.
POLICY = """
name = "stays"
[[segments]]
key = "seen"
name = "Seen"
enter = "views_7d >= 1"
"""
ASKS = """
[[segments]]
key = "again"
name = "Again"
enter = '''{}'''
leave = '''{}'''
"""


def changes(found: Any, key: str = "again") -> list[tuple[str, float]]:
    properties = [(it["properties"], from_text(it["timestamp"])) for it in found.transitions["c"]]
    return [(it["to"], day_of(at)) for it, at in properties if it.get("audience_key") == key]


@both
@pytest.mark.parametrize(
    ("enter", "expected"),
    [
        ('times_entered(segment = "seen") >= 2', [("in", 11)]),
        ('times_entered(segment = "seen") == 1', [("in", 1), ("out", 11)]),
        ('days_since_entered(segment = "seen") >= 8', [("in", 9), ("out", 11), ("in", 19), ("out", 25), ("in", 33)]),
        (
            'days_since_left(segment = "seen") <= 2',
            [("in", 8), ("out", 10), ("in", 21), ("out", 23), ("in", 32), ("out", 34)],
        ),
        ('total_days_in(segment = "seen") >= 12.5', [("in", 16.5)]),
        (
            'in_segment("seen") and days_since_left(segment = "seen") is known',
            [("in", 11), ("out", 21), ("in", 25), ("out", 32)],
        ),
    ],
)
def test_a_condition_asks_for_stays_in_a_segment(intake: Intake, enter: str, expected: list[tuple[str, float]]) -> None:
    found = intake(LIFE, POLICY + ASKS.format(enter, ""), until=END)
    assert changes(found, "seen") == [("in", 1), ("out", 8), ("in", 11), ("out", 21), ("in", 25), ("out", 32)]
    assert changes(found) == expected


@both
def test_a_segment_is_not_joined_again_within_some_days(intake: Intake) -> None:
    enter = 'in_segment("seen") and not days_since_left(segment = "again") < 10'
    found = intake(LIFE, POLICY + ASKS.format(enter, "days_since_visit >= 4"), until=END)
    # Left on the 5th: not again before the 15th, and left again on the 18th: not before the 28th.
    assert changes(found) == [("in", 1), ("out", 5), ("in", 15), ("out", 18), ("in", 28), ("out", 29)]


@both
def test_a_late_event_changes_the_past(intake: Intake) -> None:
    policy = POLICY.replace("[[", "[time]\nlateness_minutes = 10080\n[[", 1)
    policy += ASKS.format('times_entered(segment = "seen") >= 2', "")
    assert changes(intake([view(1), view(11)], policy, until=END)) == [("in", 11)]
    assert changes(intake([view(1), view(11), view(5)], policy, until=END)) == []


def test_stays_are_known_since_a_policy_asks_for_them() -> None:
    plain = Rulebook(read_policy(POLICY, catalogue))
    asks = Rulebook(read_policy(POLICY + ASKS.format('times_entered(segment = "seen") >= 2', ""), catalogue))
    assert not plain.compiled.remembered_segments
    assert asks.compiled.remembered_segments == {"seen"}
    group = Driver(plain)
    for number, on in enumerate((1, 11)):
        group.feed([Record("customer.browsing", number, day(on), b"c", view(on))], day(on))
    group.feed([], day(12))
    for rules, upto, past in ((asks, 12, 0), (asks, 25, 1), (plain, 25, 0)):
        group = Driver(rules, group.snapshots)
        group.feed([], day(upto))
        timeline = group.tracker.timeline(b"c")
        assert timeline is not None
        assert [it.times for it in timeline.head.past_memberships.values()] == [past] * bool(past)


@pytest.mark.parametrize(
    ("enter", "leave", "message"),
    [
        ('times_entered(stage = "new", segment = "seen") > 1', "", "a stage, a segment or a step, and not several"),
        ("times_entered() > 1", "", "does not say which stage"),
        ('times_entered(segment = "sen") > 1', "", 'there is no segment "sen"'),
        ('times_entered(segment = "again") > 1', "", "only `enter` can ask for the history of `again`"),
        (
            "orders > 1",
            'times_entered(segment = "again") > 1',
            "only `enter` can ask for the history of `again` itself",
        ),
    ],
)
def test_a_mistake_is_told(enter: str, leave: str, message: str) -> None:
    with pytest.raises(PolicyError, match=message):
        read_policy(POLICY + ASKS.format(enter, leave), catalogue)
