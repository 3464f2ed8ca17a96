"""The history of steps: how often, since when and how long, on ladders before and, in segments and signals, on all."""

import json
from typing import Any

import pytest

from agents.batch import Record
from schemas.instant import from_text
from state.customer.packing import pack, unpack
from state.features.catalogue import catalogue
from state.policy.compiled import read_policy
from state.policy.text import PolicyError
from state.rules.rulebook import Rulebook
from tests.cases.intake import Intake, both
from tests.cases.stays import END, LIFE, day, day_of, view
from tests.topology.driver import Driver

# The customer of LIFE is core from day 1 to 8, from 11 to 14, from 18 to 21 and from 25 to 32; gold from 14 to 18.
LADDER = """
[[ladders]]
key = "tier"
name = "Tier"
[[ladders.steps]]
key = "gold"
name = "Gold"
enter = "views_7d >= 2"
[[ladders.steps]]
key = "core"
name = "Core"
enter = "views_7d >= 1"
"""
POLICY = f'name = "steps"\n{LADDER}'
ASKS = """
[[segments]]
key = "asks"
name = "Asks"
enter = '''{}'''
leave = '''{}'''
"""
TRUST = """
[[ladders]]
key = "trust"
name = "Trust"
[[ladders.steps]]
key = "high"
name = "High"
enter = '''{}'''
leave = '''{}'''
"""


def identify(on: int, kind: str) -> bytes:
    value = {"type": "identify", "userId": "c", "timestamp": f"2025-01-{on:02}T00:00:00Z", "traits": {"kind": kind}}
    return json.dumps({**value, "messageId": f"i{on}"}).encode()


def changes(found: Any, key: str = "asks") -> list[tuple[str, float]]:
    every = [(it["properties"], from_text(it["timestamp"])) for it in found.transitions["c"]]
    asked = [(it["to"], at) for it, at in every if key in (it.get("audience_key"), it.get("ladder_key"))]
    return [(to, day_of(at)) for to, at in asked]


@both
@pytest.mark.parametrize(
    ("enter", "expected"),
    [
        ('times_entered(step = "tier:core") >= 2', [("in", 11)]),
        ('times_entered(step = "tier:core") == 1', [("in", 1), ("out", 11)]),
        ('times_entered(step = "tier:gold") >= 1', [("in", 14)]),
        ('days_since_entered(step = "tier:gold") >= 8', [("in", 22)]),
        (
            'days_since_entered(step = "tier:core") >= 6',
            [("in", 7), ("out", 11), ("in", 17), ("out", 18), ("in", 24), ("out", 25), ("in", 31)],
        ),
        ('days_since_left(step = "tier:gold") <= 2', [("in", 18), ("out", 20)]),
        (
            'days_since_left(step = "tier:core") < 1',
            [("in", 8), ("out", 9), ("in", 14), ("out", 15), ("in", 21), ("out", 22), ("in", 32), ("out", 33)],
        ),
        ('total_days_in(step = "tier:core") >= 8.5', [("in", 12.5)]),
        ('total_days_in(step = "tier:gold") >= 3.25', [("in", 17.25)]),
        (
            'step("tier") == "core" and days_since_left(step = "tier:core") is known',
            [("in", 11), ("out", 14), ("in", 18), ("out", 21), ("in", 25), ("out", 32)],
        ),
    ],
)
def test_a_condition_asks_for_stays_on_a_step(intake: Intake, enter: str, expected: list[tuple[str, float]]) -> None:
    found = intake(LIFE, POLICY + ASKS.format(enter, ""), until=END)
    moves = [("core", 1), ("none", 8), ("core", 11), ("gold", 14), ("core", 18), ("none", 21), ("core", 25)]
    assert changes(found, "tier") == [*moves, ("none", 32)]
    assert changes(found) == expected


@both
def test_a_ladder_asks_for_stays_on_a_ladder_before_it(intake: Intake) -> None:
    asks = TRUST.format('total_days_in(step = "tier:core") >= 8.5', 'days_since_left(step = "tier:gold") >= 3.25')
    assert changes(intake(LIFE, POLICY + asks, until=END), "trust") == [("high", 12.5), ("none", 21.25)]


