"""Quiet days of a segment: who left it joins it again no sooner than so many days after they joined it last."""

import json

from agents.batch import Record
from schemas.instant import from_text
from state.features.catalogue import catalogue
from state.policy.compiled import read_policy
from state.rules.rulebook import Rulebook
from tests.cases.intake import Intake, both, event
from tests.topology.driver import Driver

START = from_text("2024-01-01")
DAY = 86_400_000
POLICY = """
name = "calm"
[time]
lateness_minutes = 10080
[customers]
excluded = "traits.test"
[[segments]]
key = "plain"
name = "Waits"
enter = "tickets_open >= 1"
[[segments]]
key = "once"
name = "Waits, and was not told lately"
enter = "tickets_open >= 1"
quiet_days = 7
"""
CONFIRMED = POLICY + "confirm_hours = 6\n"
Told = list[tuple[str, str]]


def opened(time: str, ticket: str = "t") -> bytes:
    return event("Support Ticket Created", "c", f"2024-01-{time}Z", f"o{time}", ticket_id=ticket)


def solved(time: str, ticket: str = "t") -> bytes:
    return event("Support Ticket Solved", "c", f"2024-01-{time}Z", f"s{time}", ticket_id=ticket)


def person(time: str, **traits: object) -> bytes:
    value = {"type": "identify", "userId": "c", "timestamp": f"2024-01-{time}Z", "messageId": time, "traits": traits}
    return json.dumps(value).encode()


def told(intake: Intake, *lines: bytes, policy: str = POLICY, key: str = "once") -> Told:
    changes = intake(list(lines), policy, until=START + 40 * DAY).transitions["c"]
    of_segment = [it for it in changes if it["properties"].get("audience_key") == key]
    return [(it["timestamp"][8:23], it["properties"]["to"]) for it in of_segment]


FIRST = [opened("01T10:00:00"), solved("02T10:00:00")]
JOINED = [("01T10:00:00.000", "in"), ("02T10:00:00.000", "out")]


@both
def test_who_meets_enter_again_too_soon_joins_when_the_quiet_days_are_over(intake: Intake) -> None:
    again = [*FIRST, opened("05T12:00:00")]
    assert told(intake, *again, key="plain") == [*JOINED, ("05T12:00:00.000", "in")]
    assert told(intake, *again) == [*JOINED, ("08T10:00:00.000", "in")]
    changes = intake(again, POLICY, until=START + 40 * DAY).transitions["c"]
    assert changes[-1]["properties"]["why"] == "tickets_open 1 >= 1; days_since_entered 7 >= 7 (quiet_days 7)"
    assert changes[-1]["properties"]["cause"] == "deadline"


@both
def test_who_no_longer_meets_it_by_then_does_not_join(intake: Intake) -> None:
    again = [*FIRST, opened("05T12:00:00")]
    assert told(intake, *again, solved("08T09:59:59.999")) == JOINED
    moment = ("08T10:00:00.000", "in"), ("08T10:00:00.000", "out")
    assert told(intake, *again, solved("08T10:00:00")) == [*JOINED, *moment], "time comes first"


@both
def test_who_meets_it_later_joins_at_once(intake: Intake) -> None:
    for at in ("08T10:00:00.000", "08T10:00:00.001", "20T00:00:00.000"):
        assert told(intake, *FIRST, opened(at)) == [*JOINED, (at, "in")]


@both
def test_it_counts_from_joining_and_not_from_leaving(intake: Intake) -> None:
    lines = [opened("01T10:00:00"), solved("15T10:00:00"), opened("15T11:00:00"), solved("16T00:00:00")]
    known = [("01T10:00:00.000", "in"), ("15T10:00:00.000", "out"), ("15T11:00:00.000", "in")]
    assert told(intake, *lines, opened("17T00:00:00")) == [
        *known,
        ("16T00:00:00.000", "out"),
        ("22T11:00:00.000", "in"),
    ], "each joining begins quiet days of its own"


