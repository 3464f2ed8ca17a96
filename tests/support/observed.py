"""Builders for tests of observers and pages: a health, and a commit with a part of everything."""

from collections.abc import Iterable
from typing import ClassVar

from agents.batch import Batch, Outcome, Position, Record
from agents.mirror import Mirror, MirrorStatus
from agents.observer import Committed
from schemas.change import Cause, Change, Publication
from schemas.reject import RejectedError, reject
from state.rules.rulebook import Rulebook
from streams.observe.health import Health
from streams.observe.stage_counts import StageCounts
from streams.observe.worker_tally import WorkerTally
from streams.partitions.status import GroupStatus, WorkerStatus
from tests.support.stages import STAGES

NOW = 1_500_000_000_000
CUSTOMER = "customer-4711"
MIRROR = MirrorStatus(connected=True, waiting=3, written=10, failures=1, unreadable=0, dropped=2, trouble="")


class StubMirror(Mirror):
    """A mirror that has a status and does nothing."""

    def __init__(self, status: MirrorStatus) -> None:
        self._status = status

    @property
    def status(self) -> MirrorStatus:
        """The status it was made with."""
        return self._status


class FewCustomers:
    """Three customers, of whom only the stages are known."""

    stages: ClassVar = {"loyal": 2, "new": 1}

    def keys(self) -> Iterable[bytes]:
        """Return nothing."""
        return ()

    def snapshot(self, key: bytes) -> None:
        """Return nothing."""
        return None

    def rules_of(self, key: bytes) -> Rulebook:
        raise KeyError(key)

    def timeline(self, key: bytes) -> None:
        """Return nothing."""
        return None


def health(status: WorkerStatus | None = None) -> Health:
    """Return the health of a worker with one open group, a mirror, and one commit."""
    groups = {0: GroupStatus(state="open", upto=NOW, lag={"customer.purchases": 7})}
    stage_counts = StageCounts()
    stage_counts.opened(0, Position({}, 0), FewCustomers())
    tally = WorkerTally()
    tally.committed(committed())
    status = status or WorkerStatus(True, groups)
    return Health(status, "retail@12345678", STAGES[:-1], stage_counts, tally, StubMirror(MIRROR))


def committed() -> Committed:
    """Return a commit in which every metric has a part."""
    key = CUSTOMER.encode()
    event, deadline = Cause("event", "Order Completed", "m1"), Cause("deadline", "patience")
    changes = [
        Publication(Change(NOW - 50, None, "became_loyal", "repeat", "loyal", event), None, 1),
        Publication(Change(NOW - 700, None, "at_risk", "loyal", "at_risk", deadline), None, 2),
        Publication(Change(NOW - 700, "vip", "VIPs", "out", "in", deadline), None, 3),
        Publication(Change(NOW - 90_000, "vip", "VIPs", "in", "out", deadline), None, 4, 0, True, True),
    ]
    counted = Outcome(NOW, publications=[(key, it) for it in changes])
    counted.counts.update({"in": 6, "applied": 3, "duplicate": 1, "poisoned": 1})
    counted.rejected["late"] += 2
    counted.for_accounts.update({"passed_on": 4, "unusable_account": 1})
    counted.unknown_names["Order Compleet"] += 1
    late = RejectedError("late", f'userId is "{CUSTOMER}": too late', CUSTOMER)
    value = reject(late, topic="customer.purchases", partition=0, offset=7, time=NOW, key=key, value=key)
    counted.rejects += [(key, value, NOW)] * 2
    records = [Record("customer.purchases", it, NOW - 40, key, b"") for it in range(6)]
    return Committed(Batch(0, 1, records, NOW), counted, Position({}, NOW), 0.02)


def commit(outcome: Outcome) -> Committed:
    """Return the commit of an outcome."""
    return Committed(Batch(0, 1, [], outcome.upto), outcome, Position({}, outcome.upto), 0.0)
