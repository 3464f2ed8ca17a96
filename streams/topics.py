"""The topics: their names, their creation, and whether the existing ones can be used."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import TopicAlreadyExistsError, for_code

from schemas.event_types import TOPIC_KINDS
from streams.connection import administration
from streams.settings import Settings

INPUTS = tuple(f"customer.{kind}" for kind in TOPIC_KINDS)
TABLE = "customers"
_RESOURCE = ConfigResourceType.TOPIC
_SETTLING_SECONDS = 30.0
_DAY = 86_400_000
# A reject carries its record as text, a third longer than the megabyte that a producer may send.
_MAX_RECORD = 4 * 1024 * 1024


class TopicsError(Exception):
    """Topics that cannot be used as they are; the message says which, why, and the fix."""


@dataclass(frozen=True, slots=True)
class Topics:
    """The names of the topics of one installation; ``inputs`` in the order that breaks ties of record time.

    ``mapped`` are those of the inputs whose records have another shape. They belong to somebody else.
    ``account_events`` are written where customers are decided and read where accounts are, one for each partition of
    the customers: so each has one writer, who keeps them in order and says how far it has come.
    """

    inputs: tuple[str, ...]
    transitions: str
    rejects: str
    changelog: str
    mapped: frozenset[str] = frozenset()
    account_events: tuple[str, ...] = ()

    @property
    def own_inputs(self) -> tuple[str, ...]:
        """The four inputs of lifestage itself, in the order of ``TOPIC_KINDS``."""
        return tuple(name for name in self.inputs if name not in self.mapped)

    @property
    def all(self) -> tuple[str, ...]:
        """Every topic, inputs first."""
        return tuple(
            dict.fromkeys((*self.inputs, self.transitions, self.rejects, self.changelog, *self.account_events))
        )


def topics_of(settings: Settings) -> Topics:
    """Return the topic names of an installation."""
    prefix = settings.topic_prefix
    account_events = tuple(f"{prefix}account.events.{number}" for number in range(settings.partitions))
    if settings.subject == "account":
        return Topics(
            inputs=account_events,
            transitions=f"{prefix}account.transitions",
            rejects=f"{prefix}account.rejects",
            changelog=f"{settings.app_id}-{TABLE}-changelog",
            account_events=account_events,
        )
    inputs: list[str] = []
    for kind, name in zip(TOPIC_KINDS, INPUTS, strict=True):
        inputs += [prefix + name, *(it.topic for it in settings.sources if it.feeds == kind)]
    return Topics(
        inputs=tuple(inputs),
        transitions=f"{prefix}customer.transitions",
        rejects=f"{prefix}customer.rejects",
        changelog=f"{settings.app_id}-{TABLE}-changelog",
        mapped=frozenset(it.topic for it in settings.sources),
        account_events=account_events if settings.accounts else (),
    )


async def create(settings: Settings) -> list[str]:
    """Create the topics that are missing and return their names; those that exist are left as they are.

    Mapped topics are not created: whoever writes them has them.
    """
    topics = topics_of(settings)
    own = [name for name in topics.all if name not in topics.mapped]
    wanted = [
        NewTopic(name, settings.partitions, settings.replication, topic_configs=topic_settings(topics, name))
        for name in own
    ]
    created = []
    async with administration(settings) as admin:
        response = await admin.create_topics(wanted)
        for name, code, *why in response.topic_errors:
            if code == 0:
                created.append(name)
            elif code != TopicAlreadyExistsError.errno:
                raise TopicsError(f"cannot create {name}: {for_code(code).__name__} {' '.join(map(str, why))}")
        # A broker answers before it lists the new topics itself.
        async with asyncio.timeout(_SETTLING_SECONDS):
            while not set(own) <= set(await admin.list_topics()):
                await asyncio.sleep(0.1)
    return created


async def check(settings: Settings, looks_back_days: int = 0) -> list[str]:
    """Return warnings; raise ``TopicsError`` when a topic is missing or cannot be used as it is.

    ``looks_back_days`` is the longest window of the policy; an input with a shorter retention gets a warning.
    """
    topics = topics_of(settings)
    async with administration(settings) as admin:
        partitions = await _partitions(admin, topics.all, topics)
        _check_partitions(partitions, settings.partitions, topics)
        configurations = {name: await _described(admin, name) for name in topics.all}
    _check_cleanup(configurations, topics)
    return _retention_warnings(configurations, topics, looks_back_days)


async def check_inputs(settings: Settings) -> None:
    """Raise ``TopicsError`` when one of lifestage's own inputs is missing, or has not the partitions that it must."""
    topics = topics_of(settings)
    async with administration(settings) as admin:
        partitions = await _partitions(admin, topics.own_inputs, topics)
    _check_partitions(partitions, settings.partitions, topics)


