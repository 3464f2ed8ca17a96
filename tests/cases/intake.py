"""Bytes in, values out: the same lines through the backtest and through the stream's tracker."""

import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import pytest

from agents.account_records import account_records
from agents.batch import Record
from schemas import profile
from schemas.envelope import events_in, open_envelope, read_event, user_of
from schemas.reject import RejectedError
from state.features.catalogue import catalogue
from state.policy.compiled import read_policy
from state.rules.retention import is_forgotten
from state.rules.rulebook import Rulebook
from streams.backtest.backtest import profile_of, read_events, run
from tests.topology.driver import Driver

DEFAULT_POLICY = 'name = "cases"'
Json = dict[str, Any]


@dataclass(frozen=True)
class Result:
    """What came out: profiles at the end and transitions that stand, by customer; rejects as (line, reason).

    ``unknown_names`` is how many events had which unknown name, ``bounds`` how often which bound held,
    ``unknown_orders`` how many events were about orders never seen.
    """

    profiles: dict[str, Json]
    transitions: dict[str, list[Json]]
    rejects: list[tuple[int, str]]
    details: dict[int, str]
    duplicates: int
    unknown: int
    unknown_names: dict[str, int]
    bounds: dict[str, int]
    unknown_orders: int

    def stages(self, customer: str) -> list[tuple[str, str]]:
        """The lifecycle steps of a customer: (name, instant)."""
        return [
            (it["properties"]["transition"], it["timestamp"])
            for it in self.transitions.get(customer, [])
            if it["event"] == "Lifecycle Stage Changed"
        ]

    def figure(self, customer: str, name: str) -> Any:
        """A figure of the customer's profile, or the value of a window."""
        profile = self.profiles[customer]
        return profile["figures"][name] if name in profile["figures"] else profile["windows"][name]


Intake = Callable[..., Result]


def event(name: str, customer: str, timestamp: str, message_id: str | None = None, **properties: Any) -> bytes:
    """A line as an SDK sends it."""
    value = {"type": "track", "event": name, "userId": customer, "timestamp": timestamp, "properties": properties}
    return json.dumps(value if message_id is None else {**value, "messageId": message_id}).encode()


def by_backtest(lines: Iterable[bytes], policy: str = DEFAULT_POLICY, until: int | None = None) -> Result:
    """Run the lines through a backtest until ``until`` (ms since 1970)."""
    rules = _rules_of(policy)
    refused: list[Json] = []
    events = read_events(enumerate(lines, 1), 2**62, rules, lambda it: refused.append(json.loads(it[2])))
    unknown = events.tally.unknown_events
    unknown_names = {name: it.count for name, it in events.tally.unknown.items()}
    profiles: dict[str, Json] = {}
    end = until if until is not None else events.last or 0
    result = run(
        events, end, rules, lambda name, it: profiles.update({name: json.loads(profile_of(name, it, end, rules))})
    )
    refused += [json.loads(it.reject()) for it in result.refused]
    return Result(
        profiles=profiles,
        transitions=_by_customer(map(json.loads, result.transitions)),
        rejects=[(it["line"], it["reason"]) for it in refused],
        details={it["line"]: it["detail"] for it in refused},
        duplicates=result.duplicates.count,
        unknown=unknown,
        unknown_names=unknown_names,
        bounds=dict(Counter({name: it.count for name, it in events.tally.bounds.items()}) + result.bounds),
        unknown_orders=result.unknown_orders.count,
    )


def by_stream(lines: Iterable[bytes], policy: str = DEFAULT_POLICY, until: int | None = None) -> Result:
    """Run the lines through a partition group for each customer, one record a batch, keyed and timed by the event.

    Accounts get what the customers' workers write for them.
    """
    rules = _rules_of(policy)
    groups: defaultdict[str, Driver] = defaultdict(lambda: Driver(rules))
    rejects: list[tuple[int, str]] = []
    details: dict[int, str] = {}
    last = 0
    for number, line in _written(lines, rules):
        user = user_of((events_in(line) or [line])[0])
        group = groups[user or ""]
        time = max(group.tracker.upto, _instant(line, rules))
        last = max(last, time)
        known = len(group.rejects)
        group.feed([Record("customer.purchases", number, time, (user or "").encode() or None, line)], time)
        for it in group.rejects[known:]:
            rejects.append((number, it["reason"]))
            details[number] = it["detail"]
    end = until if until is not None else last
    for group in groups.values():
        group.feed([], end)
    profiles = {user: _profile(group, user, end, rules) for user, group in groups.items()}
    return Result(
        profiles={user: it for user, it in profiles.items() if it is not None},
        transitions=_by_customer(it for group in groups.values() for it in group.standing()),
        rejects=rejects,
        details=details,
        duplicates=sum(group.counts["duplicate"] for group in groups.values()),
        unknown=sum(group.unknown_names.total() for group in groups.values()),
        unknown_names=dict(sum((group.unknown_names for group in groups.values()), Counter())),
        bounds=dict(sum((group.bounds for group in groups.values()), Counter())),
        unknown_orders=sum(group.counts["unknown_order"] for group in groups.values()),
    )


both = pytest.mark.parametrize("intake", [by_backtest, by_stream])
"""Decorate a test with this: its ``intake`` is each of the two in turn."""


@lru_cache(maxsize=16)
def _rules_of(policy: str) -> Rulebook:
    return Rulebook(read_policy(policy, catalogue))


def _written(lines: Iterable[bytes], rules: Rulebook) -> Iterator[tuple[int, bytes]]:
    for number, line in enumerate(lines, 1):
        if rules.intake.of_accounts:
            yield from (
                (number, value) for _, value, _ in account_records(Record("", 0, 0, None, line), None, Counter())
            )
        else:
            yield number, line


def _instant(line: bytes, rules: Rulebook) -> int:
    if events := events_in(line):
        return max(_instant(it, rules) for it in events)
    try:
        fact = read_event(open_envelope(line), line, rules.intake).fact
    except RejectedError:
        return 0
    return 0 if fact is None else fact.at


def _profile(group: Driver, user: str, at: int, rules: Rulebook) -> Json | None:
    timeline = group.tracker.timeline(user.encode())
    if timeline is None or is_forgotten(timeline.head):
        return None
    built = rules.profiles.profile(timeline.head, user_id=user, seq=timeline.seq, at=at)
    found: Json = json.loads(profile.encode(built))
    return found


def _by_customer(transitions: Iterable[Json]) -> dict[str, list[Json]]:
    found: defaultdict[str, list[Json]] = defaultdict(list)
    for it in sorted(transitions, key=lambda it: it["timestamp"]):
        found[it["userId"]].append(it)
    return dict(found)
