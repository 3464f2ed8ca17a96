"""The composition root: creates all objects of a worker and gives each its dependencies."""

import time
from collections.abc import MutableMapping, Sequence
from typing import Any

import faust

from agents.commit import GroupState
from agents.mirror import Mirror
from agents.observer import Observer, Observers
from agents.track import Agent, track
from agents.tracker import Tracker
from state.rules.rulebook import Rulebook
from streams.environment import SettingsError
from streams.faust_driver import private
from streams.faust_driver.app import BatchApp
from streams.faust_driver.broker import faust_broker, faust_credentials
from streams.faust_driver.consumer import batch_transport
from streams.faust_driver.recovery import table_manager
from streams.faust_driver.tables import snapshot_table
from streams.mapped_readers import mapped_readers
from streams.observe.health import Health
from streams.observe.metrics import Metrics
from streams.observe.misplaced_records import MisplacedRecords
from streams.observe.pages import Pages
from streams.observe.possible_changes import possible_changes
from streams.observe.stage_counts import StageCounts
from streams.observe.traces import traces
from streams.observe.worker_tally import WorkerTally
from streams.partitioner import key_partition, remembered
from streams.partitions.assignment import Assignment, GroupStateFactory
from streams.partitions.failpoints import failpoint
from streams.partitions.silence import Silence
from streams.partitions.snapshots import PartitionedSnapshots
from streams.partitions.status import WorkerStatus
from streams.partitions.watchdog import Watchdog
from streams.policies.follower import PolicyFollower
from streams.settings import Settings
from streams.sinks.heartbeat import Heartbeat
from streams.sinks.redis import RedisSink
from streams.tokens import Tokens, tokens_in
from streams.topics import TABLE, topics_of

AGENT = "track"
RAW: dict[str, Any] = {"key_serializer": "raw", "value_serializer": "raw"}


def build(
    settings: Settings,
    rules: Rulebook,
    group_state: GroupStateFactory | None = None,
    observers: Sequence[Observer] | None = None,
) -> BatchApp:
    """Return the app of one worker, not started.

    ``group_state`` makes the state that decides the batches of a partition group, by default a ``Tracker``.
    ``observers`` are shown every commit; by default they are the stage counts, the tally, the metrics, the misplaced
    records, with Redis the mirror, and the traces where a collector is named.
    Raises ``SettingsError``.
    """
    _check_subject(settings, rules)
    readers = mapped_readers(settings)
    known = key_partition(settings.partitioner, settings.partitions)
    partition_of = None if known is None or settings.partitions == 1 else remembered(known)

    status = WorkerStatus()
    follower = PolicyFollower(settings, rules, status.tell_of_policies)
    published = follower.policies.rules

    def tracker(partition: int, share: MutableMapping[bytes, bytes]) -> GroupState:
        return Tracker(
            rules,
            partition,
            share,
            readers,
            for_accounts=settings.accounts,
            partition_of=partition_of,
            published=published,
        )

    # What is seen of the worker.
    stage_counts, tally = StageCounts(), WorkerTally()
    mirror = _mirror(settings, status) if observers is None else None
    stages = tuple(it.key for it in rules.compiled.stages)
    health = Health(status, rules.version, stages, stage_counts, tally, mirror)
    metrics = Metrics(health, live=settings.clock == "wall", possible=possible_changes(rules.compiled))
    misplaced = MisplacedRecords(settings, metrics.registry)
    if observers is None:
        traced = traces(settings) if settings.traces else None
        shown_by_default = (stage_counts, tally, metrics, misplaced, mirror, traced)
        observers = [it for it in shown_by_default if it is not None]
    shown = Observers(observers)

    # What it keeps: the partition groups, and the table that shows their customers.
    snapshots = PartitionedSnapshots(settings)
    assignment = Assignment(settings, group_state or tracker, shown, status, snapshots, follower)
    app = _app(settings, assignment, snapshots)
    app.Table(
        TABLE,
        partitions=settings.partitions,
        schema=faust.Schema(key_type=bytes, value_type=bytes, **RAW),
        key_type=bytes,
        value_type=bytes,
    )

    # What it does.
    reached = failpoint(settings.failpoint)
    _register(app, settings, track(assignment, shown, time.monotonic, settings.batch_timeout, reached))
    app.silence = Silence(settings.broker, status)
    app.task(Watchdog(settings, assignment, app.silence).watch)
    app.task(follower.follow)
    app.task(tally.report)
    if mirror is not None:
        app.task(mirror.run)
        app.task(Heartbeat(settings, health.document).run)
    tokens = Tokens() if settings.web_tokens is None else tokens_in(settings.web_tokens, "LIFESTAGE_WEB_TOKENS")
    app.pages = Pages(health, metrics, tokens)
    private.shorten_transaction_backoff()
    private.rejoin_without_assignment()
    if settings.embedded:
        private.hold_empty_fetches()
    return app


def _check_subject(settings: Settings, rules: Rulebook) -> None:
    subject = rules.compiled.policy.subject
    if subject != settings.subject:
        told = f"the policy decides {subject}s, and LIFESTAGE_SUBJECT is {settings.subject!r}"
        raise SettingsError(f"{told}: set it to {subject}, for workers of their own, or name another LIFESTAGE_POLICY")


def _register(app: BatchApp, settings: Settings, agent: Agent) -> None:
    """Register the agent ``track`` on the input topics, whose batches arrive under the name of the first one."""
    topics = topics_of(settings)
    batches, *others = [app.topic(name, partitions=settings.partitions, **RAW) for name in topics.inputs]
    for topic in others:
        app.topics.add(topic)
    app.agent(batches, name=AGENT, concurrency=max(2, settings.partitions))(agent)
    app.reserved_topics = {
        **dict.fromkeys(topics.inputs, "the records of this input topic go to the agent track, in batches"),
        topics.changelog: "this is the changelog of the customers, which is read when a partition is opened",
    }


def _mirror(settings: Settings, status: WorkerStatus) -> Mirror | None:
    if not settings.redis_url:
        return None

    def transitions_end(partition: int) -> int:
        return status.groups[partition].transitions_end

    try:
        return Mirror(RedisSink(settings), time.monotonic, transitions_end=transitions_end)
    except ValueError as error:
        raise SettingsError(
            f"LIFESTAGE_REDIS_URL cannot be used: {error}; set it to redis://host:port/number"
        ) from None


def _app(settings: Settings, assignment: Assignment, snapshots: PartitionedSnapshots) -> BatchApp:
    topics = topics_of(settings)
    session = settings.session_timeout
    app = BatchApp(
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
        topic_allow_declare=False,  # `lifestage topics create` makes them, by somebody who may
        table_standby_replicas=0,
        stream_buffer_maxsize=max(16, 2 * settings.partitions),
        # The group's own lock waits for its batch, and only when the group is opened again or leaves.
        stream_wait_empty=False,
        stream_recovery_delay=0.0,
        web_enabled=False,
        worker_redirect_stdouts=False,
        autodiscover=False,
        Table=snapshot_table(snapshots),
        TableManager=table_manager(assignment, frozenset(topics.inputs)),
    )
    app.transport = batch_transport(app, faust_broker(settings), assignment, topics)
    return app
