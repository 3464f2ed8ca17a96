"""Requests to republish, as bytes: what the worker answers to whom, and what it refuses."""

from collections.abc import Mapping
from typing import Any

from agents.batch import Record
from schemas.instant import to_text
from state.features.catalogue import catalogue
from state.policy.compiled import read_policy
from state.rules.rulebook import Rulebook
from state.timeline.snapshot import load
from tests.topology.driver import DAY, START, Driver, order, record

MINUTE = 60_000
POLICY = """
name = "p"
[traits]
plan = "text"
[[segments]]
key = "big"
name = "Big spenders"
enter = "revenue_30d >= 100"
[[segments]]
key = "plus"
name = "Plus"
enter = "traits.plan == 'plus'"
"""
RULES = Rulebook(read_policy(POLICY, catalogue))


def request(
    customer: str, at: int, message_id: str = "r1", segment: object = "big", time: int | None = None, **others: Any
) -> Record:
    """A request as the command sends it; its record has the instant ``time`` if that is another."""
    event = {"event": "Segment Republish Requested", "messageId": message_id, "userId": customer, **others}
    made = record(customer, at, {**event, "timestamp": to_text(at), "properties": {"segment": segment}})
    return Record("customer.profiles", 0, at if time is None else time, made.key, made.value)


def cancelled(customer: str, at: int, number: int, time: int) -> Record:
    event = {"event": "Order Cancelled", "messageId": "x", "userId": customer, "timestamp": to_text(at)}
    made = record(customer, at, {**event, "properties": {"order_id": f"o{number}"}})
    return Record(made.topic, 0, time, made.key, made.value)


def told(driver: Driver) -> list[dict[str, Any]]:
    return [it for it in driver.transitions if it["properties"].get("republished")]


def decided(snapshots: Mapping[bytes, bytes]) -> tuple[object, ...]:
    head = load(snapshots[b"c1"], RULES, "c1").head
    return head.stage, head.since, head.at, head.due, head.last_event_at, head.memberships, head.traits


def test_a_member_is_told_again_and_nothing_else_changes() -> None:
    driver = Driver(RULES)
    driver.feed([order("c1", START, 1, 120), order("c2", START, 2, 20)], START)
    before, stages = decided(driver.snapshots), driver.tracker.stages.copy()
    driver.feed([request(it, START + DAY) for it in ("c1", "c2")], START + DAY)
    assert driver.counts == {"in": 4, "applied": 4}
    assert (decided(driver.snapshots), driver.tracker.stages) == (before, stages)
    first = next(it for it in driver.transitions if it["event"] == "Audience Entered")
    (again,) = told(driver)
    assert again["event"] == "Audience Entered"
    assert (again["userId"], again["timestamp"]) == ("c1", to_text(START + DAY))
    assert again["messageId"] != first["messageId"]
    was, now = first["properties"], again["properties"]
    assert (was["republished"], was["member_since"]) == (False, first["timestamp"])
    assert now == {
        **was,
        "from": "in",
        "to": "in",
        "why": f"member_since {first['timestamp']}",
        "cause_event": "Segment Republish Requested",
        "cause_message_id": "r1",
        "seq": 3,
        "recency_days": 1.0,
        "member_since": first["timestamp"],
        "republished": True,
    }


def test_a_request_that_is_sent_again_counts_once_however_late_and_after_a_restart() -> None:
    driver = Driver(RULES)
    driver.feed([order("c1", START, 1, 120)], START)
    asked = request("c1", START + MINUTE)
    driver.feed([asked, asked], asked.time)
    restarted = Driver(RULES, driver.snapshots)
    restarted.tracker.upto = driver.tracker.upto
    for minutes in (1, 59, 61, 62, 500):
        time = START + minutes * MINUTE
        restarted.feed([request("c1", START + MINUTE, time=time)], time)
        restarted.feed([order("c1", time, 100 + minutes, 1)], time)
    assert len(told(driver)) == 1
    assert told(restarted) == []
    assert driver.counts["duplicate"] == 1
    assert (restarted.counts["duplicate"], restarted.rejected) == (3, {"late": 2})


