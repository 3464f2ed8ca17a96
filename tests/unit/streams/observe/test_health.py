"""The health: what a worker lacks in words, and its document."""

from types import SimpleNamespace
from typing import Any

import pytest

from agents.batch import Position
from streams.observe import health as module
from streams.observe.health import Health
from streams.observe.stage_counts import StageCounts
from streams.observe.worker_tally import WorkerTally
from streams.partitions.status import GroupState, GroupStatus, Restore, WorkerStatus
from tests.support.observed import NOW, FewCustomers, committed, health

UNASSIGNED = "Kafka has not given this worker its partitions yet"


def group(state: GroupState, reason: str = "") -> GroupStatus:
    return GroupStatus(state=state, reason=reason)


@pytest.mark.parametrize(
    ("assigned", "groups", "missing"),
    [
        (False, {}, [UNASSIGNED]),
        (True, {}, []),
        (True, {0: group("open"), 1: group("open")}, []),
        (False, {0: group("open")}, [UNASSIGNED]),
        (True, {9: group("opening"), 1: group("open")}, ["partition 9 is opening"]),
        (
            True,
            {2: group("failed", "timed out"), 1: group("stopped", "records lost")},
            ["partition 1 is stopped: records lost", "partition 2 is failed: timed out"],
        ),
        (False, {0: group("opening", "no Kafka")}, [UNASSIGNED, "partition 0 is opening: no Kafka"]),
    ],
)
def test_a_worker_is_ready_when_it_lacks_nothing(
    assigned: bool, groups: dict[int, GroupStatus], missing: list[str]
) -> None:
    found = health(WorkerStatus(assigned, groups))
    assert found.missing() == missing
    assert found.status.ready is not bool(missing)
    assert found.document()["ready"] is not bool(missing)


def test_the_document_has_each_group_with_its_lag_and_its_last_progress(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "time", SimpleNamespace(monotonic=lambda: 500.04))
    groups = {
        10: GroupStatus("open", "", NOW, 490.0, {"customer.purchases": 3, "customer.support": 0}),
        2: GroupStatus("failed", "timed out", 0, 500.04, {"customer.purchases": 4}),
    }
    document = health(WorkerStatus(True, groups)).document()
    assert list(document["partitions"]) == ["2", "10"]
    assert document["partitions"]["10"] == {
        "state": "open",
        "reason": "",
        "upto": "2017-07-14T02:40:00.000Z",
        "seconds_since_progress": 10.0,
        "lag_records": {"customer.purchases": 3, "customer.support": 0},
        "policy": 0,
        "policy_version": "",
        "restore": None,
    }
    assert document["partitions"]["2"]["upto"] is None, "nothing was decided yet"
    assert document["lag_records"] == 7
    assert document["customers"] == {"loyal": 2, "new": 1}
    assert document["mirror"]["waiting"] == 3


def test_a_group_that_is_restored_says_how_far_it_is() -> None:
    groups = {3: GroupStatus("opening", restore=Restore(52_000, 130_000, 12.34)), 4: GroupStatus("opening")}
    groups[4].restore = Restore(0, 10)
    seen = health(WorkerStatus(False, groups))
    assert seen.missing() == [
        UNASSIGNED,
        "partition 3 is opening: 40 % of its changelog is read (52,000 of 130,000 offsets), about 12 s left",
        "partition 4 is opening: 0 % of its changelog is read (0 of 10 offsets)",
    ]
    partitions = seen.document()["partitions"]
    assert partitions["3"]["restore"] == {"offsets_done": 52_000, "offsets": 130_000, "seconds_left": 12.3}
    assert partitions["4"]["restore"] == {"offsets_done": 0, "offsets": 10, "seconds_left": None}


def test_without_redis_there_is_no_mirror() -> None:
    assert Health(WorkerStatus(), "p@1", (), StageCounts(), WorkerTally(), None).document()["mirror"] is None


def test_customers_are_those_of_the_groups_that_are_here() -> None:
    counts = StageCounts()
    some: Any = SimpleNamespace(stages={"loyal": 5, "churned": 1})
    counts.opened(0, Position({}, 0), FewCustomers())
    counts.opened(1, Position({}, 0), some)
    counts.committed(committed())
    assert counts.total() == {"loyal": 7, "new": 1, "churned": 1}
    some.stages["loyal"] = 6
    assert counts.total()["loyal"] == 8
    counts.closed(0)
    counts.closed(7)
    assert counts.total() == {"loyal": 6, "churned": 1}
