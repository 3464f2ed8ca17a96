"""Signals that come again and again while a customer stays, and signals that are quiet after they were told."""

import json
from typing import Any

from tests.cases.days import at, ms
from tests.cases.intake import Intake, Result, both, event

SEGMENT = """
name = "recurring"
[[segments]]
key = "vip"
name = "VIP"
enter = "orders_30d >= 2"
[[signals]]
key = "care"
name = "Time to call"
every_days = 10
segment = "vip"
"""
STEP = """
name = "recurring"
[[ladders]]
key = "tier"
name = "Tier"
[[ladders.steps]]
key = "core"
name = "Core"
enter = "orders_30d >= 3"
[[ladders.steps]]
key = "base"
name = "Base"
enter = "orders >= 1"
[[signals]]
key = "care"
name = "Time to call"
every_days = 2.5
step = "tier:core"
"""
STAGE = """
name = "recurring"
[lifecycle.patience]
method = "fixed"
days = 20
churn_days = 50
[[signals]]
key = "care"
name = "Time to write"
every_days = 10
stage = "at_risk"
"""
QUIET = """
name = "quiet"
[time]
lateness_minutes = 10080
[[signals]]
key = "care"
name = "Searched"
quiet_days = 3
per = "words"
{}
[[signals.steps]]
event = "Products Searched"
"""


def order(day: float, name: str = "") -> bytes:
    return event("Order Completed", "c", at(day), f"m{day}", order_id=name or f"o{day}", total=10)


def searched(day: float, words: str = "tea") -> bytes:
    return event("Products Searched", "c", at(day), f"s{day}{words}", words=words)


def signals(result: Result) -> list[Any]:
    return [it for it in result.transitions.get("c", []) if it["event"] == "Signal Occurred"]


def told(result: Result) -> list[str]:
    return [it["timestamp"] for it in signals(result)]


def reasons(result: Result) -> list[str]:
    return [it["properties"]["why"] for it in signals(result)]


@both
def test_it_comes_again_every_so_many_days_after_the_instant_of_joining(intake: Intake) -> None:
    result = intake([order(0), order(1.25), order(15), order(20)], SEGMENT, ms(32))
    assert told(result) == [at(11.25), at(21.25), at(31.25)]
    assert reasons(result)[0] == "days_in_segment 10 >= 10 (every_days 10)"
    assert reasons(result)[2] == "days_in_segment 30 >= 30 (3 x every_days 10)"
    first = signals(result)[0]["properties"]
    assert (first["occasion"], first["step_times"]) == (None, [])
    assert (first["cause"], first["cause_deadline"]) == ("deadline", "signal")


@both
def test_who_leaves_is_told_no_more_and_who_comes_back_starts_anew(intake: Intake) -> None:
    lines = [order(0), order(1), order(45), order(46.5)]
    assert told(intake(lines, SEGMENT, ms(60))) == [at(11), at(21), at(56.5)]


@both
def test_who_leaves_by_time_at_that_instant_is_not_told_and_who_leaves_by_an_event_is(intake: Intake) -> None:
    policy = SEGMENT.replace("orders_30d >= 2", "orders >= 1 and days_since_order < 20")
    assert told(intake([order(0)], policy, ms(60))) == [at(10)]
    policy = SEGMENT.replace("orders_30d >= 2", "orders == 1")
    assert told(intake([order(0), order(20)], policy, ms(60))) == [at(10), at(20)]


@both
def test_a_step_of_a_ladder_counts_from_the_arrival_on_it(intake: Intake) -> None:
    result = intake([order(0), order(1), order(2)], STEP, ms(8))
    assert told(result) == [at(4.5), at(7)]
    assert reasons(result)[1] == "days_on_step 5 >= 5 (2 x every_days 2.5)"


@both
def test_a_stage_counts_from_its_beginning(intake: Intake) -> None:
    result = intake([order(0), order(5), order(63)], STAGE, ms(99))
    assert told(result) == [at(35), at(45), at(93)], "at risk from day 25 to 55, when they are churned; and from day 83"
    assert reasons(result)[0] == "days_in_stage 10 >= 10 (every_days 10)"


@both
def test_while_is_asked_each_time_and_the_count_goes_on(intake: Intake) -> None:
    policy = SEGMENT + 'while = "days_since_order >= 5"\n'
    result = intake([order(0), order(1), order(8), order(24)], policy, ms(32))
    assert told(result) == [at(21), at(31)]
    assert reasons(result)[0] == "days_in_segment 20 >= 20 (2 x every_days 10); days_since_order 13 >= 5"


@both
def test_what_comes_late_moves_it_and_leaves_no_trace_of_what_was_told(intake: Intake) -> None:
    policy = SEGMENT.replace("[[segments]]", "[time]\nlateness_minutes = 10080\n[[segments]]")
    policy = policy.replace("every_days = 10", "every_days = 2")
    lines = [order(0), order(5), searched(8.5), order(2)]
    assert told(intake(lines, policy, ms(9.5))) == [at(4), at(6), at(8)]


@both
def test_who_does_not_count_is_told_nothing(intake: Intake) -> None:
    policy = SEGMENT + '[customers]\nexcluded = "traits.test"\n'
    traits = {"type": "identify", "userId": "c", "timestamp": at(15), "messageId": "i", "traits": {"test": True}}
    assert told(intake([order(0), order(1), json.dumps(traits).encode()], policy, ms(40))) == [at(11)]


@both
def test_a_signal_is_quiet_for_some_days_after_it_was_told_whatever_it_is_about(intake: Intake) -> None:
    lines = [searched(0), searched(1, "cup"), searched(2.999), searched(3, "cup"), searched(3), searched(6.5)]
    result = intake(lines, QUIET.format(""), ms(9))
    assert told(result) == [at(0), at(3), at(6.5)]
    assert [it["properties"]["occasion"] for it in result.transitions["c"]] == ["tea", "cup", "tea"]
    assert reasons(result)[0] == f"Products Searched at {at(0)}"
    assert reasons(result)[2].endswith("; days_since_told 3.5 >= 3 (quiet_days 3)")


@both
def test_what_is_not_told_keeps_nobody_quiet(intake: Intake) -> None:
    lines = [searched(0), order(1), searched(1.5), searched(4)]
    assert told(intake(lines, QUIET.format('while = "orders >= 1"'), ms(9))) == [at(1.5)]


@both
def test_an_event_that_comes_late_is_told_and_what_followed_it_too_soon_is_retracted(intake: Intake) -> None:
    lines = [searched(2), searched(5.5), searched(0, "cup")]
    assert told(intake(lines, QUIET.format(""), ms(9))) == [at(0), at(5.5)]
