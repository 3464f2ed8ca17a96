"""What the metrics and the pages of a worker are made of."""

from agents.batch import Batch, Outcome, Record
from agents.mirror import MirrorStatus
from schemas.change import Cause, Change, Publication
from streams.observe.metrics import Standing
from streams.partitions.status import GroupStatus, WorkerStatus

NOW = 1_500_000_000_000
CUSTOMER = "customer-4711"
MIRROR = MirrorStatus(connected=True, waiting=3, written=10, failures=1, unreadable=0, dropped=2, trouble="")


def standing(status: WorkerStatus | None = None) -> Standing:
    """Return a worker with one open group and a mirror."""
    groups = {0: GroupStatus(state="open", upto=NOW, lag={"customer.purchases": 7})}
    stages = {"loyal": 2, "new": 1}
    return Standing(status or WorkerStatus(True, groups), lambda: stages, lambda: MIRROR, "retail@12345678")


def outcome() -> tuple[Batch, Outcome]:
    """Return a batch and its outcome, in which every metric has a part."""
    key = CUSTOMER.encode()
    event, deadline = Cause("event", "Order Completed", "m1"), Cause("deadline", "patience")
    changes = [
        Publication(Change(NOW - 50, None, "became_loyal", "repeat", "loyal", event), None, 1),
        Publication(Change(NOW - 700, None, "at_risk", "loyal", "at_risk", deadline), None, 2),
        Publication(Change(NOW - 700, "vip", "VIPs", "out", "in", deadline), None, 3),
        Publication(Change(NOW - 90_000, "vip", "VIPs", "in", "out", deadline), None, 4, 0, True, True),
    ]
    counted = Outcome(NOW, publications=[(key, it) for it in changes])
    counted.counts.update({"in": 6, "applied": 3, "unknown": 1, "duplicate": 1, "reject:late": 2, "poisoned": 1})
    records = [Record("customer.purchases", it, NOW - 40, key, b"") for it in range(6)]
    return Batch(0, 1, records, NOW), counted
