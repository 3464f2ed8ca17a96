"""The verdict finds each kind of fault, record by record. There is no broker: the records are made here."""

import json
from base64 import b64encode
from collections import Counter
from dataclasses import replace
from typing import Any

import msgspec
import pytest

from agents.account_records import account_records
from agents.batch import Record
from tests.chaos.verdict import deleted, passed_on
from tests.chaos.verdict.admitted import admitted, read_rejects
from tests.chaos.verdict.batches import Batches
from tests.chaos.verdict.customers import Expected, compare
from tests.chaos.verdict.findings import Findings
from tests.chaos.verdict.forgotten import Forgotten
from tests.chaos.verdict.published import Published, Transition
from tests.chaos.verdict.recreated import Earlier, logs
from tests.chaos.verdict.stored import POSITION_KEY, Changelog
from tests.chaos.verdict.topics import Seen
from tests.reference_model.agreement import POLICIES
from tests.reference_model.policy import read_policy

NOW = 1_760_000_000_000


def event(user_id: str, offset: int, **others: Any) -> Seen:
    body = {"type": "track", "event": "Product Viewed", "messageId": f"m{offset}", "properties": {}}
    event = {**body, **others, "userId": user_id, "timestamp": "2025-10-09T08:53:20.000Z"}
    return Seen("in", 0, offset, NOW, user_id.encode(), json.dumps(event).encode())


def rejected(source: Seen, reason: str, value: bytes | None = None) -> Seen:
    assert source.key is not None
    assert source.value is not None
    event = {
        "reason": reason,
        "detail": "",
        "topic": source.topic,
        "partition": source.partition,
        "offset": source.offset,
        "key": b64encode(source.key).decode(),
        "value": b64encode(source.value if value is None else value).decode(),
        "valueBytes": len(source.value),
    }
    return Seen("rejects", source.partition, 0, NOW, source.key, json.dumps(event).encode())


def unaccounted(records: list[Seen], rejects: list[Seen]) -> int:
    findings = Findings()
    policy = read_policy(POLICIES["default"])
    lives = Forgotten([], Batches([], [], []))
    admitted(records, read_rejects(rejects, records, findings), policy, {0: NOW}, {"ill"}, lives, findings)
    return findings.counts["unaccounted"]


@pytest.mark.parametrize(
    ("user_id", "reasons", "found"),
    [("ill", ["poison"], 0), ("ill", [], 1), ("ill", ["invalid"], 1), ("well", [], 0), ("well", ["poison"], 1)],
)
def test_who_cannot_be_read_and_nobody_else_is_rejected_as_poison(user_id: str, reasons: list[str], found: int) -> None:
    record = event(user_id, 0)
    assert unaccounted([record], [rejected(record, reason) for reason in reasons]) == found


def test_a_reject_has_the_bytes_of_its_record() -> None:
    record = event("ill", 0)
    assert unaccounted([record], [rejected(record, "poison", b"others")]) == 1


def test_what_was_given_up_can_have_no_reject() -> None:
    records = [event("ill", offset) for offset in range(3)]
    left = deleted.counted(records, [("in", 0, 1, 2)])
    assert [it.offset for it in left] == [0, 2]
    assert unaccounted(left, [rejected(it, "poison") for it in records]) == 1


REMADE = [Earlier("in", f"in, {number}", f"0{number}", [5], [number]) for number in (1, 2)]


def marker(offset: int, topic_id: bytes) -> Seen:
    value = msgspec.msgpack.encode({"positions": {"in": offset}, "upto": NOW, "topic_ids": {"in": topic_id}})
    return Seen("changelog", 0, 0, NOW, POSITION_KEY, value)


@pytest.mark.parametrize(
    ("markers", "last", "back"),
    [
        ([(5, b"\1"), (5, b"\2"), (0, b"\3"), (2, b"\3")], [5, 5, 2], 0),
        ([(5, b"\1"), (5, b"\1"), (4, b"\2"), (5, b"\2")], [5, 5, None], 0),
        ([(5, b"\1"), (4, b"\1")], [4, 5, None], 1),
        ([(2, b"\3"), (0, b"\3")], [5, 5, 0], 1),
    ],
)
def test_a_position_is_of_the_topic_that_its_marker_names(
    markers: list[tuple[int, bytes]], last: list[int | None], back: int
) -> None:
    changelog = Changelog([marker(offset, topic_id) for offset, topic_id in markers], REMADE)
    assert [changelog.positions.get((name, 0)) for name in logs(["in"], REMADE)] == last
    assert len(changelog.went_back) == back


