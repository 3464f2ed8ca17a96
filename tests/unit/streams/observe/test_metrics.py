"""Metrics: what Prometheus reads."""

from dataclasses import replace

import pytest
from prometheus_client.parser import text_string_to_metric_families

from schemas.reject import REASONS
from state.features.catalogue import catalogue
from state.policy.compiled import read_policy
from streams.observe.bulk_histogram import BulkHistogram
from streams.observe.metrics import Metrics
from streams.observe.possible_changes import possible_changes
from streams.partitions.status import GROUP_STATES, GroupStatus, Restore, WorkerStatus
from tests.support.observed import CUSTOMER, NOW, committed, health


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
    assert seen["lifestage_unknown_events_total", "Order Compleet"] == 1
    assert seen["lifestage_account_events_total", "passed_on"] == 4
    assert seen["lifestage_account_events_total", "unusable_account"] == 1
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


def test_the_clock_is_told_where_it_decides() -> None:
    seen = values(Metrics(health(), live=True, now=lambda: NOW).text())
    assert seen["lifestage_clock_timestamp_seconds",] == NOW / 1000
    assert b"lifestage_clock" not in Metrics(health(), live=False).text()


def test_every_reason_of_a_reject_begins_at_zero() -> None:
    seen = values(Metrics(health(), live=True).text())
    assert {name[1]: value for name, value in seen.items() if name[0] == "lifestage_rejects_total"} == dict.fromkeys(
        REASONS, 0
    )


def test_what_a_policy_can_make_happen_begins_at_zero() -> None:
    policy = """
        name = "first"
        [[segments]]
        key = "vip"
        name = "VIP"
        enter = "orders >= 2"
        [[ladders]]
        key = "tier"
        name = "Tier"
        [[ladders.steps]]
        key = "gold"
        name = "Gold"
        enter = "orders >= 1"
        [[signals]]
        key = "left"
        name = "Left"
        [[signals.steps]]
        event = "Product Viewed"
    """
    possible = possible_changes(read_policy(policy, catalogue))
    metrics = Metrics(health(), live=True, now=lambda: NOW, possible=possible)
    seen = values(metrics.text())
    zero = {name for name, value in seen.items() if value == 0}
    assert {
        ("lifestage_transitions_total", "loyal", "at_risk"),
        ("lifestage_transitions_total", "at_risk", "loyal"),
        ("lifestage_segment_changes_total", "entered", "vip"),
        ("lifestage_segment_changes_total", "republished", "vip"),
        ("lifestage_ladder_changes_total", "none", "tier", "gold"),
        ("lifestage_ladder_changes_total", "gold", "tier", "none"),
        ("lifestage_signals_total", "left"),
        ("lifestage_account_events_total", "unreadable"),
    } <= zero
    before = len(seen)
    metrics.committed(committed())
    assert values(metrics.text())["lifestage_transitions_total", "loyal", "at_risk"] == 1
    new = {name[0] for name in values(metrics.text()).keys() - seen.keys()}
    assert (new, len(seen)) == (set(), before), "nothing that happens is a new series"


def test_a_policy_with_very_many_changes_has_none_at_zero() -> None:
    keys = range(30)
    steps = "".join(f'[[ladders.steps]]\nkey = "s{it}"\nname = "S"\nenter = "orders >= {40 - it}"\n' for it in keys)
    text = f'name = "long"\n[[ladders]]\nkey = "tier"\nname = "Tier"\n{steps}'
    possible = possible_changes(read_policy(text, catalogue))
    assert possible.ladders == ()
    assert len(possible.transitions) == 30


def test_a_partition_is_in_one_state_and_has_no_instant_while_none_is_known() -> None:
    groups = {
        0: GroupStatus("stopped", "records lost", NOW, opened_in=2.5),
        1: GroupStatus(restore=Restore(30, 120, 9.0)),
    }
    seen = values(Metrics(health(WorkerStatus(True, groups)), live=True).text())
    states = {name[1:]: value for name, value in seen.items() if name[0] == "lifestage_partition_state"}
    assert {name for name, value in states.items() if value == 1} == {("0", "stopped"), ("1", "opening")}
    assert set(states.values()) == {0, 1}
    assert len(states) == 2 * len(GROUP_STATES)
    assert {name[1]: value for name, value in seen.items() if name[0] == "lifestage_restore_seconds"} == {"0": 2.5}
    assert seen["lifestage_upto_timestamp_seconds", "0"] == NOW / 1000
    assert ("lifestage_upto_timestamp_seconds", "1") not in seen, "and not 1970"
    assert seen["lifestage_restore_offsets", "1"] == 120
    assert seen["lifestage_restore_done_offsets", "1"] == 30
    assert seen["lifestage_restore_left_seconds", "1"] == 9
    assert ("lifestage_restore_offsets", "0") not in seen


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
