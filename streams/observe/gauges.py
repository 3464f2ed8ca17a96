"""Gauges: what is read of a worker's health at each request for its metrics."""

from collections.abc import Callable, Iterable, Mapping

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from agents.mirror import MirrorStatus
from state.customer.customer import EXCLUDED
from streams.observe.health import Health
from streams.partitions.status import GROUP_STATES, GroupStatus


class Gauges(Collector):
    """The gauges of a worker. ``now`` is the wall clock in ms since 1970, None where it decides nothing."""

    def __init__(self, health: Health, now: Callable[[], int] | None) -> None:
        self._health = health
        self._now = now

    def collect(self) -> Iterable[Metric]:
        """See ``Collector``."""
        status = self._health.status
        yield _gauge("lifestage_ready", "1 when assigned and recovered.", status.ready)
        if self._now is not None:
            yield _gauge(
                "lifestage_clock_timestamp_seconds", "This machine's clock, by which is decided.", self._now() / 1000
            )
        yield self._customers()
        unknown = CounterMetricFamily(
            "lifestage_unknown_events", "Applied events whose name lifestage does not know.", labels=["name"]
        )
        for name, counted in self._health.tally.total.unknown.items():
            unknown.add_metric([name], counted.count)
        yield unknown
        lag = GaugeMetricFamily(
            "lifestage_lag_records", "Records that no commit covers yet.", labels=["topic", "partition"]
        )
        for (topic, partition), records in status.lag.items():
            lag.add_metric([topic, str(partition)], records)
        yield lag
        yield from _groups(status.groups)
        policy = GaugeMetricFamily("lifestage_policy_info", "The policy at work.", labels=["version"])
        for version in self._health.policies:
            policy.add_metric([version], 1)
        yield policy
        mirror = self._health.mirror_status
        if mirror is not None:
            yield from _mirror(mirror)

    def _customers(self) -> Metric:
        stages = self._health.stages
        customers = GaugeMetricFamily("lifestage_customers", "Customers by stage.", labels=["stage"])
        # A customer may still be in a stage that only the policy before has.
        for stage in dict.fromkeys((*self._health.policy_stages, *stages)):
            if stage != EXCLUDED:
                customers.add_metric([stage], stages.get(stage, 0))
        return customers


def _groups(groups: Mapping[int, GroupStatus]) -> Iterable[Metric]:
    state = GaugeMetricFamily(
        "lifestage_partition_state", "1 for the state that a partition is in.", labels=["partition", "state"]
    )
    upto = _by_partition("lifestage_upto_timestamp_seconds", "The instant up to which everything is decided.")
    restore = _by_partition("lifestage_restore_offsets", "Offsets of the changelog that are read before it opens.")
    done = _by_partition("lifestage_restore_done_offsets", "How many of them are read.")
    left = _by_partition("lifestage_restore_left_seconds", "How long the rest will take if it goes on like that.")
    took = _by_partition("lifestage_restore_seconds", "How long the last restore took, until it was open.")
    for number, group in groups.items():
        partition = str(number)
        for each in GROUP_STATES:
            state.add_metric([partition, each], each == group.state)
        if group.upto:
            upto.add_metric([partition], group.upto / 1000)
        if group.opened_in is not None:
            took.add_metric([partition], group.opened_in)
        if group.restore is not None:
            restore.add_metric([partition], group.restore.offsets)
            done.add_metric([partition], group.restore.done)
            if group.restore.seconds_left is not None:
                left.add_metric([partition], group.restore.seconds_left)
    yield from (state, upto, restore, done, left, took)


def _by_partition(name: str, documentation: str) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, documentation, labels=["partition"])


def _mirror(mirror: MirrorStatus) -> Iterable[Metric]:
    yield _gauge("lifestage_mirror_connected", "1 when Redis takes the mirror.", mirror.connected)
    yield _gauge("lifestage_mirror_waiting_customers", "Customers that wait to be written.", mirror.waiting)
    yield _counter("lifestage_mirror_written_customers", "Profiles written.", mirror.written)
    yield _counter("lifestage_mirror_failures", "Times that Redis did not take the mirror.", mirror.failures)
    yield _counter("lifestage_mirror_unreadable_customers", "Customers that cannot be written.", mirror.unreadable)
    yield _counter("lifestage_mirror_dropped_messages", "Transitions not announced in Redis.", mirror.dropped)


def _gauge(name: str, documentation: str, value: float) -> Metric:
    return GaugeMetricFamily(name, documentation, value=value)


def _counter(name: str, documentation: str, value: float) -> Metric:
    return CounterMetricFamily(name, documentation, value=value)
