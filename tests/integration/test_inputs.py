"""The client of the input topics, on a real broker."""

import time
from typing import Any

import pytest
from aiokafka import TopicPartition
from aiokafka.consumer.fetcher import Fetcher

from streams.faust_driver.private import hold_empty_fetches, set_fetch_wait
from streams.partitions.inputs import Inputs
from streams.settings import Settings

PLACE = TopicPartition("t", 0)


async def test_the_client_takes_over_how_long_a_fetch_may_wait(embedded_broker: str) -> None:
    inputs = Inputs(Settings(broker=embedded_broker), set_fetch_wait)
    await inputs.start()
    await inputs._client().topics()  # a client that ends before its tasks have begun ends badly
    inputs.begin({PLACE: 0})
    try:
        for caught_up, wait in ((True, 500), (False, 10)):
            assert await inputs.fetch([PLACE], caught_up, 0.0) == {}
            assert inputs._client()._fetcher._fetch_max_wait_ms == wait
    finally:
        await inputs.stop()


async def test_a_broker_that_has_nothing_is_not_asked_without_end(
    embedded_broker: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Fetcher, "_proc_fetch_request", Fetcher._proc_fetch_request)  # to be undone
    hold_empty_fetches()
    asked = []
    inputs = Inputs(Settings(broker=embedded_broker), set_fetch_wait)
    await inputs.start()
    send = inputs._client()._client.send

    async def counted(node: int, request: Any, **others: Any) -> Any:
        asked.append(request)
        return await send(node, request, **others)

    monkeypatch.setattr(inputs._client()._client, "send", counted)
    await inputs._client().topics()
    inputs.begin({PLACE: 0})
    try:
        began = time.monotonic()
        for _ in range(10):
            assert await inputs.fetch([PLACE], True, 0.1) == {}
        assert len(asked) < 100 * (time.monotonic() - began)
    finally:
        await inputs.stop()
