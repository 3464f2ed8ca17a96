"""The metrics of the push. No customer is in a label."""

from collections.abc import Callable

from prometheus_client import CollectorRegistry, Counter, Gauge

_REASONS = ("slow", "gone", "kafka", "members", "shutdown", "failed")


class StreamMetrics:
    """How many streams are open, what they were sent, why they ended, and how far behind the topic they are."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.sent = Counter("lifestage_serve_stream_events", "Transitions sent to streams", registry=registry)
        self.dropped = Counter(
            "lifestage_serve_streams_dropped",
            "Streams that the server ended, by reason",
            ("reason",),
            registry=registry,
        )
        for reason in _REASONS:  # from 0 on, so that an increase has the first ones, too
            self.dropped.labels(reason)
        self._open = Gauge("lifestage_serve_streams", "Open streams", registry=registry)
        self._lag = Gauge(
            "lifestage_serve_feed_lag", "Records of the transitions topic not read yet", registry=registry
        )

    def watch(self, open_streams: Callable[[], int], lag: Callable[[], int]) -> None:
        """Ask these whenever somebody asks for the metrics."""
        self._open.set_function(open_streams)
        self._lag.set_function(lag)