@both
def test_a_signal_asks_for_stays_on_a_step(intake: Intake) -> None:
    signal = "[[signals]]\nkey = \"again\"\nname = \"Again\"\nwhile = '''times_entered(step = \"tier:core\") >= 2'''\n"
    signal += '[[signals.steps]]\nevent = "Product Viewed"\n'
    found = intake(LIFE, POLICY + signal, until=END)
    told = [it for it in found.transitions["c"] if it["event"] == "Signal Occurred"]
    assert [(it["timestamp"][8:10], it["properties"]["why"].split("; ")[1]) for it in told] == [
        ("11", 'times_entered(step = "tier:core") 2 >= 2'),
        ("14", 'times_entered(step = "tier:core") 2 >= 2'),
        ("25", 'times_entered(step = "tier:core") 4 >= 2'),
    ]


@both
def test_the_profile_has_what_a_measure_asks(intake: Intake) -> None:
    asked = {
        "times": "times_entered",
        "total": "total_days_in",
        "arrival": "days_since_entered",
        "end": "days_since_left",
    }
    measures = [
        f"[[measures]]\nname = 'core_{name}'\nvalue = '{function}(step = \"tier:core\")'\nprofile = true\n"
        for name, function in asked.items()
    ]
    found = intake(LIFE, POLICY + "".join(measures), until=day(27.5))
    assert found.profiles["c"]["steps"]["tier"]["step"] == "core"
    assert found.profiles["c"]["measures"] == {
        "core_times": 4,
        "core_total": 15.5,
        "core_arrival": 2.5,
        "core_end": 6.5,
    }


@both
def test_the_profile_has_what_a_condition_asks(intake: Intake) -> None:
    asks = ASKS.format('days_since_left(step = "tier:gold") > 99 or total_days_in(step = "tier:gold") > 99', "")
    figures = intake(LIFE, POLICY + asks, until=day(27.5)).profiles["c"]["figures"]
    assert figures['days_since_left(step="tier:gold")'] == 9.5
    assert figures['total_days_in(step="tier:gold")'] == 4
    assert not [name for name in figures if "tier:core" in name]


@both
def test_who_is_left_out_leaves_the_step_and_comes_back_to_it(intake: Intake) -> None:
    policy = POLICY.replace("[[", "[customers]\nexcluded = 'kind == \"internal\"'\n[[", 1)
    policy += ASKS.format('times_entered(step = "tier:core") >= 2 and total_days_in(step = "tier:core") < 4.5', "")
    found = intake([view(1), identify(5, "internal"), identify(6, "consumer")], policy, until=day(20))
    assert changes(found, "tier") == [("core", 1), ("none", 5), ("core", 6), ("none", 8)]
    assert changes(found) == [("in", 6), ("out", 6.5)]


@both
def test_a_late_event_changes_the_past(intake: Intake) -> None:
    policy = POLICY.replace("[[", "[time]\nlateness_minutes = 10080\n[[", 1)
    policy += ASKS.format('times_entered(step = "tier:core") >= 2', "")
    assert changes(intake([view(1), view(11)], policy, until=END)) == [("in", 11)]
    # Seen twice in the first week, they climb on the 5th, and fall on the 8th.
    assert changes(intake([view(1), view(11), view(5)], policy, until=END)) == [("in", 8)]


def test_stays_are_known_since_a_policy_asks_for_them() -> None:
    plain = Rulebook(read_policy(POLICY, catalogue))
    asks = Rulebook(read_policy(POLICY + ASKS.format('times_entered(step = "tier:core") >= 2', ""), catalogue))
    assert not plain.compiled.remembered_steps
    assert asks.compiled.remembered_steps == {"tier:core"}
    assert not asks.compiled.remembered_stages | asks.compiled.remembered_segments
    group = Driver(plain)
    for number, on in enumerate((1, 11)):
        group.feed([Record("customer.browsing", number, day(on), b"c", view(on))], day(on))
    group.feed([], day(12))
    for rules, upto, past in ((asks, 12, 0), (asks, 25, 1), (plain, 25, 0)):
        group = Driver(rules, group.snapshots)
        group.feed([], day(upto))
        timeline = group.tracker.timeline(b"c")
        assert timeline is not None
        assert {key: it.times for key, it in timeline.head.past_steps.items()} == ({"tier:core": past} if past else {})
        assert unpack(pack(timeline.head)).past_steps == timeline.head.past_steps


