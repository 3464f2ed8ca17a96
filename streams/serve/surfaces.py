"""The surfaces of a server: everything that it answers, put together."""

import logging
import time
from collections.abc import Sequence

from redis.asyncio import Redis

from state.rules.rulebook import Rulebook
from streams.serve.access import Access
from streams.serve.customers.look_up import LookUp
from streams.serve.customers.member_sets import MemberSets
from streams.serve.customers.routes import Customers
from streams.serve.customers.stored_customers import StoredCustomers
from streams.serve.intake.input_topics import InputTopics
from streams.serve.intake.metrics import IntakeMetrics
from streams.serve.intake.routes import Intake
from streams.serve.metrics import ServeMetrics
from streams.serve.surface import Surface
from streams.serve.transitions.routes import Transitions
from streams.settings import Settings
from streams.sinks.redis import Keys

logger = logging.getLogger(__name__)


def surfaces_of(
    settings: Settings, rules: Rulebook, redis: Redis | None, access: Access, metrics: ServeMetrics
) -> Sequence[Surface]:
    """Return the surfaces that the settings allow; ``redis`` is None where nobody is mirrored."""
    surfaces: list[Surface] = []
    if redis is None:
        logger.info("LIFESTAGE_REDIS_URL is empty: nobody is looked up here")
    else:
        look_up = LookUp(rules, None if settings.clock == "stream" else _now)
        surfaces.append(Customers(look_up, MemberSets(rules.compiled), StoredCustomers(redis, Keys.of(settings))))
    surfaces.append(Transitions(settings, rules.compiled, redis, metrics.registry))
    if settings.subject == "customer":
        inputs = InputTopics(settings)
        surfaces.append(Intake(inputs, access, settings.serve.origins, IntakeMetrics(metrics.registry)))
    return surfaces


def _now() -> int:
    return time.time_ns() // 1_000_000
