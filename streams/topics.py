"""The topics: their names, their creation, and whether the existing ones can be used."""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import (
    ClusterAuthorizationFailedError,
    TopicAlreadyExistsError,
    TopicAuthorizationFailedError,
    for_code,
)

from schemas.event_types import TOPIC_KINDS
from streams.connection import administration
from streams.refusal import RefusedError, not_allowed
from streams.rights import check_visible
from streams.settings import Clock, Settings
from streams.topic_configuration import (
    CHANGELOG,
    MAX_RECORD,
    POLICIES,
    REJECTS,
    REJECTS_KEPT,
    TRANSITIONS_KEPT,
    clock_warnings,
    compaction_warnings,
    for_ever_warnings,
    retention_warnings,
)

INPUTS = tuple(f"customer.{kind}" for kind in TOPIC_KINDS)
TABLE = "customers"
_RESOURCE = ConfigResourceType.TOPIC
_SETTLING_SECONDS = 30.0
_NOT_ALLOWED = (TopicAuthorizationFailedError.errno, ClusterAuthorizationFailedError.errno)

MORE_PARTITIONS = (
    "stop the producers, and move to new topics with: lifestage topics repartition (docs/operations.md, under 'More "
    "partitions')"
)


class TopicsError(Exception):
    """Topics that cannot be used as they are; the message says which, why, and the fix."""


@dataclass(frozen=True, slots=True)
class Topics:
    """The names of the topics of one installation; ``inputs`` in the order that breaks ties of record time.

    ``mapped`` are those of the inputs whose records have another shape. They belong to somebody else.
    ``account_events`` are written where customers are decided and read where accounts are, one for each partition of
    the customers: so each has one writer, who keeps them in order and says how far it has come.
    ``policies`` has one partition, and every published policy.
    """

    inputs: tuple[str, ...]
    transitions: str
    rejects: str
    changelog: str
    mapped: frozenset[str] = frozenset()
    account_events: tuple[str, ...] = ()
    policies: str = ""

    @property
    def own_inputs(self) -> tuple[str, ...]:
        """The four inputs of lifestage itself, in the order of ``TOPIC_KINDS``."""
        return tuple(name for name in self.inputs if name not in self.mapped)

    @property
    def all(self) -> tuple[str, ...]:
        """Every topic that has a partition for each group, inputs first: all but that of the policies."""
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
            policies=f"{prefix}account.policies",
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
        policies=f"{prefix}customer.policies",
    )


async def create(settings: Settings) -> list[str]:
    """Create the topics that are missing and return their names; those that exist are left as they are.

    Mapped topics are not created: whoever writes them has them.
    """
    topics = topics_of(settings)
    own = [name for name in topics.all if name not in topics.mapped]
    wanted = [
        NewTopic(
            name, settings.partitions, settings.replication, topic_configs=topic_settings(topics, name, settings.clock)
        )
        for name in own
    ]
    own.append(topics.policies)
    wanted.append(
        NewTopic(topics.policies, 1, settings.replication, topic_configs=topic_settings(topics, topics.policies))
    )
    created = []
    async with administration(settings) as admin:
        response = await admin.create_topics(wanted)
        for name, code, *why in response.topic_errors:
            if code == 0:
                created.append(name)
            elif code in _NOT_ALLOWED:
                raise not_allowed(settings, "Create", "topic", [name])
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
        partitions = await _partitions(admin, (*topics.all, topics.policies), topics, settings)
        of_policies = partitions.pop(topics.policies)
        _check_partitions(partitions, settings.partitions, topics)
        if of_policies != 1:
            raise TopicsError(
                f"{topics.policies} has {of_policies} partitions, and must have one, which puts the policies in order: "
                "delete it, and make it anew with: lifestage topics create"
            )
        configurations = {name: await _described(admin, name, settings) for name in (*topics.all, topics.policies)}
    if wrong := _wrong_cleanup(configurations, topics):
        raise TopicsError(wrong)
    warnings = compaction_warnings(configurations[topics.changelog], topics.changelog)
    if settings.clock == "wall" and not settings.embedded:
        warnings += clock_warnings(configurations[topics.changelog], topics.changelog)
        kept = {topics.transitions: TRANSITIONS_KEPT, topics.rejects: REJECTS_KEPT}
        warnings += for_ever_warnings(configurations, kept)
    return warnings + retention_warnings(configurations, topics.inputs, looks_back_days)


async def check_inputs(settings: Settings) -> None:
    """Raise ``TopicsError`` when one of lifestage's own inputs is missing, or has not the partitions that it must."""
    topics = topics_of(settings)
    async with administration(settings) as admin:
        partitions = await _partitions(admin, topics.own_inputs, topics, settings)
    _check_partitions(partitions, settings.partitions, topics)


