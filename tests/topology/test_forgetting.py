"""Forgetting on request, as bytes: what is gone, what is told, and what becomes of later events."""

import json
from typing import Any

import pytest

from agents.batch import Batch, Record
from agents.forgotten_marks import is_mark
from schemas.forget_request import REQUEST_KEY, ForgetRequest, write_request
from schemas.instant import to_text
from state.features.catalogue import catalogue
from state.policy.compiled import read_policy
from state.rules.rulebook import Rulebook
from tests.topology.driver import DAY, START, Driver, order

MINUTE = 60_000
RULES = Rulebook(
    read_policy('name = "p"\n[[segments]]\nkey = "big"\nname = "Big"\nenter = "revenue_30d >= 100"\n', catalogue)
)


def request(customer: str, time: int, type_: Any = "forget", reason: str = "erasure 7", id_: str = "r1") -> Record:
    return Record("customer.profiles", 9, time, REQUEST_KEY, write_request(ForgetRequest(type_, customer, id_, reason)))


def forgotten(driver: Driver) -> list[dict[str, Any]]:
    return [it for it in driver.transitions if it["event"] == "Customer Forgotten"]


def test_whoever_is_forgotten_leaves_nothing_but_a_mark_that_does_not_name_them() -> None:
    driver = Driver(RULES)
    driver.feed([order("jane", START, 1, 120), order("c2", START, 2, 20)], START)
    outcome = driver.feed([request("jane", START + MINUTE)], START + MINUTE)
    assert outcome.changes == {b"jane": None}
    assert [*driver.snapshots] == [b"c2"]
    assert driver.tracker.stages == {"new": 1}
    ((mark, value),) = outcome.marks.items()
    assert is_mark(mark)
    assert value is not None
    assert b"jane" not in mark + value
    (told,) = forgotten(driver)
    own = {"event", "type", "messageId", "userId", "timestamp", "properties"}
    assert (set(told), told["userId"], told["timestamp"]) == (own, "jane", to_text(START + MINUTE))
    assert told["properties"] == {
        "reason": "erasure 7",
        "seq": 3,
        "policy_version": RULES.version,
        "correction": False,
        "retracted": False,
        "corrects": None,
        "revision": 0,
    }
    assert driver.counts == {"in": 3, "applied": 3}


def test_later_events_are_rejected_without_key_and_bytes_also_after_a_restart() -> None:
    driver = Driver(RULES)
    driver.feed([order("jane", START, 1, 120)], START)
    done = driver.feed([request("jane", START + MINUTE), order("jane", START + MINUTE, 2)], START + MINUTE)
    restarted = Driver(RULES, {key: value for key, value in done.marks.items() if value is not None})
    restarted.tracker.upto = driver.tracker.upto
    for it, time in ((driver, START + 2 * MINUTE), (restarted, START + 3 * MINUTE)):
        outcome = it.feed([order("jane", time - 200 * MINUTE, 3), order("jane", time, 4)], time)
        assert it.snapshots == {}
        assert [(key, json.loads(value)["reason"]) for key, value, _ in outcome.rejects] == [
            (None, "customer_forgotten")
        ] * 2
        assert all("jane" not in json.dumps(reject) for reject in it.rejects)
        assert {(reject["key"], reject["value"], reject["valueBytes"]) for reject in it.rejects} == {(None, None, 0)}
    assert driver.rejected == {"customer_forgotten": 3}
    assert (len(forgotten(driver)), forgotten(restarted)) == (1, [])
    assert driver.counts["in"] == driver.counts["applied"] + driver.rejected.total()


def test_a_request_that_comes_again_does_nothing() -> None:
    driver = Driver(RULES)
    driver.feed([order("jane", START, 1), request("jane", START), request("jane", START)], START)
    outcome = driver.feed([request("jane", START + DAY, id_="r2")], START + DAY)
    assert (outcome.changes, outcome.marks, outcome.transitions) == ({}, {}, [])
    assert len(forgotten(driver)) == 1


def test_somebody_unknown_is_forgotten_too_since_others_may_know_them() -> None:
    driver = Driver(RULES)
    driver.feed([request("jane", START)], START)
    assert [it["properties"]["seq"] for it in forgotten(driver)] == [1]
    driver.feed([order("jane", START, 1)], START)
    assert driver.rejected == {"customer_forgotten": 1}
    assert +driver.tracker.stages == {}


def test_whose_events_are_allowed_again_begins_anew_and_no_message_has_an_id_of_before() -> None:
    driver = Driver(RULES)
    first = order("jane", START, 1, 120)
    driver.feed([first, request("jane", START + MINUTE)], START + MINUTE)
    before = {it["messageId"] for it in driver.transitions}
    allowed = request("jane", START + 2 * MINUTE, "allow")
    again = Record(first.topic, 1, START + 3 * MINUTE, first.key, first.value)
    driver.feed([allowed, again, order("jane", START + 3 * MINUTE, 2, 130)], START + 3 * MINUTE)
    assert driver.rejected == {"customer_forgotten": 1}
    new = [it for it in driver.transitions if it["messageId"] not in before]
    assert [it["properties"]["seq"] for it in new] == [1, 2]
    assert new[0]["properties"]["orders"] == 1
    assert driver.tracker.stages["new"] == 1
    # Once such events are late anyhow, the mark is dropped.
    later = START + 70 * MINUTE
    assert [*driver.feed([order("jane", later, 5)], later).marks.values()] == [None]
    driver.feed([request("jane", later + 1, id_="r3")], later + 1)
    assert next(it["properties"]["seq"] for it in forgotten(driver)) == 3
    assert len(forgotten(driver)) == 2
    assert len({it["messageId"] for it in driver.transitions}) == len(driver.transitions)


