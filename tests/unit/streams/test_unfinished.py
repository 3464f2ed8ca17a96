"""What a process that is to end is said to wait for."""

import asyncio

from mode import Service

from streams.unfinished import unfinished
from tests.support.mirror import steps


async def go_on(ended: asyncio.Event) -> None:
    while not ended.is_set():
        try:
            await ended.wait()
        except asyncio.CancelledError:
            continue


class Slow(Service):
    """A service whose stop waits."""

    def __init__(self, ended: asyncio.Event) -> None:
        self.ended = ended
        super().__init__()

    async def on_stop(self) -> None:
        await self.ended.wait()


async def test_a_task_that_lost_its_cancellation_is_named_and_others_are_not() -> None:
    ended = asyncio.Event()
    tasks = [asyncio.create_task(go_on(ended)) for _ in range(2)]
    await steps(3)
    assert unfinished(asyncio.get_running_loop()).startswith("the main thread, in ")
    tasks[0].cancel()
    await steps(3)
    assert unfinished(asyncio.get_running_loop()) == "go_on (in Event.wait)"
    ended.set()
    await asyncio.gather(*tasks)


async def test_a_service_that_stops_is_named_and_who_waits_for_it_is_not() -> None:
    ended = asyncio.Event()
    above = Service()
    above.add_dependency(Slow(ended))
    await above.start()
    stopping = asyncio.create_task(above.stop())
    await steps(5)
    assert unfinished(asyncio.get_running_loop()) == "Slow.on_stop (in Event.wait)"
    ended.set()
    await stopping
