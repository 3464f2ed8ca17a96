"""The topics: creation, and the checks that refuse existing ones; by a fake admin client."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from aiokafka.admin import NewTopic
from aiokafka.admin.config_resource import ConfigResource
from aiokafka.errors import (
    PolicyViolationError,
    TopicAlreadyExistsError,
    TopicAuthorizationFailedError,
    UnknownTopicOrPartitionError,
)

from streams import topics
from streams.mapped_topics import MappedTopic
from streams.refusal import RefusedError
from streams.settings import Clock, Settings
from streams.topics import TopicsError, check, create, topics_of, wrong_cleanup

SETTINGS = Settings(topic_prefix="shop.", app_id="shop", partitions=4)
TOPICS = topics_of(SETTINGS)
FIRST = TOPICS.inputs[0]
DAY_MS = 86_400_000


class FakeAdmin:
    """The topics of a broker: the number of partitions and the configuration of each."""

    def __init__(self) -> None:
        self.partitions = {**dict.fromkeys(TOPICS.all, 4), TOPICS.policies: 1}
        self.configurations = {
            name: {
                "cleanup.policy": "compact" if name in (TOPICS.changelog, TOPICS.policies) else "delete",
                "retention.ms": "-1" if name in TOPICS.inputs else "0",
            }
            for name in (*TOPICS.all, TOPICS.policies)
        }
        self.error = 0
        self.created: dict[str, NewTopic] = {}
        self.looks_until_listed = 0

    async def create_topics(self, wanted: list[NewTopic]) -> SimpleNamespace:
        errors = []
        for topic in wanted:
            exists = topic.name in self.partitions
            code = self.error or (TopicAlreadyExistsError.errno if exists else 0)
            if not code:
                self.created[topic.name] = topic
            errors.append((topic.name, code, "because"))
        return SimpleNamespace(topic_errors=errors)

    async def list_topics(self) -> list[str]:
        self.looks_until_listed -= 1
        return [*self.partitions, *(self.created if self.looks_until_listed < 0 else ())]

    async def describe_topics(self, names: list[str]) -> list[dict[str, Any]]:
        return [{"topic": name, "partitions": [{}] * self.partitions[name]} for name in names]

    async def describe_configs(self, resources: list[ConfigResource]) -> list[SimpleNamespace]:
        (resource,) = resources
        if resource.name not in self.partitions:
            code = UnknownTopicOrPartitionError.errno if self.error == 0 else self.error
            return [SimpleNamespace(resources=[(code, "missing", 2, resource.name, [])])]
        entries = [(*pair, False, False, False) for pair in self.configurations[resource.name].items()]
        return [SimpleNamespace(resources=[(self.error, "no rights", 2, resource.name, entries)])]


@pytest.fixture
def admin(monkeypatch: pytest.MonkeyPatch) -> FakeAdmin:
    admin = FakeAdmin()

    @asynccontextmanager
    async def administration(_settings: Settings) -> AsyncIterator[FakeAdmin]:
        yield admin

    monkeypatch.setattr(topics, "administration", administration)
    return admin


async def test_only_what_is_missing_is_created(admin: FakeAdmin) -> None:
    del admin.partitions[FIRST], admin.partitions[TOPICS.changelog]
    admin.looks_until_listed = 2
    assert await create(SETTINGS) == [FIRST, TOPICS.changelog]
    assert admin.looks_until_listed < 0, "it waits until the broker lists what it created"
    assert {topic.num_partitions for topic in admin.created.values()} == {4}
    assert admin.created[FIRST].topic_configs == {"cleanup.policy": "delete", "retention.ms": "-1"}
    assert admin.created[TOPICS.changelog].topic_configs["cleanup.policy"] == "compact"


@pytest.mark.parametrize(("clock", "days"), [("wall", {"transitions": 400, "rejects": 30}), ("stream", {})])
async def test_what_is_told_is_kept_for_a_while_and_what_is_replayed_for_ever(
    admin: FakeAdmin, clock: Clock, days: dict[str, int]
) -> None:
    admin.partitions.clear()
    await create(replace(SETTINGS, clock=clock))
    kept = {name: int(it.topic_configs.get("retention.ms", "0")) for name, it in admin.created.items()}
    for name in ("transitions", "rejects"):
        assert kept.pop(getattr(TOPICS, name)) == (days[name] * DAY_MS if name in days else -1)
    assert kept.pop(TOPICS.changelog) == kept.pop(TOPICS.policies) == 0
    assert {*kept.values()} == {-1}


def test_a_reject_of_something_old_is_kept_from_when_it_was_rejected() -> None:
    assert topics.topic_settings(TOPICS, TOPICS.rejects).get("message.timestamp.type") == "LogAppendTime"
    assert "message.timestamp.type" not in topics.topic_settings(TOPICS, TOPICS.transitions)


async def test_a_changelog_that_is_hardly_compacted_is_told_with_the_mend(admin: FakeAdmin) -> None:
    made = topics.topic_settings(TOPICS, TOPICS.changelog)
    admin.configurations[TOPICS.changelog] = dict(made)
    assert await check(SETTINGS) == []
    usual = {"segment.bytes": "1073741824", "min.cleanable.dirty.ratio": "0.5", "max.compaction.lag.ms": str(2**63 - 1)}
    for name, value in usual.items():
        admin.configurations[TOPICS.changelog] = {**made, name: value}
        (warning,) = await check(SETTINGS)
        assert f"{TOPICS.changelog} has {name}={value}: " in warning
        assert warning.endswith(f"--add-config {name}={made[name]}")


async def test_what_is_told_for_ever_is_warned_of_unless_it_is_replayed(admin: FakeAdmin) -> None:
    for name in (TOPICS.transitions, TOPICS.rejects):
        admin.configurations[name] = {"cleanup.policy": "delete", "retention.ms": "-1"}
    warnings = await check(SETTINGS)
    assert [it.partition(" ")[0] for it in warnings] == [TOPICS.transitions, TOPICS.rejects]
    assert [int(it.rpartition("=")[2]) // DAY_MS for it in warnings] == [400, 30]
    assert await check(replace(SETTINGS, clock="stream")) == []


async def test_what_is_published_may_be_longer_than_what_is_read(admin: FakeAdmin) -> None:
    admin.partitions.clear()
    assert await create(SETTINGS) == [*TOPICS.all, TOPICS.policies]
    longer = {name for name, topic in admin.created.items() if "max.message.bytes" in topic.topic_configs}
    assert longer == {*TOPICS.all, TOPICS.policies} - {*TOPICS.inputs}


async def test_a_mapped_topic_is_checked_and_never_created(admin: FakeAdmin) -> None:
    admin.partitions.clear()
    settings = replace(SETTINGS, sources=(MappedTopic("shop.orders", Path("shop.toml"), "purchases"),))
    assert "shop.orders" not in await create(settings)
    admin.partitions = {**dict.fromkeys(TOPICS.all, 4), TOPICS.policies: 1}
    with pytest.raises(TopicsError, match=r"no such topic: shop.orders; is it the name that LIFESTAGE_SOURCES"):
        await check(settings)
    admin.partitions["shop.orders"] = 6
    with pytest.raises(TopicsError, match=r"numbers of partitions differ \(.*shop.orders 6"):
        await check(settings)


async def test_a_topic_that_cannot_be_created_is_named_with_the_reason(admin: FakeAdmin) -> None:
    admin.error = PolicyViolationError.errno
    with pytest.raises(TopicsError, match=f"cannot create {FIRST}: PolicyViolationError because"):
        await create(SETTINGS)
    admin.error = TopicAuthorizationFailedError.errno
    with pytest.raises(RefusedError, match=f"to Create on topic {FIRST}"):
        await create(SETTINGS)


async def test_a_topic_that_may_not_be_seen_is_not_taken_for_missing(admin: FakeAdmin) -> None:
    del admin.partitions[FIRST]
    admin.error = TopicAuthorizationFailedError.errno
    with pytest.raises(RefusedError, match=rf"to Describe and DescribeConfigs on topic {FIRST} \(if it is there\)"):
        await check(SETTINGS)


async def test_topics_as_they_are_created_pass(admin: FakeAdmin) -> None:
    assert await check(SETTINGS, looks_back_days=365) == []


async def test_outputs_may_have_more_partitions(admin: FakeAdmin) -> None:
    admin.partitions |= {TOPICS.transitions: 6, TOPICS.rejects: 8}
    assert await check(SETTINGS) == []


async def test_the_cleanup_of_topics_is_told_of_those_that_can_be_described(admin: FakeAdmin) -> None:
    assert await wrong_cleanup(SETTINGS) == ""
    admin.configurations[FIRST]["cleanup.policy"] = "compact,delete"
    told = await wrong_cleanup(SETTINGS)
    assert f"{FIRST} has cleanup.policy=compact,delete, it must be delete: kafka-configs.sh" in told
    admin.error = 29
    assert await wrong_cleanup(SETTINGS) == ""


@pytest.mark.parametrize(
    ("partitions", "problem"),
    [
        ({FIRST: None}, rf"no such topic: {FIRST}; make them with: lifestage topics create"),
        ({FIRST: 6}, rf"the numbers of partitions differ \({FIRST} 6, .* 4"),
        ({TOPICS.changelog: 2}, rf"differ \(.*{TOPICS.changelog} 2\).*More partitions"),
        (dict.fromkeys(TOPICS.all, 6), r"have 6 partitions, LIFESTAGE_PARTITIONS says 4: set it to 6"),
        ({TOPICS.transitions: 2}, rf"differ \(.*{TOPICS.transitions} 2"),
    ],
)
async def test_partitions_must_be_as_many_in_every_topic_as_the_settings_say(
    admin: FakeAdmin, partitions: dict[str, int | None], problem: str
) -> None:
    for name, number in partitions.items():
        if number is None:
            del admin.partitions[name]
        else:
            admin.partitions[name] = number
    with pytest.raises(TopicsError, match=problem):
        await check(SETTINGS)


@pytest.mark.parametrize(
    ("name", "policy", "wanted"),
    [
        (TOPICS.changelog, "delete", "compact"),
        (TOPICS.changelog, "compact,delete", "compact"),
        (FIRST, "compact", "delete"),
        (TOPICS.transitions, "compact,delete", "delete"),
    ],
)
async def test_another_cleanup_policy_is_refused_with_the_command_that_fixes_it(
    admin: FakeAdmin, name: str, policy: str, wanted: str
) -> None:
    admin.configurations[name]["cleanup.policy"] = policy
    with pytest.raises(
        TopicsError, match=f"{name} has cleanup.policy={policy}, .* --add-config cleanup.policy={wanted}"
    ):
        await check(SETTINGS)


async def test_a_broker_that_reports_no_configuration_passes(admin: FakeAdmin) -> None:
    admin.configurations = {name: {} for name in (*TOPICS.all, TOPICS.policies)}
    assert await check(SETTINGS, looks_back_days=365) == []


async def test_a_changelog_without_the_brokers_time_gets_a_warning_with_the_command(admin: FakeAdmin) -> None:
    admin.configurations[TOPICS.changelog]["message.timestamp.type"] = "CreateTime"
    (warning,) = await check(SETTINGS)
    assert warning.endswith(f"--topic {TOPICS.changelog} --add-config message.timestamp.type=LogAppendTime")
    assert await check(replace(SETTINGS, clock="stream")) == []
    admin.configurations[TOPICS.changelog]["message.timestamp.type"] = "LogAppendTime"
    assert await check(SETTINGS) == []


async def test_a_configuration_that_cannot_be_read_is_an_error(admin: FakeAdmin) -> None:
    admin.error = TopicAuthorizationFailedError.errno
    with pytest.raises(RefusedError, match=f"to DescribeConfigs on topic {FIRST}"):
        await check(SETTINGS)
    admin.error = PolicyViolationError.errno
    with pytest.raises(TopicsError, match=f"cannot read the configuration of {FIRST}: no rights"):
        await check(SETTINGS)


@pytest.mark.parametrize(
    ("retention_ms", "looks_back_days", "warned"),
    [(-1, 365, False), (7 * DAY_MS, 0, False), (7 * DAY_MS, 7, False), (7 * DAY_MS, 8, True), (0, 1, True)],
)
async def test_an_input_kept_for_less_than_the_policy_looks_back_gets_a_warning(
    admin: FakeAdmin, retention_ms: int, looks_back_days: int, warned: bool
) -> None:
    admin.configurations[FIRST]["retention.ms"] = str(retention_ms)
    admin.configurations[TOPICS.transitions]["retention.ms"] = "0"
    warnings = await check(SETTINGS, looks_back_days)
    assert [warning.split()[0] for warning in warnings] == [FIRST] * warned
