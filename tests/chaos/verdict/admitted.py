"""Which records must have been applied: all but the rejects, each of which needs a reason that holds."""

import json
import re
from base64 import b64encode
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Sequence
from typing import Any

from tests.chaos.verdict import forgotten
from tests.chaos.verdict.findings import Findings
from tests.chaos.verdict.forgotten import Forgotten
from tests.chaos.verdict.recreated import Earlier, rejected_from
from tests.chaos.verdict.topics import Seen
from tests.reference_model.events import Fact, Reject, Unknown, usable
from tests.reference_model.policy import Policy

AHEAD_MS = 300_000
MAX_TAIL = 129
MAX_KEPT = 65_536
_LATE = re.compile(r"the event is (\d+) ms older than the allowed lateness")

Place = tuple[str, int, int]
Event = tuple[str, str, str, str]


class Customer:
    """The facts of one customer that must have been applied, and the partition they came in."""

    def __init__(self, partition: int) -> None:
        self.partition = partition
        self.facts: list[Fact] = []


def read_rejects(
    records: Iterable[Seen], inputs: Iterable[Seen], findings: Findings, recreated: Sequence[Earlier] = ()
) -> dict[Place, tuple[str, str]]:
    """Reason and detail by the place of the input record.

    One that appears twice, or for nothing, or without the record's own bytes, is a finding.
    """
    sources = {(it.topic, it.partition, it.offset): it for it in inputs}
    found: dict[Place, tuple[str, str]] = {}
    for record in records:
        assert record.value is not None
        given = json.loads(record.value)
        topic = rejected_from(recreated, given["topic"], record.partition, record.offset)
        place = (topic, given["partition"], given["offset"])
        if place in found:
            findings.add("duplicated", f"reject of {place}, {given['reason']}")
        source = sources.get(place)
        if source is None or place[1] != record.partition:
            findings.add("unaccounted", f"a reject of {place}, which is no input: {given['reason']}")
        elif not _keeps(given, source):
            findings.add("unaccounted", f"the reject of {place}, {given['reason']}, has not the record's bytes")
        found[place] = given["reason"], given["detail"]
    return found


def _keeps(given: dict[str, Any], source: Seen) -> bool:
    if given["reason"] == forgotten.REASON:
        return (given["key"], given["value"], given["valueBytes"]) == (None, None, 0)
    value = None if source.value is None else b64encode(source.value[:MAX_KEPT]).decode()
    key = None if source.key is None else b64encode(source.key).decode()
    return (given["key"], given["value"], given["valueBytes"]) == (key, value, len(source.value or b""))


def admitted(
    records: list[Seen],
    rejects: dict[Place, tuple[str, str]],
    policy: Policy,
    uptos: dict[int, int],
    poisoned: Collection[str],
    lives: Forgotten,
    findings: Findings,
) -> dict[str, Customer]:
    """Go through the input in the order of each log; who is ``poisoned`` can have nothing applied.

    The facts of lives that were ended on request are kept there.
    """
    customers: dict[str, Customer] = {}
    # What came before in its own log was processed before: the clock was there, or further.
    clocks: dict[tuple[str, int], int] = defaultdict(int)
    reasons: Counter[str] = Counter()
    recent: dict[str, int] = Counter()
    events: Counter[Event] = Counter()
    contradicted: dict[Place, Event] = {}
    for record in records:
        log = record.topic, record.partition
        clocks[log] = max(clocks[log], record.time)
        place = record.topic, record.partition, record.offset
        # A record without a key is read against one: the customer's own id must be there. The load sends no lists.
        (found,) = usable(record.value, record.key or b"", policy)
        given = rejects.get(place)
        if given is not None:
            reasons[given[0]] += 1
        is_refused = given is not None and given[0] == forgotten.REASON
        decided, life = lives.wanted(found, record, policy.lateness, is_refused=is_refused)
        judged = _judged(found, given, record, clocks[log], policy, uptos[record.partition], poisoned)
        wrong = _differs(given, decided) if decided else judged
        if wrong:
            findings.add("unaccounted", f"{place} {wrong}")
        if isinstance(found, Fact):
            recent[found.user_id] += 1
            event = found.user_id, found.message_id, found.name, found.order_id or found.ticket_id
            events[event] += 1
            if given is not None and given[0] == "conflict":
                contradicted[place] = event
            if given is None or given[0] == "conflict":  # which of the two counts is known from all of them
                if not lives.take(found, life):
                    customers.setdefault(found.user_id, Customer(record.partition)).facts.append(found)
            elif given[0] == "late" and not decided and not _LATE.search(given[1]) and recent[found.user_id] < MAX_TAIL:
                findings.add("unaccounted", f"{place} late by a flood of {recent[found.user_id]} events")
    for place, event in contradicted.items():
        if events[event] < 2:
            findings.add("unaccounted", f"{place} is in conflict with nothing")
    findings.figures.update({f"reject:{reason}": count for reason, count in reasons.items()})
    findings.figures["events"] = len(records)
    return customers


def _judged(
    found: Fact | Reject | Unknown,
    given: tuple[str, str] | None,
    record: Seen,
    clock: int,
    policy: Policy,
    upto: int,
    poisoned: Collection[str],
) -> str:
    """What is wrong with the fate of a record; empty where nothing is. ``clock``: the least it can have been."""
    if isinstance(found, Reject):
        wanted = {found.reason}
    elif isinstance(found, Unknown):
        wanted = {""}
    elif found.at > record.time + AHEAD_MS:
        wanted = {"from_the_future"}
    elif found.at < clock - policy.lateness:
        wanted = {"late"}
    else:
        wanted = {"poison"} if found.user_id in poisoned else {"", "conflict"}
        wanted.add("late")
        if isinstance(found, Fact) and found.kind in ("update", "refund", "cancel"):
            wanted.add("forgotten")
    if differs := _differs(given, wanted):
        return differs
    measured = _LATE.search(given[1]) if given else None
    if isinstance(found, Fact) and measured is not None:
        then = found.at + policy.lateness + int(measured[1])
        if not clock <= then <= max(upto, clock):
            return f"was late by a clock of {then}, which was between {clock} and {upto}"
    return ""


def _differs(given: tuple[str, str] | None, wanted: Collection[str]) -> str:
    reason = given[0] if given else ""
    if reason in wanted:
        return ""
    return f"was {reason or 'applied'} and should be {' or '.join(each or 'applied' for each in sorted(wanted))}"