def test_nobody_begins_to_exist_by_a_request() -> None:
    driver = Driver(RULES)
    outcome = driver.feed([request("c1", START), request("c1", START, "r2")], START)
    assert driver.rejected == {"unknown_customer": 2}
    assert (driver.snapshots, driver.transitions, outcome.changes) == ({}, [], {})
    assert "nothing happened to this customer before" in driver.rejects[0]["detail"]
    driver.feed([order("c1", START + MINUTE, 1, 120), request("c1", START, "r3", time=START + MINUTE)], START + MINUTE)
    assert driver.rejected == {"unknown_customer": 3}
    driver.feed([request("c1", START + MINUTE, "r4")], START + MINUTE)
    assert [it["properties"]["cause_message_id"] for it in told(driver)] == ["r4"]
    assert load(driver.snapshots[b"c1"], RULES, "c1").head.first_event_at == START + MINUTE


def test_what_comes_late_takes_back_what_was_told_again_or_has_it_told() -> None:
    driver = Driver(RULES)
    later = START + 20 * MINUTE
    driver.feed([order("c1", START, 1, 120), order("c2", START, 2, 20)], START)
    driver.feed([request("c1", later), request("c2", later)], later)
    (untrue,) = told(driver)
    came = later + 5 * MINUTE
    driver.feed([cancelled("c1", later - MINUTE, 1, came), order("c2", later - MINUTE, 3, 80)], came)
    news = driver.transitions[driver.transitions.index(untrue) + 1 :]
    back = next(it for it in news if it["userId"] == "c1" and it["properties"].get("republished"))
    assert back["messageId"] == f"{untrue['messageId']}.retracted"
    assert (back["properties"]["corrects"], back["properties"]["member_since"]) == (untrue["messageId"], None)
    left = next(it for it in news if it["event"] == "Audience Exited")
    assert left["properties"]["corrects"] is None
    mine = [it for it in news if it["userId"] == "c2" and it["event"] == "Audience Entered"]
    assert [it["properties"]["republished"] for it in mine] == [False, True]
    assert [it["timestamp"] for it in mine] == [to_text(later - MINUTE), to_text(later)]
    standing = [it for it in driver.standing() if it["properties"].get("republished")]
    assert [it["userId"] for it in standing] == ["c2"]


def test_a_change_that_replaces_another_does_not_depend_on_who_asked() -> None:
    def corrected(*asked: Record) -> list[tuple[str, str | None]]:
        driver = Driver(RULES)
        driver.feed([order("c1", START, 1, 120)], START)
        driver.feed(asked, START + 20 * MINUTE)
        late = cancelled("c1", START + MINUTE, 1, START + 30 * MINUTE)
        driver.feed([late, order("c1", START + 2 * MINUTE, 3, 150)], START + 30 * MINUTE)
        return [
            (it["messageId"], it["properties"]["corrects"])
            for it in driver.transitions
            if not it["properties"].get("republished")
        ]

    assert corrected(request("c1", START + 20 * MINUTE)) == corrected()


def test_a_request_says_nothing_of_the_customer() -> None:
    driver = Driver(RULES)
    driver.feed([order("c1", START, 1, 120)], START)
    traits = {"plan": "plus"}
    driver.feed([request("c1", START + DAY, segment="plus", context={"traits": traits}, traits=traits)], START + DAY)
    assert told(driver) == []
    assert load(driver.snapshots[b"c1"], RULES, "c1").head.traits == {}


def test_a_segment_that_there_is_not_is_refused() -> None:
    driver = Driver(RULES)
    driver.feed([order("c1", START, 1, 120)], START)
    wrong = ["bag", "", 7, None, "x" * 300]
    driver.feed([request("c1", START, f"r{number}", it) for number, it in enumerate(wrong)], START)
    assert driver.rejected == {"invalid": len(wrong)}
    details = [it["detail"] for it in driver.rejects]
    assert details[0] == (
        'properties.segment is "bag", and the policy has no such segment: send the key of one that it has'
    )
    assert all("segment" in it for it in details)
    assert max(map(len, details)) < 160
