"""The verdict on customers who were forgotten on request finds each kind of fault. The records are made here."""

import json
from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import msgspec
import pytest

from schemas.instant import to_text
from tests.chaos.verdict import ended
from tests.chaos.verdict.admitted import admitted, read_rejects
from tests.chaos.verdict.batches import Batches
from tests.chaos.verdict.findings import Findings
from tests.chaos.verdict.forgotten import REQUEST_KEY, Forgotten, mark_key
from tests.chaos.verdict.policies import InForce
from tests.chaos.verdict.published import collect
from tests.chaos.verdict.stored import POSITION_KEY, Changelog
from tests.chaos.verdict.topics import Seen
from tests.reference_model.agreement import POLICIES
from tests.reference_model.policy import read_policy

NOW = 1_760_000_000_000
INPUTS = ["purchases", "browsing", "support", "profiles"]


def fact(topic: str, offset: int, time: int) -> Seen:
    body = {"type": "track", "event": "Product Viewed", "messageId": f"{topic}{offset}", "userId": "jane"}
    value = json.dumps({**body, "properties": {}, "timestamp": to_text(time)}).encode()
    return Seen(topic, 0, offset, time, b"jane", value)


def request(type_: str, offset: int, time: int) -> Seen:
    value = json.dumps({"type": type_, "customer": "jane", "id": f"r{offset}", "reason": "request"}).encode()
    return Seen("profiles", 0, offset, time, REQUEST_KEY, value)


def refused(source: Seen, **others: Any) -> Seen:
    place = {"topic": source.topic, "partition": 0, "offset": source.offset}
    value = {"reason": "customer_forgotten", "detail": "", **place, "key": None, "value": None, "valueBytes": 0}
    return Seen("rejects", 0, 0, source.time, None, json.dumps(value | others).encode())


def told(at: int, seq: int) -> Seen:
    properties = {"reason": "request", "seq": seq, "correction": False, "retracted": False, "corrects": None}
    value = {"messageId": f"m{at}", "userId": "jane", "event": "Customer Forgotten", "timestamp": to_text(at)}
    return Seen("transitions", 0, 0, at, b"jane", json.dumps(value | {"properties": properties}).encode())


def position(upto: int, **positions: int) -> Seen:
    return Seen("changelog", 0, 0, upto, POSITION_KEY, msgspec.msgpack.encode({"upto": upto, "positions": positions}))


def stored(key: bytes, value: bytes | None) -> Seen:
    return Seen("changelog", 0, 0, NOW, key, value)


FORGOTTEN_AT, ALLOWED_AT = NOW + 20, NOW + 60
BEFORE, SAME_INSTANT, AFTER = fact("browsing", 0, NOW), fact("purchases", 0, NOW + 20), fact("browsing", 1, NOW + 21)
EARLIER, ANEW = fact("browsing", 2, NOW + 60), fact("browsing", 3, NOW + 90)


@dataclass
class Log:
    """A customer who is forgotten in the second batch; an event of the same instant comes before, another after."""

    inputs: list[Seen] = field(default_factory=lambda: [BEFORE, SAME_INSTANT, AFTER, request("forget", 0, NOW + 20)])
    changelog: list[Seen] = field(
        default_factory=lambda: [
            stored(b"jane", b"snapshot"),
            position(NOW + 1, browsing=1),
            stored(b"jane", None),
            stored(mark_key("jane"), FORGOTTEN_AT.to_bytes(8) + (-1).to_bytes(8, signed=True)),
            position(NOW + 30, browsing=2, purchases=1, profiles=1),
        ]
    )
    rejects: list[Seen] = field(default_factory=lambda: [refused(AFTER)])
    transitions: list[Seen] = field(default_factory=lambda: [told(FORGOTTEN_AT, 1)])
    asked: list[str] = field(default_factory=lambda: ["forget"])
    rows: set[str] = field(default_factory=set)

    def found(self) -> tuple[dict[str, int], Forgotten, int]:
        """What is found, and how many facts the customer has whom nobody forgot again."""
        findings, policy = Findings(), read_policy(POLICIES["default"])
        changelog = Changelog(self.changelog)
        lives = Forgotten(self.inputs, Batches(INPUTS, self.changelog, self.inputs))
        published = collect(self.transitions, findings)
        lives.told_at = ended.told_at(published)
        events = [it for it in self.inputs if it.key != REQUEST_KEY]
        rejects = read_rejects(self.rejects, events, findings)
        customers = admitted(events, rejects, policy, changelog.uptos, (), lives, findings)
        for life in lives.ended["jane"]:
            self.facts = len(life.facts)
            life.facts.clear()  # what the oracle says of them has tests of its own
        in_force = InForce({}, [], findings)
        ended.compare_lives(lives, published, policy, in_force, findings)
        ended.compare_kept(lives, {"jane": self.asked}, changelog, self.rows, findings)
        return +findings.counts, lives, len(customers["jane"].facts) if "jane" in customers else 0