@pytest.mark.parametrize(("upto", "found"), [(NOW - 3_600_000, 0), (NOW + 60_000, 0), (NOW + 60_001, 1)])
def test_a_commit_by_a_clock_ahead_of_the_brokers_is_found(upto: int, found: int) -> None:
    value = msgspec.msgpack.encode({"positions": {}, "upto": upto})
    assert len(Changelog([Seen("changelog", 0, 0, NOW, POSITION_KEY, value)]).ahead) == found


@pytest.mark.parametrize(("places", "found"), [([0, 1, 2], 0), ([0, 0, 2], 3), ([0, 2], 2), ([1, 2, 3], 4)])
def test_a_reject_is_of_the_topic_that_was_there_then(places: list[int], found: int) -> None:
    records = [replace(event("ill", 0, messageId=name), topic=name) for name in logs(["in"], REMADE)]
    # A reject names the topic; which of the three it was does not stand there.
    named = [rejected(replace(it, topic="in"), "poison") for it in records]
    rejects = [replace(it, offset=place) for it, place in zip(named, places, strict=False)]
    findings = Findings()
    read = read_rejects(rejects, records, findings, REMADE)
    admitted(
        records, read, read_policy(POLICIES["default"]), {0: NOW}, {"ill"}, Forgotten([], Batches([], [], [])), findings
    )
    assert findings.counts.total() == found


def signal(name: str, steps: list[str]) -> Transition:
    cause = {"cause": "event", "cause_event": "Product Added", "cause_deadline": None, "cause_message_id": "m"}
    figures = dict.fromkeys(("stage", "orders", "revenue", "average_order_value", "recency_days", "next_at"))
    about = {"signal_key": name, "occasion": None, "step_times": steps, "next_transition": None}
    published = {"seq": 1, "retracted": False, "correction": False}
    properties = {**cause, **figures, **about, **published}
    return {"messageId": "i", "event": "Signal Occurred", "timestamp": "t", "properties": properties}


@pytest.mark.parametrize(
    ("found", "wrong", "of_their_moment"),
    [(signal("cart", ["1", "3"]), 0, 0), (signal("cart", ["2", "3"]), 0, 1), (signal("other", ["1", "3"]), 1, 0)],
)
def test_when_the_steps_of_a_signal_were_complete_is_as_known_when_it_was_told(
    found: Transition, wrong: int, of_their_moment: int
) -> None:
    findings = Findings()
    wanted = Expected("c", [signal("cart", ["1", "3"])], "new", "t", {}, {})
    compare(wanted, Published(0, [found]), findings)
    assert findings.counts["wrong_transitions"] == wrong
    assert findings.figures["figures_of_their_moment"] == of_their_moment


def passed(records: list[Seen]) -> list[Seen]:
    found = [
        each
        for it in records
        for each in account_records(Record(it.topic, it.offset, it.time, it.key, it.value), None, Counter())
    ]
    return [Seen("account.events.0", 1, number, time, key, value) for number, (key, value, time) in enumerate(found)]


@pytest.mark.parametrize(
    ("events", "lost", "duplicated"),
    [([0, 1, 2], 0, 0), ([0, 2], 1, 0), ([0, 1, 1, 2], 0, 1), ([0, 1, 3], 1, 1), ([2, 1, 0], 0, 0)],
)
def test_of_each_record_its_account_gets_the_event_once(events: list[int], lost: int, duplicated: int) -> None:
    customers = [event("well", offset, groupId="acme") for offset in range(3)]
    others = [event("well", 3, groupId="beta"), event("well", 4), event("well", 5, groupId=1.5)]
    everything = [*customers, *others]
    findings, policy = Findings(), read_policy(POLICIES["accounts"])
    sent = [*customers, *others[1:]]
    passed_on.compare(sent, passed([everything[it] for it in events]), ["account.events.0"], policy, findings)
    assert (findings.counts["lost"], findings.counts["duplicated"]) == (lost, duplicated)
