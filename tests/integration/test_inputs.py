"""The client of the input topics, on a real broker."""

from aiokafka import TopicPartition

from streams.faust_driver.private import set_fetch_wait
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
