"""Traces: a span of OpenTelemetry for each batch, where the extra is installed and a collector is named."""

import logging
import time
from typing import TYPE_CHECKING

from agents.batch import Position
from agents.observer import Committed, Customers, Observer
from streams.settings import Settings

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider

logger = logging.getLogger(__name__)


class Traces:
    """An observer that tells of each committed batch as a span, whose attributes name no customer.

    A span lasts from the batch's computation to the end of its commit. Spans go through a bounded queue to a thread
    that sends them; if the collector is away, they are lost.
    """

    def __init__(self, provider: "TracerProvider") -> None:
        from opentelemetry.trace import SpanKind  # noqa: PLC0415  (an extra)

        self._tracer = provider.get_tracer("lifestage")
        self._kind = SpanKind.CONSUMER

    def opened(self, partition: int, position: Position, customers: Customers) -> None:
        """Do nothing: a restore is no batch."""

    def closed(self, partition: int) -> None:
        """Do nothing, as for ``opened``."""

    def committed(self, committed: Committed) -> None:
        """Tell of a batch."""
        batch, outcome = committed.batch, committed.outcome
        end = time.time_ns()
        span = self._tracer.start_span(
            "batch",
            kind=self._kind,
            start_time=end - int(committed.seconds * 1e9),
            attributes={
                "messaging.system": "kafka",
                "messaging.destination.partition.id": str(batch.partition),
                "messaging.batch.message_count": len(batch.records),
                "lifestage.generation": batch.generation,
                "lifestage.customers": len(outcome.customers),
                "lifestage.transitions": len(outcome.transitions),
                "lifestage.rejects": len(outcome.rejects),
            },
        )
        span.end(end)


def traces(settings: Settings) -> Observer | None:
    """Return the observer that traces; None, with a warning, where OpenTelemetry is not installed.

    Everything but the names of the service is read by OpenTelemetry itself, from its own ``OTEL_`` variables.
    """
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # noqa: PLC0415
        from opentelemetry.sdk.resources import OTELResourceDetector, Resource  # noqa: PLC0415
        from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415
        from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415
    except ImportError:
        why = "OTEL_EXPORTER_OTLP_ENDPOINT is set, and OpenTelemetry is not installed"
        logger.warning("no traces: %s: install lifestage[tracing]", why)
        return None
    named = {"service.name": settings.app_id, "messaging.consumer.group.name": settings.app_id}
    if settings.instance:
        named["service.instance.id"] = settings.instance
    resource = Resource.create(named).merge(OTELResourceDetector().detect())
    provider = TracerProvider(resource=resource)
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    return Traces(provider)