async def wrong_cleanup(settings: Settings) -> str:
    """Say which topic has another ``cleanup.policy`` than it must; empty: none of those whose settings can be read."""
    topics = topics_of(settings)
    configurations: dict[str, dict[str, str]] = {}
    async with administration(settings) as admin:
        for name in (*topics.all, topics.policies):
            # One that was deleted is told as such.
            with suppress(TopicsError, RefusedError):
                configurations[name] = await _described(admin, name, settings)
    return _wrong_cleanup(configurations, topics)


async def retentions(settings: Settings) -> dict[str, int | None]:
    """Return for how long each topic keeps its records (ms, -1 for ever), None where the broker does not tell."""
    topics = topics_of(settings)
    async with administration(settings) as admin:
        described = {name: await _described(admin, name, settings) for name in topics.all}
    return {name: int(it["retention.ms"]) if "retention.ms" in it else None for name, it in described.items()}


def topic_settings(topics: Topics, name: str, clock: Clock = "wall") -> dict[str, str]:
    """Return with which configuration a topic is made, for workers on this clock."""
    if name == topics.changelog:
        return dict(CHANGELOG)
    if name == topics.policies:
        return dict(POLICIES)
    # Retention goes by the record's own time: with seven days, a replay of last year would be deleted at once.
    configuration = {"cleanup.policy": "delete", "retention.ms": "-1"}
    if clock == "wall" and name == topics.transitions:
        configuration["retention.ms"] = str(TRANSITIONS_KEPT)
    if clock == "wall" and name == topics.rejects:
        configuration |= REJECTS
    if name not in topics.inputs or name in topics.account_events:
        configuration["max.message.bytes"] = str(MAX_RECORD)
    return configuration


async def _partitions(
    admin: AIOKafkaAdminClient, names: Sequence[str], topics: Topics, settings: Settings
) -> dict[str, int]:
    # All topics are listed instead of asking for these: some brokers create a topic that is asked for.
    existing = set(await admin.list_topics())
    missing = [name for name in names if name not in existing]
    await check_visible(settings, admin, missing)
    if foreign := [name for name in missing if name in topics.mapped]:
        raise TopicsError(f"no such topic: {', '.join(foreign)}; is it the name that LIFESTAGE_SOURCES should have?")
    if missing:
        raise TopicsError(f"no such topic: {', '.join(missing)}; make them with: lifestage topics create")
    described = await admin.describe_topics(list(names))
    return {topic["topic"]: len(topic["partitions"]) for topic in described}


def _check_partitions(partitions: Mapping[str, int], wanted: int, topics: Topics) -> None:
    # A customer's transitions and rejects stay where they were, whatever is added behind.
    outputs = {topics.transitions, topics.rejects}
    counts = {number for name, number in partitions.items() if name not in outputs or number < wanted}
    if len(counts) > 1:
        listed = ", ".join(f"{name} {partitions[name]}" for name in topics.all if name in partitions)
        raise TopicsError(
            f"the numbers of partitions differ ({listed}): a customer's records must lie in the same partition "
            f"of every topic; make the topics anew with equal numbers, or, if they hold events, {MORE_PARTITIONS}"
        )
    if counts != {wanted}:
        found = counts.pop()
        raise TopicsError(
            f"the topics have {found} partitions, LIFESTAGE_PARTITIONS says {wanted}: set it to {found}; if they had "
            f"{wanted} when their events were counted, {MORE_PARTITIONS}"
        )


async def _described(admin: AIOKafkaAdminClient, name: str, settings: Settings) -> dict[str, str]:
    configuration: dict[str, str] = {}
    for response in await admin.describe_configs([ConfigResource(_RESOURCE, name)]):
        for code, why, _kind, _name, entries in response.resources:
            if code in _NOT_ALLOWED:
                raise not_allowed(settings, "DescribeConfigs", "topic", [name])
            if code != 0:
                raise TopicsError(f"cannot read the configuration of {name}: {why}")
            configuration.update(_pairs(entries))
    return configuration


def _pairs(entries: list[tuple[Any, ...]]) -> dict[str, str]:
    return {entry[0]: entry[1] for entry in entries if entry[1] is not None}


def _wrong_cleanup(configurations: Mapping[str, Mapping[str, str]], topics: Topics) -> str:
    for name, configuration in configurations.items():
        # A broker that does not report its policies cannot be checked.
        policy = configuration.get("cleanup.policy")
        wanted = "compact" if name in (topics.changelog, topics.policies) else "delete"
        if policy is not None and set(policy.split(",")) != {wanted}:
            return (
                f"{name} has cleanup.policy={policy}, it must be {wanted}: "
                f"kafka-configs.sh --alter --topic {name} --add-config cleanup.policy={wanted}"
            )
    return ""
