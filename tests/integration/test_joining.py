"""A member of a consumer group, on a real broker that once assigns it nothing."""

from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer
from aiokafka.consumer.group_coordinator import CoordinatorGroupRebalance

from streams import topics
from streams.faust_driver import private
from tests.support.installation import settings_for


async def test_a_member_that_is_assigned_nothing_joins_again(
    embedded_broker: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers: list[bytes] = []
    sync = CoordinatorGroupRebalance._send_sync_group_request

    async def nothing_at_first(rebalance: CoordinatorGroupRebalance, request: Any) -> bytes | None:
        answer = await sync(rebalance, request)
        answers.append(b"" if not answers else answer)
        return answers[-1]

    monkeypatch.setattr(CoordinatorGroupRebalance, "_send_sync_group_request", nothing_at_first)
    monkeypatch.setattr(CoordinatorGroupRebalance, "perform_group_join", CoordinatorGroupRebalance.perform_group_join)
    private.rejoin_without_assignment()
    settings = settings_for(embedded_broker, "joining", partitions=2)
    await topics.create(settings)
    topic = topics.topics_of(settings).inputs[0]
    consumer = AIOKafkaConsumer(topic, bootstrap_servers=embedded_broker, group_id="joining")
    await consumer.start()
    try:
        assert {it.topic for it in consumer.assignment()} == {topic}
        assert answers[0] == b"" != answers[-1]
    finally:
        await consumer.stop()
