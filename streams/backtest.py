"""A backtest: the same rules over events that lie on disk, customer by customer, without Kafka."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

import orjson

from agents.track import MOST_AHEAD
from schemas import message, profile
from schemas.envelope import open_envelope, read_event
from schemas.events import AnyFact
from schemas.reject import RejectedError
from state.history import History, replay
from state.portrait import portrait
from state.rulebook import Rulebook

Lines = Iterable[tuple[int, bytes]]


@dataclass(slots=True)
class Events:
    """What a backtest reads: facts by customer, and what could not be used.

    ``lines`` = ``facts`` + ``unknown`` + ``rejects``; ``last`` is the latest event time (ms since 1970).
    """

    by_customer: dict[str, list[AnyFact]] = field(default_factory=dict)
    lines: int = 0
    facts: int = 0
    unknown: int = 0
    rejects: Counter[str] = field(default_factory=Counter)
    last: int | None = None


class Published(NamedTuple):
    """A transition's value, and its place among all: (instant, customer, seq)."""

    at: int
    customer: str
    seq: int
    value: bytes


@dataclass(slots=True)
class Backtest:
    """What came of it: what was published, in order, and the counts."""

    published: list[Published]
    histories: dict[str, History]
    until: int
    duplicates: int
    after: int
    by_name: Counter[str]
    stages: Counter[str]

    @property
    def transitions(self) -> list[bytes]:
        """The values of the transitions topic, in order of (instant, customer, seq)."""
        return [it.value for it in self.published]


def read_events(
    lines: Lines, now: int, rules: Rulebook, on_reject: Callable[[bytes], None], on_line: Callable[[], None]
) -> Events:
    """Read numbered lines; ``on_reject`` gets one JSON line for every one that cannot be used.

    ``now`` (ms since 1970): an event that claims to be later is from the future.
    """
    events = Events()

    def refuse(number: int, line: bytes, error: RejectedError) -> None:
        events.rejects[error.reason] += 1
        shown = line[:65536].decode("utf-8", "replace")
        on_reject(orjson.dumps({"line": number, "reason": error.reason, "detail": error.detail, "value": shown}))

    for number, text in lines:
        line = text.rstrip(b"\r\n")
        if not line.strip():
            continue
        events.lines += 1
        on_line()
        try:
            event = read_event(open_envelope(line), line, rules.exchange)
        except RejectedError as error:
            refuse(number, line, error)
            continue
        if event.fact is None:
            events.unknown += 1
            continue
        if event.fact.at > now + MOST_AHEAD:
            refuse(number, line, RejectedError("from_the_future", "the event lies ahead of the clock"))
            continue
        events.facts += 1
        events.last = event.fact.at if events.last is None else max(events.last, event.fact.at)
        events.by_customer.setdefault(event.user_id, []).append(event.fact)
    return events


def run(events: Events, until: int | None, rules: Rulebook, on_customer: Callable[[], None]) -> Backtest:
    """Decide every customer's history until an instant; without one, until the last event."""
    end = until if until is not None else events.last or 0
    made: list[Published] = []
    histories: dict[str, History] = {}
    names: Counter[str] = Counter()
    stages: Counter[str] = Counter()
    for customer, facts in events.by_customer.items():
        on_customer()
        history = replay(facts, end, rules)
        if history is None:
            continue
        histories[customer] = history
        stages[history.customer.stage] += 1
        for it in history.published:
            audience = it.change.audience
            names[it.change.name if audience is None else f"{audience} {it.change.to}"] += 1
            made.append(Published(it.change.at, customer, it.seq, message.encode(it, customer, rules.version)))
    made.sort()
    return Backtest(
        published=made,
        histories=histories,
        until=end,
        duplicates=sum(it.duplicates for it in histories.values()),
        after=sum(it.after for it in histories.values()),
        by_name=names,
        stages=stages,
    )


def profiles(backtest: Backtest, rules: Rulebook) -> Iterator[tuple[str, bytes]]:
    """Each customer and their profile as of the backtest's end, in order of the customers' ids."""
    features = rules.compiled.catalogue
    for customer, history in sorted(backtest.histories.items()):
        seen = portrait(history.customer, customer, len(history.published), backtest.until, rules.version, features)
        yield customer, profile.encode(seen)
