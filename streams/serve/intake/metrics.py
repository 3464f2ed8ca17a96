"""The metrics of the intake: which events came and what became of them, and how long Kafka took."""

from collections import Counter as Count
from collections.abc import Iterable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from streams.serve.intake.sent_events import KINDS, OTHER, EventRecord

_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0)
WRITTEN = "written"
UNAVAILABLE = "unavailable"


class IntakeMetrics:
    """The metrics, by the type of the events. An outcome is ``written``, ``unavailable`` or the reason of a reject."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._events = Counter(
            "lifestage_intake_events", "Events by type and outcome", ("type", "outcome"), registry=registry
        )
        for kind in (*KINDS, OTHER):
            self._events.labels(kind, UNAVAILABLE)  # from 0 on, so that an increase has the first ones, too
        self._bytes = Counter("lifestage_intake_bytes", "Bytes of requests, unpacked", registry=registry)
        self._moved = Counter(
            "lifestage_intake_clock_corrections", "Events whose sender's clock was wrong", registry=registry
        )
        self._seconds = Histogram(
            "lifestage_intake_kafka_seconds", "Time until Kafka had a request", buckets=_BUCKETS, registry=registry
        )
        self.held = Gauge("lifestage_intake_held_bytes", "Bytes of requests under way", registry=registry)

    def written(self, records: Iterable[EventRecord], seconds: float) -> None:
        """Note the events of a request that Kafka has."""
        self._seconds.observe(seconds)
        self._note((it.type, WRITTEN if it.lack is None else it.lack.reason) for it in records)
        self._moved.inc(sum(it.is_moved for it in records))

    def unavailable(self, records: Iterable[EventRecord]) -> None:
        """Note the events of a request that Kafka has not, or not all of them."""
        self._note((it.type, UNAVAILABLE) for it in records)

    def received(self, size: int) -> None:
        """Note the bytes of a request."""
        self._bytes.inc(size)

    def _note(self, events: Iterable[tuple[str, str]]) -> None:
        for (kind, outcome), number in Count(events).items():
            self._events.labels(kind, outcome).inc(number)