async def retentions(settings: Settings) -> dict[str, int | None]:
    """Return for how long each topic keeps its records (ms, -1 for ever), None where the broker does not tell."""
    topics = topics_of(settings)
    async with administration(settings) as admin:
        described = {name: await _described(admin, name) for name in topics.all}
    return {name: int(it["retention.ms"]) if "retention.ms" in it else None for name, it in described.items()}


def topic_settings(topics: Topics, name: str) -> dict[str, str]:
    """Return with which configuration a topic is made."""
    if name == topics.changelog:
        return {"cleanup.policy": "compact", "max.message.bytes": str(_MAX_RECORD)}
    # Retention goes by the record's own time: with seven days, a replay of last year would be deleted at once.
    configuration = {"cleanup.policy": "delete", "retention.ms": "-1"}
    if name not in topics.inputs or name in topics.account_events:
        configuration["max.message.bytes"] = str(_MAX_RECORD)
    return configuration


async def _partitions(admin: AIOKafkaAdminClient, names: Sequence[str], topics: Topics) -> dict[str, int]:
    # All topics are listed instead of asking for these: some brokers create a topic that is asked for.
    existing = set(await admin.list_topics())
    missing = [name for name in names if name not in existing]
    if foreign := [name for name in missing if name in topics.mapped]:
        raise TopicsError(f"no such topic: {', '.join(foreign)}; is it the name that LIFESTAGE_SOURCES should have?")
    if missing:
        raise TopicsError(f"no such topic: {', '.join(missing)}; make them with: lifestage topics create")
    described = await admin.describe_topics(list(names))
    return {topic["topic"]: len(topic["partitions"]) for topic in described}


def _check_partitions(partitions: Mapping[str, int], wanted: int, topics: Topics) -> None:
    counts = {*partitions.values()}
    if len(counts) > 1:
        listed = ", ".join(f"{name} {partitions[name]}" for name in topics.all if name in partitions)
        raise TopicsError(
            f"the numbers of partitions differ ({listed}): a customer's records must lie in the same partition "
            "of every topic; make the topics anew with equal numbers, or choose another LIFESTAGE_TOPIC_PREFIX "
            "and LIFESTAGE_APP_ID"
        )
    if counts != {wanted}:
        found = counts.pop()
        raise TopicsError(f"the topics have {found} partitions, LIFESTAGE_PARTITIONS says {wanted}: set it to {found}")


async def _described(admin: AIOKafkaAdminClient, name: str) -> dict[str, str]:
    configuration: dict[str, str] = {}
    for response in await admin.describe_configs([ConfigResource(_RESOURCE, name)]):
        for code, why, _kind, _name, entries in response.resources:
            if code != 0:
                raise TopicsError(f"cannot read the configuration of {name}: {why}")
            configuration.update(_pairs(entries))
    return configuration


def _pairs(entries: list[tuple[Any, ...]]) -> dict[str, str]:
    return {entry[0]: entry[1] for entry in entries if entry[1] is not None}


def _check_cleanup(configurations: Mapping[str, Mapping[str, str]], topics: Topics) -> None:
    for name in topics.all:
        # A broker that does not report its policies cannot be checked.
        policy = configurations[name].get("cleanup.policy")
        wanted = "compact" if name == topics.changelog else "delete"
        if policy is not None and set(policy.split(",")) != {wanted}:
            raise TopicsError(
                f"{name} has cleanup.policy={policy}, it must be {wanted}: "
                f"kafka-configs.sh --alter --topic {name} --add-config cleanup.policy={wanted}"
            )


def _retention_warnings(
    configurations: Mapping[str, Mapping[str, str]], topics: Topics, looks_back_days: int
) -> list[str]:
    warnings = []
    for name in topics.inputs:
        retention = int(configurations[name].get("retention.ms", "-1"))
        if 0 <= retention < looks_back_days * _DAY:
            warnings.append(
                f"{name} keeps its records for {retention / _DAY:.1f} days and the policy looks back "
                f"{looks_back_days}: the worker is not harmed, but the topic cannot be replayed in full"
            )
    return warnings
