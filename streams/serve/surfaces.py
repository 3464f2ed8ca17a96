"""The surfaces of a server: everything that it answers, put together."""

import time
from collections.abc import Sequence

from streams.serve.access import Access
from streams.serve.clocks import stream_clock, wall_clock
from streams.serve.customers.look_up import LookUp
from streams.serve.customers.member_sets import MemberSets
from streams.serve.customers.routes import Customers
from streams.serve.history.build import build as build_history
from streams.serve.installation.reject_log import MAX_REJECTS, RejectLog
from streams.serve.installation.routes import Installation
from streams.serve.intake.input_topics import InputTopics
from streams.serve.intake.metrics import IntakeMetrics
from streams.serve.intake.routes import Intake
from streams.serve.metrics import ServeMetrics
from streams.serve.page.legend import legend_of
from streams.serve.page.routes import Page
from streams.serve.redis_reader import RedisReader
from streams.serve.served_policies import ServedPolicies
from streams.serve.stored_customers import StoredCustomers
from streams.serve.stored_workers import StoredWorkers
from streams.serve.surface import Surface
from streams.serve.topic_follower import TopicFollower
from streams.serve.transitions.filters import Filters
from streams.serve.transitions.routes import Transitions
from streams.serve.worker_clocks import WorkerClocks
from streams.settings import Settings
from streams.topics import topics_of


def surfaces_of(
    settings: Settings, policies: ServedPolicies, reader: RedisReader | None, access: Access, metrics: ServeMetrics
) -> Sequence[Surface]:
    """Return the surfaces that the settings allow; ``reader`` is None where nobody is mirrored."""
    surfaces: list[Surface] = []
    if reader is not None:
        surfaces += _of_the_mirror(settings, policies, reader)
    filters = policies.derived(lambda rules: Filters(rules.compiled))
    surfaces.append(Transitions(settings, filters, reader, metrics.registry))
    if settings.subject == "customer":
        surfaces.append(_intake(settings, reader, access, metrics))
    has_stream_clock = settings.clock == "stream"
    legend = policies.derived(lambda it: legend_of(it.compiled, it.version, stream_clock=has_stream_clock))
    return [*surfaces, Page(legend, access.tokens, surfaces)]


def _of_the_mirror(settings: Settings, policies: ServedPolicies, reader: RedisReader) -> list[Surface]:
    stored, workers = StoredCustomers(reader), StoredWorkers(reader)
    look_up = LookUp(policies, None if settings.clock == "stream" else _now)
    rejects = RejectLog()
    follower = TopicFollower(settings, topics_of(settings).rejects, rejects, MAX_REJECTS)
    return [
        Customers(look_up, policies.derived(lambda rules: MemberSets(rules.compiled)), stored),
        *build_history(settings, policies, stored, workers, _now),
        Installation(policies, workers, follower, rejects),
    ]


def _intake(settings: Settings, reader: RedisReader | None, access: Access, metrics: ServeMetrics) -> Intake:
    is_replay = settings.clock == "stream"
    workers = None if reader is None else StoredWorkers(reader)
    clock = stream_clock(workers) if is_replay else wall_clock
    told = IntakeMetrics(metrics.registry)
    clocks = WorkerClocks(workers, settings.clock, _now)
    return Intake(InputTopics(settings), access, settings.serve.origins, told, clock, clocks, is_replay=is_replay)


def _now() -> int:
    return time.time_ns() // 1_000_000