@both
def test_with_a_confirmation_both_must_be_met(intake: Intake) -> None:
    joined = [("01T16:00:00.000", "in"), ("02T10:00:00.000", "out")]
    early, late = opened("05T12:00:00"), opened("08T12:30:00")
    assert told(intake, *FIRST, early, policy=CONFIRMED) == [*joined, ("08T16:00:00.000", "in")]
    assert told(intake, *FIRST, late, policy=CONFIRMED) == [*joined, ("08T18:30:00.000", "in")]
    broken = [early, solved("08T12:00:00"), opened("08T13:00:00", "u")]
    assert told(intake, *FIRST, *broken, policy=CONFIRMED) == [*joined, ("08T19:00:00.000", "in")]
    changes = intake([*FIRST, early], CONFIRMED, until=START + 40 * DAY).transitions["c"]
    assert changes[-1]["properties"]["why"] == (
        "tickets_open 1 >= 1; hours_held 76 >= 6 (confirm_hours 6); days_since_entered 7 >= 7 (quiet_days 7)"
    )


@both
def test_who_was_left_out_of_everything_is_not_told_again_too_soon(intake: Intake) -> None:
    lines = [opened("01T10:00:00"), person("03T00:00:00", test=True), person("04T00:00:00", test=False)]
    assert told(intake, *lines, key="plain")[-1] == ("04T00:00:00.000", "in")
    assert told(intake, *lines) == [
        ("01T10:00:00.000", "in"),
        ("03T00:00:00.000", "out"),
        ("08T10:00:00.000", "in"),
    ]


@both
def test_what_comes_late_moves_the_quiet_days(intake: Intake) -> None:
    late = [opened("01T02:00:00", "early"), solved("01T03:00:00", "early")]
    assert told(intake, *FIRST, opened("07T12:00:00"), *late) == [
        ("01T02:00:00.000", "in"),
        ("01T03:00:00.000", "out"),
        ("08T02:00:00.000", "in"),
    ], "the joining that was told before is retracted, and counts no more"


def test_only_segments_with_quiet_days_remember_and_a_new_policy_knows_what_was_remembered() -> None:
    plain = POLICY.replace("quiet_days = 7\n", "")
    longer = POLICY.replace("quiet_days = 7", "quiet_days = 10")
    events = {0.0: opened("01T00:00:00"), 1.0: solved("02T00:00:00"), 4.0: opened("05T00:00:00")}

    def joined(*policies: tuple[str, float]) -> tuple[list[str], list[float]]:
        """What is remembered in the end, and on which days they joined, under policies that each last until a day."""
        group, begins = None, 0.0
        days = []
        for policy, ends in policies:
            rules = Rulebook(read_policy(policy, catalogue))
            group = Driver(rules, None if group is None else group.snapshots)
            for number, (day, value) in enumerate(events.items()):
                at = START + round(day * DAY)
                if begins <= day < ends:
                    group.feed([Record("customer.support", number, at, b"c", value)], at)
            group.feed([], START + round(ends * DAY))
            begins = ends
            changes = [it for it in group.standing() if it["properties"].get("audience_key") == "once"]
            days += [(from_text(it["timestamp"]) - START) / DAY for it in changes if it["properties"]["to"] == "in"]
        assert group is not None
        timeline = group.tracker.timeline(b"c")
        assert timeline is not None
        return sorted(timeline.head.past_memberships), days

    assert joined((POLICY, 3)) == (["once"], [0])
    assert joined((POLICY, 20)) == (["once"], [0, 7])
    assert joined((plain, 20)) == ([], [0, 4])
    assert joined((POLICY, 3), (longer, 20)) == (["once"], [0, 10])
    assert joined((POLICY, 5), (plain, 20)) == ([], [0, 4]), "a policy without them decides anew, as of the last event"
    assert joined((plain, 3), (POLICY, 20)) == ([], [0, 4]), "nothing is known of the time before"
    assert joined((plain, 0.5), (POLICY, 20)) == (["once"], [0, 7]), "who is a member is known"
