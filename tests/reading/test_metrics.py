"""Metrics: what Prometheus reads, as promtool sees it."""

import subprocess
from collections.abc import Iterable
from dataclasses import replace
from typing import ClassVar

import pytest
from prometheus_client.parser import text_string_to_metric_families

from agents.batch import Batch, Outcome, Position, Record
from agents.mirror import Mirror, MirrorStatus
from agents.observer import Committed
from schemas.change import Cause, Change, Publication
from streams.observe.bulk_histogram import BulkHistogram
from streams.observe.health import Health
from streams.observe.metrics import Metrics
from streams.observe.stage_counts import StageCounts
from streams.partitions.status import GroupStatus, WorkerStatus
from tests.deploy.files import program

NOW = 1_500_000_000_000
CUSTOMER = "customer-4711"
MIRROR = MirrorStatus(connected=True, waiting=3, written=10, failures=1, unreadable=0, dropped=2, trouble="")


class MirrorOf(Mirror):
    """A mirror that says how it fares, and does nothing."""

    def __init__(self, status: MirrorStatus) -> None:
        self._status = status

    @property
    def status(self) -> MirrorStatus:
        return self._status


class FewCustomers:
    """Three customers, of whom only the stages are known."""

    stages: ClassVar = {"loyal": 2, "new": 1}

    def keys(self) -> Iterable[bytes]:
        return ()

    def timeline(self, key: bytes) -> None:
        return None


def health(status: WorkerStatus | None = None) -> Health:
    groups = {0: GroupStatus(state="open", upto=NOW, lag={"customer.purchases": 7})}
    stage_counts = StageCounts()
    stage_counts.opened(0, Position({}, 0), FewCustomers())
    return Health(status or WorkerStatus(True, groups), "retail@12345678", stage_counts, MirrorOf(MIRROR))


def committed() -> Committed:
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
    return Committed(Batch(0, 1, records, NOW), counted, Position({}, NOW), 0.02)


def values(text: bytes) -> dict[tuple[str, ...], float]:
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(text.decode())
        for sample in family.samples
    }


def test_everything_is_counted_once() -> None:
    metrics = Metrics(health(), live=True, now=lambda: NOW)
    metrics.committed(committed())
    seen = values(metrics.text())
    assert seen["lifestage_events_total", "applied"] == 3
    assert seen["lifestage_events_total", "duplicate"] == 1
    assert seen["lifestage_events_total", "rejected"] == seen["lifestage_rejects_total", "late"] == 2
    assert seen["lifestage_unknown_events_total",] == 1
    assert seen["lifestage_poisoned_customers_total",] == 1
    assert seen["lifestage_transitions_total", "loyal", "at_risk"] == 1
    assert seen["lifestage_segment_changes_total", "entered", "vip"] == 1
    assert ("lifestage_segment_changes_total", "exited", "vip") not in seen, "a retraction is no change"
    assert seen["lifestage_corrections_total",] == 1
    assert seen["lifestage_event_delay_seconds_count",] == 6
    assert seen["lifestage_event_delay_seconds_bucket", "0.05"] == 6
    assert seen["lifestage_event_delay_seconds_bucket", "0.025"] == 0
    assert seen["lifestage_deadline_delay_seconds_count",] == 2
    assert seen["lifestage_customers", "loyal"] == 2
    assert seen["lifestage_customers", "churned"] == 0
    assert seen["lifestage_lag_records", "0", "customer.purchases"] == 7
    assert seen["lifestage_upto_timestamp_seconds", "0"] == NOW / 1000
    assert seen["lifestage_ready",] == 1
    assert seen["lifestage_batches_total",] == seen["lifestage_batch_seconds_count",] == 1
    assert seen["lifestage_mirror_waiting_customers",] == 3
    assert seen["lifestage_mirror_dropped_messages_total",] == 2


def test_a_replay_observes_no_delays() -> None:
    metrics = Metrics(health(), live=False)
    metrics.committed(committed())
    seen = values(metrics.text())
    assert seen["lifestage_event_delay_seconds_count",] == 0
    assert seen["lifestage_deadline_delay_seconds_count",] == 0
    assert seen["lifestage_batch_seconds_count",] == 1


def test_promtool_finds_nothing_to_say() -> None:
    metrics = Metrics(health(), live=True, now=lambda: NOW)
    metrics.committed(committed())
    command = [program("promtool"), "check", "metrics"]
    said = subprocess.run(command, input=metrics.text(), capture_output=True, check=False)
    assert (said.returncode, said.stdout, said.stderr) == (0, b"", b"")


def test_no_customer_is_named() -> None:
    metrics = Metrics(health(), live=True, now=lambda: NOW)
    metrics.committed(committed())
    assert CUSTOMER.encode() not in metrics.text()


def test_a_worker_without_mirror_has_no_mirror_metrics() -> None:
    without = Metrics(replace(health(), mirror=None), live=True)
    assert b"lifestage_mirror" not in without.text()


def test_delays_fall_into_their_buckets() -> None:
    delays = BulkHistogram("delay_seconds", "For a test.", (0.1, 1.0))
    delays.observe([-5, 100, 101, 5000])
    (family,) = delays.collect()
    assert {sample.labels.get("le", sample.name): sample.value for sample in family.samples} == {
        "0.1": 2,
        "1.0": 3,
        "+Inf": 4,
        "delay_seconds_count": 4,
        "delay_seconds_sum": pytest.approx(5.201),
    }
