"""The consumer's thread is asked while a rebalance goes on in it."""

from types import SimpleNamespace
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer
from faust.types import TP

from streams.transport.intake import FetchThread

PLACE = TP("t", 0)


def thread(consumer: object) -> FetchThread:
    made = object.__new__(FetchThread)
    made._consumer = consumer
    return made


def consumer(assignment: object, rebalancing: bool = False) -> SimpleNamespace:
    subscription = SimpleNamespace(
        subscription=SimpleNamespace(assignment=assignment), reassignment_in_progress=rebalancing
    )
    return SimpleNamespace(_subscription=subscription)


def assigned(**state: Any) -> SimpleNamespace:
    states = {PLACE: SimpleNamespace(**state)}
    return SimpleNamespace(state_value=states.get)


def test_a_partition_that_has_just_left_has_no_end() -> None:
    assert thread(consumer(None)).highwater(PLACE) == 0
    assert thread(consumer(assigned(lso=5, highwater=7))).highwater(TP("t", 1)) == 0


@pytest.mark.parametrize(("lso", "end"), [(5, 5), (-1, 7), (None, 7)])
def test_the_end_is_the_last_stable_offset_where_there_is_one(lso: int | None, end: int) -> None:
    assert thread(consumer(assigned(lso=lso, highwater=7))).highwater(PLACE) == end


@pytest.mark.parametrize("rebalancing", [True, False])
async def test_group_offsets_wait_for_the_end_of_a_rebalance(rebalancing: bool) -> None:
    written: list[object] = []

    async def commit(offsets: object) -> None:
        written.append(offsets)

    made = consumer(None, rebalancing)
    made.commit = commit
    assert await thread(made)._commit({PLACE: 3}) is not rebalancing
    assert bool(written) is not rebalancing


async def test_the_client_is_told_how_long_a_fetch_may_wait(embedded_broker: str) -> None:
    async with AIOKafkaConsumer(bootstrap_servers=embedded_broker) as client:
        await client.topics()  # a client that ends before its tasks have begun ends badly
        assert client._fetcher._fetch_max_wait_ms == 500
        thread(client).let_wait(10)
        assert client._fetcher._fetch_max_wait_ms == 10
