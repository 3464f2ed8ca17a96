"""Metrics: what Prometheus reads, as promtool sees it."""

import subprocess
from dataclasses import replace

import pytest
from prometheus_client.parser import text_string_to_metric_families

from agents.batch import Batch, Outcome, Record
from agents.mirror import MirrorStatus
from schemas.change import Cause, Change, Publication
from streams.observe.bulk_histogram import Delays
from streams.observe.metrics import Metrics, Standing
from streams.partitions.status import GroupStatus, WorkerStatus
from tests.deploy.files import program

NOW = 1_500_000_000_000
CUSTOMER = "customer-4711"
MIRROR = MirrorStatus(connected=True, waiting=3, written=10, failures=1, unreadable=0, dropped=2, trouble="")


def standing(status: WorkerStatus | None = None) -> Standing:
    groups = {0: GroupStatus(state="open", upto=NOW, lag={"customer.purchases": 7})}
    stages = {"loyal": 2, "new": 1}
    return Standing(status or WorkerStatus(True, groups), lambda: stages, lambda: MIRROR, "retail@12345678")


def outcome() -> tuple[Batch, Outcome]:
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


def values(text: bytes) -> dict[tuple[str, ...], float]:
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(text.decode())
        for sample in family.samples
    }


def test_everything_is_counted_once() -> None:
    metrics = Metrics(standing(), live=True)
    metrics.committed(*outcome(), seconds=0.02, now=NOW)
    seen = values(metrics.text())
    assert seen["lifestage_events_total", "applied"] == 3
    assert seen["lifestage_events_total", "duplicate"] == 1
    assert seen["lifestage_events_total", "rejected"] == seen["lifestage_rejects_total", "late"] == 2
    assert seen["lifestage_unknown_events_total",] == 1
    assert seen["lifestage_poisoned_customers_total",] == 1
    assert seen["lifestage_transitions_total", "loyal", "at_risk"] == 1
    assert seen["lifestage_segment_changes_total", "vip", "entered"] == 1
    assert ("lifestage_segment_changes_total", "vip", "exited") not in seen, "a retraction is no change"
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
    metrics = Metrics(standing(), live=False)
    metrics.committed(*outcome(), seconds=0.02, now=NOW)
    seen = values(metrics.text())
    assert seen["lifestage_event_delay_seconds_count",] == 0
    assert seen["lifestage_deadline_delay_seconds_count",] == 0
    assert seen["lifestage_batch_seconds_count",] == 1


def test_promtool_finds_nothing_to_say() -> None:
    metrics = Metrics(standing(), live=True)
    metrics.committed(*outcome(), seconds=0.02, now=NOW)
    command = [program("promtool"), "check", "metrics"]
    said = subprocess.run(command, input=metrics.text(), capture_output=True, check=False)
    assert (said.returncode, said.stdout, said.stderr) == (0, b"", b"")


def test_no_customer_is_named() -> None:
    metrics = Metrics(standing(), live=True)
    metrics.committed(*outcome(), seconds=0.02, now=NOW)
    assert CUSTOMER.encode() not in metrics.text()


def test_a_worker_without_mirror_has_no_mirror_metrics() -> None:
    without = Metrics(replace(standing(), mirror=lambda: None), live=True)
    assert b"lifestage_mirror" not in without.text()


def test_delays_fall_into_their_buckets() -> None:
    delays = Delays("delay_seconds", "For a test.", (0.1, 1.0))
    delays.observe([-5, 100, 101, 5000])
    (family,) = delays.collect()
    assert {sample.labels.get("le", sample.name): sample.value for sample in family.samples} == {
        "0.1": 2,
        "1.0": 3,
        "+Inf": 4,
        "delay_seconds_count": 4,
        "delay_seconds_sum": pytest.approx(5.201),
    }