def test_the_order_of_the_merge_says_what_was_counted_before_the_request() -> None:
    log = Log()
    findings, lives, facts = log.found()
    assert (findings, lives.is_closed("jane"), log.facts, facts) == ({}, True, 2, 0)


WRONG: dict[str, tuple[Callable[[Log], Any], dict[str, int]]] = {
    "told twice": (lambda it: it.transitions.append(told(NOW + 25, 1)), {"duplicated": 1, "wrong_state": 1}),
    "not told": (lambda it: it.transitions.clear(), {"lost": 1}),
    "told before its request": (lambda it: it.transitions.__setitem__(0, told(NOW, 1)), {"wrong_transitions": 1}),
    "seq goes on": (lambda it: it.transitions.__setitem__(0, told(FORGOTTEN_AT, 2)), {"wrong_transitions": 1}),
    "counted later": (lambda it: it.rejects.clear(), {"unaccounted": 1}),
    "rejected before": (lambda it: it.rejects.append(refused(SAME_INSTANT)), {"unaccounted": 1}),
    "with its bytes": (
        lambda it: it.rejects.__setitem__(0, refused(AFTER, value=b64encode(AFTER.value or b"").decode())),
        {"unaccounted": 1},
    ),
    "no tombstone": (lambda it: it.changelog.pop(2), {"wrong_state": 1}),
    "no mark": (lambda it: it.changelog.pop(3), {"wrong_state": 1}),
    "in Redis": (lambda it: it.rows.add("jane"), {"wrong_state": 1}),
    "nobody asked": (lambda it: it.asked.clear(), {"unaccounted": 1}),
}


@pytest.mark.parametrize("name", WRONG)
def test_each_demand_is_looked_at(name: str) -> None:
    change, wanted = WRONG[name]
    log = Log()
    change(log)
    assert log.found()[0] == wanted


def allowed() -> Log:
    log = Log(asked=["forget", "allow"])
    log.inputs += [request("allow", 1, ALLOWED_AT), EARLIER, ANEW]
    log.changelog.append(position(NOW + 100, browsing=4, purchases=1, profiles=2))
    log.rejects.append(refused(EARLIER))
    return log


def test_who_is_allowed_again_begins_anew_with_what_lies_behind_both_instants() -> None:
    log = allowed()
    findings, lives, facts = log.found()
    assert (findings, lives.is_closed("jane"), facts) == ({}, False, 1)
    log.rejects.pop()
    assert log.found()[0] == {"unaccounted": 1}


def test_a_request_that_comes_again_ends_nothing() -> None:
    log = Log()
    log.inputs.append(request("forget", 1, NOW + 22))
    log.changelog[-1] = position(NOW + 30, browsing=2, purchases=1, profiles=2)
    assert log.found()[0] == {}


def test_where_the_log_does_not_say_what_came_first_the_rejects_do() -> None:
    log = Log()
    # By its time it lies behind the request; for who opens the partition there, both lie where it has come to.
    log.inputs[1] = replace(SAME_INSTANT, time=NOW + 22)
    log.changelog[1] = position(NOW + 24, browsing=1)
    log.transitions[0] = told(NOW + 24, 1)
    log.changelog[3] = stored(mark_key("jane"), (NOW + 24).to_bytes(8) + (-1).to_bytes(8, signed=True))
    assert (log.found()[0], log.facts) == ({}, 2)
    log.rejects.append(refused(SAME_INSTANT))
    assert (log.found()[0], log.facts) == ({}, 1)