def test_a_step_that_a_new_policy_does_not_have_is_forgotten() -> None:
    asks = ASKS.format('times_entered(step = "tier:core") >= 2 or times_entered(step = "tier:gold") >= 2', "")
    before = Rulebook(read_policy(POLICY + asks, catalogue))
    group = Driver(before)
    for number, on in enumerate((1, 11, 14)):
        group.feed([Record("customer.browsing", number, day(on), b"c", view(on))], day(on))
    group.feed([], day(15))
    renamed = POLICY.replace('"gold"', '"top"') + ASKS.format('times_entered(step = "tier:core") >= 2', "")
    group = Driver(Rulebook(read_policy(renamed, catalogue)), group.snapshots)
    group.feed([], day(15.5))
    timeline = group.tracker.timeline(b"c")
    assert timeline is not None
    assert timeline.head.steps["tier"][0] == "top"
    assert {key: it.times for key, it in timeline.head.past_steps.items()} == {"tier:core": 2}


@pytest.mark.parametrize(
    ("enter", "message"),
    [
        ('times_entered(step = "tir:core") > 1', "column 22: there is no ladder `tir`. did you mean `tier`?"),
        ('times_entered(step = "tier:cor") > 1', "no step of the ladder `tier` `cor`. did you mean `core`?"),
        ('times_entered(step = "core") > 1', '`core` is no step of a ladder. did you mean "tier:core"?'),
        ('times_entered(step = "tier") > 1', "`tier` is no step of a ladder. write the ladder and the step, as in"),
        ('times_entered(step = "tier:") > 1', "there is no step of the ladder `tier` ``. known here are gold, core"),
        ("times_entered(step = 3) > 1", "`step` is a text in quotation marks"),
        ('times_entered(step = "tier:core", stage = "new") > 1', "a stage, a segment or a step, and not several"),
        ("times_entered() > 1", "does not say which stage, segment or step"),
    ],
)
def test_a_mistake_is_told(enter: str, message: str) -> None:
    with pytest.raises(PolicyError) as raised:
        read_policy(POLICY + ASKS.format(enter, ""), catalogue)
    assert message in str(raised.value)


def test_without_a_ladder_it_is_said_that_there_is_none() -> None:
    with pytest.raises(PolicyError, match=r"there is no ladder `tier`\. the policy has no ladder"):
        read_policy('name = "none"' + ASKS.format('times_entered(step = "tier:core") > 1', ""), catalogue)


@pytest.mark.parametrize(
    ("policy", "message"),
    [
        (
            POLICY + TRUST.format('times_entered(step = "trust:high") < 2', ""),
            '`times_entered(step="trust:high")` is not known yet when the ladder `trust` is decided. ask for something',
        ),
        (
            'name = "steps"' + TRUST.format('days_since_left(step = "tier:gold") > 2', "") + LADDER,
            "is not known yet when the ladder `trust` is decided. declare `tier` before `trust`",
        ),
        (
            POLICY + "[lifecycle.loyal]\nenter = 'times_entered(step = \"tier:gold\") > 2'\n",
            "follows from loyalty, and cannot decide it",
        ),
        (
            POLICY
            + '[[lifecycle.stages]]\nkey = "x"\nenter = \'times_entered(step = "tier:gold") > 2\'\n'
            + '[[lifecycle.stages]]\nkey = "y"\n',
            "follows from the stage, and cannot decide it",
        ),
    ],
)
def test_nobody_asks_for_steps_that_are_decided_later(policy: str, message: str) -> None:
    with pytest.raises(PolicyError) as raised:
        read_policy(policy, catalogue)
    assert message in str(raised.value)
