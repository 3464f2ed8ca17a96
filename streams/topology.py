"""The topology: makes every concrete thing of a worker and hands each what it needs."""

from typing import Any, cast

import faust

from streams.connection import faust_broker, faust_credentials
from streams.faust_driver.consumer import Intake, intake_transport
from streams.faust_driver.recovery import table_manager
from streams.faust_driver.tables import SnapshotStore, SnapshotTable
from streams.partitions.assignment import Assignment
from streams.partitions.disk_snapshots import DiskSnapshots
from streams.partitions.failpoints import failpoint
from streams.partitions.hooks import Hooks, TrackerFactory
from streams.partitions.processing import Processing
from streams.partitions.status import WorkerStatus
from streams.partitions.watchdog import Watchdog
from streams.settings import Settings
from streams.topics import TABLE, topics_of

AGENT = "track"


def build(
    settings: Settings,
    tracker_factory: TrackerFactory,
    hooks: Hooks | None = None,
    status: WorkerStatus | None = None,
) -> faust.App:
    """Return the app of one worker, not started.

    ``tracker_factory`` is called with a partition and the mapping in which its tracker must keep the snapshots.
    ``hooks`` take part after each commit; ``status`` is kept up to date for whoever shows it.
    """
    topics = topics_of(settings)
    hooks = hooks or Hooks()

    def store() -> SnapshotStore:
        return cast(SnapshotStore, table.data)

    assignment = Assignment(settings, tracker_factory, hooks, status or WorkerStatus(), store)
    app = _app(settings, assignment)
    app.transport = intake_transport(app, faust_broker(settings), assignment, topics.inputs[0])

    raw: dict[str, Any] = {"key_serializer": "raw", "value_serializer": "raw"}
    batches = app.topic(topics.inputs[0], partitions=settings.partitions, **raw)
    for name in topics.inputs[1:]:
        # Nobody reads these alone: their records are merged into batches, handed over in the first one's name.
        app.topics.add(app.topic(name, partitions=settings.partitions, **raw))
    table = app.Table(
        TABLE,
        partitions=settings.partitions,
        schema=faust.Schema(key_type=bytes, value_type=bytes, **raw),
        key_type=bytes,
        value_type=bytes,
    )
    if settings.store == "disk":
        store().make = lambda partition: DiskSnapshots(settings.data / "customers" / str(partition))
    processing = Processing(settings, assignment, hooks, failpoint(settings.failpoint))
    watchdog = Watchdog(settings, assignment)

    # Faust makes its consumer when the app starts.
    def intake() -> Intake:
        return cast(Intake, app.consumer)

    app.agent(batches, name=AGENT, concurrency=max(2, settings.partitions))(processing.agent(intake))
    app.task(watchdog.watch)
    return app


def _app(settings: Settings, assignment: Assignment) -> faust.App:
    session = settings.session_timeout
    inputs = frozenset(topics_of(settings).inputs)
    return faust.App(
        settings.app_id,
        broker=faust_broker(settings),
        broker_credentials=faust_credentials(settings),
        broker_client_id=settings.client_id,
        broker_session_timeout=session,
        broker_heartbeat_interval=session / 3,
        broker_rebalance_timeout=max(30.0, session),
        broker_request_timeout=max(40.0, session),
        broker_commit_interval=1.0,
        consumer_auto_offset_reset="earliest",
        producer_threaded=False,
        store="memory://",
        datadir=settings.data,
        topic_partitions=settings.partitions,
        topic_replication_factor=settings.replication,
        topic_disable_leader=True,
        table_standby_replicas=0,
        TableManager=table_manager(assignment, inputs),
        Table=SnapshotTable,
        stream_buffer_maxsize=max(16, 2 * settings.partitions),
        # A group's own lock waits for its batch, and only where the group is opened again or has left.
        stream_wait_empty=False,
        stream_recovery_delay=0.0,
        web_bind=settings.web_host,
        web_host=settings.web_host,
        web_port=settings.web_port,
        # What Faust would serve by itself: the customers, where they live, and its own statistics.
        web_tables_enabled=False,
        web_router_enabled=False,
        web_stats_enabled=False,
        web_graph_enabled=False,
        web_metrics_enabled=False,
        worker_redirect_stdouts=False,
        autodiscover=False,
    )
