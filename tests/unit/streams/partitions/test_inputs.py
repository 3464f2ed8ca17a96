"""The input topics as a worker fetches them; by a fake client."""

from types import SimpleNamespace
from typing import Any

import pytest
from aiokafka import TopicPartition

from streams.partitions import inputs as module
from streams.partitions.inputs import Inputs
from streams.settings import Settings

A, B = TopicPartition("t", 0), TopicPartition("t", 1)


class FakeClient:
    def __init__(self, **arguments: Any) -> None:
        self.arguments = arguments
        self.assigned: set[TopicPartition] = set()
        self.offsets: dict[TopicPartition, int] = {}
        self.fetches: list[tuple[tuple[TopicPartition, ...], int]] = []
        self.running = False

    async def start(self) -> None:
        self.running = True

    async def stop(self) -> None:
        self.running = False

    def assignment(self) -> set[TopicPartition]:
        return self.assigned

    def assign(self, partitions: list[TopicPartition]) -> None:
        self.assigned, self.offsets = set(partitions), {}

    def seek(self, partition: TopicPartition, offset: int) -> None:
        assert partition in self.assigned
        self.offsets[partition] = offset

    async def getmany(self, *partitions: TopicPartition, timeout_ms: int) -> dict[TopicPartition, list[Any]]:
        self.fetches.append((partitions, timeout_ms))
        return {A: [SimpleNamespace(offset=1)]}

    async def position(self, partition: TopicPartition) -> int:
        return self.offsets[partition] + 10

    async def beginning_offsets(self, partitions: list[TopicPartition]) -> dict[TopicPartition, int]:
        return dict.fromkeys(partitions, 4)


async def test_only_what_is_assigned_is_fetched_from_where_it_was_sought(monkeypatch: pytest.MonkeyPatch) -> None:
    waits: list[tuple[int, int]] = []
    monkeypatch.setattr(module, "AIOKafkaConsumer", FakeClient)
    inputs = Inputs(Settings(batch_records=100), lambda _client, *wait: waits.append(wait))
    await inputs.stop()
    await inputs.start()
    client: Any = inputs._consumer
    assert client.arguments["isolation_level"] == "read_committed"
    assert client.arguments["enable_auto_commit"] is False
    assert client.arguments["max_poll_records"] == 500

    inputs.begin({A: 3, B: 8})
    inputs.seek({B: 2})
    assert set(inputs.places()) == {A, B}
    assert client.offsets == {A: 3, B: 2}
    assert (await inputs.position(A), await inputs.first(A)) == (13, 4)

    assert list(await inputs.fetch([A], caught_up=True, seconds=0.25)) == [A]
    await inputs.fetch([A, B], caught_up=False, seconds=0.02)
    await inputs.fetch([A], caught_up=True, seconds=0.25, hold=0.03)
    await inputs.fetch([A], caught_up=False, seconds=0.02, hold=0.03)
    assert client.fetches == [((A,), 250), ((A, B), 20), ((A,), 250), ((A,), 20)]
    (idle, one), behind, (held, several), also_behind = waits
    assert idle > 10 * behind[0], "the broker may hold a fetch only when nothing else is behind"
    assert behind == also_behind
    assert one == behind[1] == 1 < several
    assert held == 30

    inputs.begin({B: 5})
    assert (set(inputs.places()), client.offsets) == ({B}, {B: 5})
    await inputs.stop()
    assert not client.running
