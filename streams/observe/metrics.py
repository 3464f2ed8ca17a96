"""The worker's metrics: counters of what it did, and gauges that are read at each request."""

import time
from collections.abc import Callable

from prometheus_client import CollectorRegistry, Counter, Histogram, ProcessCollector, generate_latest
from prometheus_client import metrics as client_metrics

from agents.account_records import NO_ACCOUNT, PASSED_ON, UNREADABLE, UNUSABLE_ACCOUNT
from agents.batch import Outcome, Position
from agents.observer import Committed, Customers
from schemas.forget_request import BY_REQUEST
from schemas.reject import REASONS
from schemas.transition import BY_RETENTION
from state.rules.bounds_told import UNKNOWN_ORDER
from streams.observe.bulk_histogram import BulkHistogram
from streams.observe.gauges import Gauges
from streams.observe.health import Health
from streams.observe.possible_changes import NONE_KNOWN, PossibleChanges


def _now() -> int:
    return time.time_ns() // 1_000_000


class Metrics:
    """An observer that counts. Metrics are in base units, on a registry of their own, and no label names a customer.

    In a replay (``live`` false) delays are not observed: the records are as old as the year that is replayed. ``now``
    is the wall clock in milliseconds since 1970. The counters of ``possible`` changes begin at 0.
    """

    def __init__(
        self, health: Health, live: bool, now: Callable[[], int] = _now, possible: PossibleChanges = NONE_KNOWN
    ) -> None:
        client_metrics.disable_created_metrics()  # type: ignore[no-untyped-call]
        self.registry = registry = CollectorRegistry()
        self._live = live
        self._now = now
        self._events = Counter("lifestage_events", "Records read, by outcome.", ["outcome"], registry=registry)
        self._bounds = Counter(
            "lifestage_bounds", "Times that something was not kept because of a bound.", ["bound"], registry=registry
        )
        self._unknown_orders = Counter(
            "lifestage_unknown_orders",
            "Refunds, cancellations and updates applied whose orders were never seen.",
            registry=registry,
        )
        self._rejects = Counter("lifestage_rejects", "Records rejected, by reason.", ["reason"], registry=registry)
        self._account_events = Counter(
            "lifestage_account_events", "Events by what they became for accounts.", ["outcome"], registry=registry
        )
        self._transitions = Counter(
            "lifestage_transitions", "Lifecycle stage changes published.", ["from", "to"], registry=registry
        )
        self._segment_changes = Counter(
            "lifestage_segment_changes",
            "Segments entered and exited, and memberships republished.",
            ["segment", "change"],
            registry=registry,
        )
        self._ladder_changes = Counter(
            "lifestage_ladder_changes", "Steps of ladders changed.", ["ladder", "from", "to"], registry=registry
        )
        self._corrections = Counter(
            "lifestage_corrections", "Transitions published as corrections, retractions among them.", registry=registry
        )
        self._poisoned = Counter(
            "lifestage_poisoned_customers", "Decisions that raised and were put aside.", registry=registry
        )
        self._batches = Counter("lifestage_batches", "Batches committed, ticks among them.", registry=registry)
        self._batch_seconds = Histogram(
            "lifestage_batch_seconds", "From a batch's computation to the end of its commit.", registry=registry
        )
        self._event_delay = BulkHistogram("lifestage_event_delay_seconds", "From a record's time to its commit.")
        self._deadline_delay = BulkHistogram(
            "lifestage_deadline_delay_seconds", "From the instant of a deadline to the commit of what it changed."
        )
        self._signals = Counter("lifestage_signals", "Signals by key.", ["signal"], registry=registry)
        self._forgotten = Counter(
            "lifestage_customers_forgotten",
            "Customers of whom nothing is kept any more.",
            ["reason"],
            registry=registry,
        )
        # From 0 on, or the first of each would be no increase.
        for counter, values in (
            (self._events, [(it,) for it in ("applied", "duplicate", "rejected")]),
            (self._rejects, [(it,) for it in REASONS]),
            (self._account_events, [(it,) for it in (PASSED_ON, NO_ACCOUNT, UNUSABLE_ACCOUNT, UNREADABLE)]),
            (self._transitions, possible.transitions),
            (self._segment_changes, possible.segments),
            (self._ladder_changes, possible.ladders),
            (self._signals, possible.signals),
            (self._forgotten, [(it,) for it in (BY_REQUEST, BY_RETENTION)]),
        ):
            for labels in values:
                counter.labels(*labels)
        registry.register(self._event_delay)
        registry.register(self._deadline_delay)
        registry.register(Gauges(health, now if live else None))
        ProcessCollector(registry=registry)

    def opened(self, partition: int, position: Position, customers: Customers) -> None:
        """Do nothing: the health is read at each request."""

    def closed(self, partition: int) -> None:
        """Do nothing, as for ``opened``."""

    def committed(self, committed: Committed) -> None:
        """Count a committed batch."""
        outcome = committed.outcome
        counts = outcome.counts
        self._batches.inc()
        self._batch_seconds.observe(committed.seconds)
        self._poisoned.inc(counts["poisoned"])
        for bound, count in outcome.bounds.items():
            self._bounds.labels(bound).inc(count)
        self._unknown_orders.inc(counts[UNKNOWN_ORDER])
        for reason, count in outcome.rejected.items():
            self._rejects.labels(reason).inc(count)
        self._events.labels("applied").inc(counts["applied"])
        self._events.labels("duplicate").inc(counts["duplicate"])
        self._events.labels("rejected").inc(outcome.rejected.total())
        for became, count in outcome.for_accounts.items():
            self._account_events.labels(became).inc(count)
        self._count_publications(outcome)
        if self._live:
            now = self._now()
            self._event_delay.observe(now - record.time for record in committed.batch.records)
            self._deadline_delay.observe(
                now - it.change.at
                for _, it in outcome.publications
                if it.change.cause.kind == "deadline" and not it.correction
            )

    def text(self) -> bytes:
        """Return all metrics in Prometheus' text format."""
        return generate_latest(self.registry)

    def _count_publications(self, outcome: Outcome) -> None:
        for _, publication in outcome.publications:
            if publication.correction:
                self._corrections.inc()
            if publication.retracted:
                continue
            change = publication.change
            if change.is_forgotten:
                self._forgotten.labels(BY_RETENTION if change.cause.kind == "deadline" else BY_REQUEST).inc()
            elif change.is_signal:
                self._signals.labels(change.key).inc()
            elif change.key is None:
                self._transitions.labels(change.from_, change.to).inc()
            elif change.direction:
                self._ladder_changes.labels(change.key, change.from_, change.to).inc()
            else:
                happened = "republished" if change.is_republished else "entered" if change.to == "in" else "exited"
                self._segment_changes.labels(change.key, happened).inc()
