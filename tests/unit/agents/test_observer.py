"""Observers: each is shown everything, in order; one that raises holds up nobody."""

import logging

import pytest

from agents.batch import Batch, Outcome, Position
from agents.observer import Committed, Customers, Observers
from state.rules.rulebook import Rulebook

COMMITTED = Committed(Batch(3, 1, [], 7), Outcome(7), Position({}, 7), 0.1)


class Recorder:
    """An observer that keeps what it is shown, or raises instead."""

    def __init__(self, raises: bool = False) -> None:
        self.seen: list[tuple[str, int]] = []
        self._raises = raises

    def opened(self, partition: int, position: Position, customers: Customers) -> None:
        self._see("opened", partition)

    def committed(self, committed: Committed) -> None:
        self._see("committed", committed.batch.partition)

    def closed(self, partition: int) -> None:
        self._see("closed", partition)

    def _see(self, what: str, partition: int) -> None:
        if self._raises:
            raise RuntimeError("this observer is broken")
        self.seen.append((what, partition))


class NoCustomers:
    stages: dict[str, int] = {}  # noqa: RUF012 a protocol's attribute

    def keys(self) -> list[bytes]:
        return []

    def snapshot(self, key: bytes) -> None:
        return None

    def rules_of(self, key: bytes) -> Rulebook:
        raise KeyError(key)

    def timeline(self, key: bytes) -> None:
        return None


def test_every_observer_sees_everything_though_one_raises(caplog: pytest.LogCaptureFixture) -> None:
    first, last = Recorder(), Recorder()
    observers = Observers([first, Recorder(raises=True), last])
    with caplog.at_level(logging.ERROR):
        observers.opened(3, Position({}, 0), NoCustomers())
        observers.committed(COMMITTED)
        observers.closed(3)
    assert first.seen == last.seen == [("opened", 3), ("committed", 3), ("closed", 3)]
    assert caplog.text.count("an observer failed; the stream goes on") == 3
