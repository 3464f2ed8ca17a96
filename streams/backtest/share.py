"""One process's share of a backtest: reads the lines of its customers, decides them, and sends what came of it."""

import gc
import signal
from array import array
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import islice
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from state.timeline.history import History
from streams.backtest.backtest import Lines, profile_of, read_events, run
from streams.policy_file import load_rules

PORTION = 1000
_TOLD_EVERY = 200

_T = TypeVar("_T")


class Task(NamedTuple):
    """What all shares are told at first; ``now`` and ``until`` are in ms since 1970."""

    policy: Path | None
    now: int
    with_profiles: bool


class Portion(NamedTuple):
    """Lines and their numbers. The lines are one text, for that goes through a pipe as it is."""

    numbers: "array[int]"
    text: bytes


class Read(NamedTuple):
    """What a share has read; ``refused`` are the rejects, one line of JSON each."""

    lines: int
    facts: int
    unknown: int
    customers: int
    last: int | None
    rejects: Counter[str]
    refused: list[bytes]


class Decided(NamedTuple):
    """What a share has decided, until an instant (ms since 1970)."""

    until: int
    duplicates: int
    after: int
    by_name: Counter[str]
    stages: Counter[str]


def take_part(connection: Connection, task: Task) -> None:
    """Do one share, to the end of its process.

    Over the connection come ``Portion``s, None, and the instant to decide until. There leave a ``Read``, numbers of
    customers decided since the last such number, a ``Decided``, and portions of transitions and of profiles, both
    sorted, with a None after each.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the process that waits for all shares
    gc.disable()  # what is read stays: to look through it again and again would cost a quarter of the time
    rules = load_rules(task.policy)
    refused: list[bytes] = []
    events = read_events(_lines(connection), task.now, rules, refused.append)
    customers = len(events.by_customer)
    connection.send(Read(events.lines, events.facts, events.unknown, customers, events.last, events.rejects, refused))
    until: int = connection.recv()
    tell = _Telling(connection)
    profiles: list[tuple[str, bytes]] = []

    def on_history(customer: str, history: History) -> None:
        tell()
        if task.with_profiles:
            profiles.append((customer, profile_of(customer, history, until, rules)))

    result = run(events, until, rules, on_history)
    connection.send(Decided(result.until, result.duplicates, result.after, result.by_name, result.stages))
    _send_all(connection, result.published)
    _send_all(connection, sorted(profiles))


def received(connection: Connection) -> Iterator[Any]:
    """What comes in portions until a None, one by one. Raises ``EOFError`` when the other side is gone."""
    while (portion := connection.recv()) is not None:
        yield from portion


def _lines(connection: Connection) -> Lines:
    portion: Portion | None
    while (portion := connection.recv()) is not None:
        yield from zip(portion.numbers, portion.text.split(b"\n"), strict=True)


def _send_all(connection: Connection, items: Iterable[_T]) -> None:
    left = iter(items)
    while portion := list(islice(left, PORTION)):
        connection.send(portion)
    connection.send(None)


class _Telling:
    """Called for each customer, and tells of many at once."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._untold = 0

    def __call__(self) -> None:
        self._untold += 1
        if self._untold == _TOLD_EVERY:
            self._connection.send(self._untold)
            self._untold = 0