def test_what_is_told_does_not_depend_on_how_records_fall_into_batches() -> None:
    records = [
        order("jane", START, 1, 120),
        request("jane", START + MINUTE),
        order("jane", START + 2 * MINUTE, 2, 120),
        request("jane", START + 3 * MINUTE, "allow"),
        order("jane", START + 4 * MINUTE, 3, 120),
    ]
    single, whole = Driver(RULES), Driver(RULES)
    for it in records:
        single.feed([it], it.time)
    whole.feed(records, records[-1].time)
    assert single.transitions == whole.transitions
    assert single.snapshots == whole.snapshots
    assert single.tracker.stages["new"] == whole.tracker.stages["new"] == 1
    assert (single.counts, single.rejected) == (whole.counts, whole.rejected)


def test_what_time_would_bring_after_a_request_is_not_told() -> None:
    single, whole = Driver(RULES), Driver(RULES)
    bought, asked = order("jane", START, 1, 120), request("jane", START + MINUTE)
    later = START + 300 * DAY  # by then, 30 days without an order have taken Jane out of the segment
    for records, upto in (([bought], START), ([asked], START + MINUTE), ([], later)):
        single.feed(records, upto)
    whole.feed([bought, asked, order("joe", later, 2)], later)
    told = [it for it in whole.transitions if it["userId"] == "jane"]
    assert told == single.transitions
    assert told[-1]["timestamp"] == to_text(START + MINUTE)


def test_a_new_policy_and_a_request_in_one_batch_are_decided_as_far_as_the_group_had_come() -> None:
    dearer = Rulebook(
        read_policy('name = "p"\n[[segments]]\nkey = "big"\nname = "Big"\nenter = "revenue_30d >= 200"\n', catalogue)
    )
    driver = Driver(RULES)
    driver.feed([order("jane", START, 1, 120)], START)
    driver.feed([], START + 30 * MINUTE)
    driver.tracker.enforce(dearer, None)
    asked = Batch(0, 1, [request("jane", START + 31 * MINUTE)], START + 31 * MINUTE)
    first, again = driver.tracker.compute(asked), driver.tracker.compute(asked)
    assert first.transitions == again.transitions
    left, gone = [json.loads(value) for _, value, _ in first.transitions]
    assert (left["event"], left["timestamp"]) == ("Audience Exited", to_text(START + 30 * MINUTE))
    assert (gone["event"], gone["timestamp"]) == ("Customer Forgotten", to_text(START + 31 * MINUTE))


def test_a_customer_who_cannot_be_read_can_be_forgotten() -> None:
    driver = Driver(RULES, {b"jane": b"\xff no snapshot"})
    driver.feed([request("jane", START)], START)
    assert driver.snapshots == {}
    assert len(forgotten(driver)) == 1


def test_a_deadline_of_somebody_who_is_forgotten_in_the_same_batch_brings_nobody_back() -> None:
    driver = Driver(RULES)
    driver.feed([order("jane", START, 1, 120)], START)
    later = START + 300 * DAY
    driver.feed([request("jane", later)], later)
    assert (driver.snapshots, +driver.tracker.stages) == ({}, {})
    assert driver.transitions[-1]["event"] == "Customer Forgotten"
    assert [it["properties"]["seq"] for it in driver.transitions] == [*range(1, len(driver.transitions) + 1)]


def test_whom_the_policy_removes_in_the_same_batch_is_nobody_to_a_request() -> None:
    rules = Rulebook(read_policy('name = "p"\n[retention]\nforget_prospects_after_days = 30\n', catalogue))
    removed = START + 30 * DAY + 120 * MINUTE + 1
    visit = {"type": "page", "messageId": "v1", "userId": "jane", "timestamp": to_text(START)}
    single, whole = Driver(rules), Driver(rules)
    for it in (single, whole):
        it.feed([Record("customer.browsing", 0, START, b"jane", json.dumps(visit).encode())], START)
        it.feed([], removed - 1)
    single.feed([], removed)
    single.feed([request("jane", removed)], removed)
    whole.feed([request("jane", removed)], removed)
    assert [it["properties"]["seq"] for it in forgotten(whole)] == [1, 1]
    assert single.transitions == whole.transitions
    assert single.snapshots == whole.snapshots == {}


@pytest.mark.parametrize("value", [b"{", b"null", b'{"type":"forget","customer":"","id":"x"}'])
def test_what_is_no_request_is_a_reject(value: bytes) -> None:
    driver = Driver(RULES)
    driver.feed([Record("customer.profiles", 0, START, REQUEST_KEY, value)], START)
    assert driver.rejected == {"invalid": 1}
    driver.feed([order("\x00forget", START, 1)], START)
    assert driver.rejected["invalid"] == 2
