"""Where a replay resumes: the time of each partition's last record; by a fake consumer."""

from types import SimpleNamespace
from typing import Any

import pytest
from aiokafka import TopicPartition

from streams.replay import resume_point
from streams.replay.resume_point import last_record_times
from streams.settings import Settings

A, B, C = (TopicPartition("t", number) for number in range(3))


class FakeConsumer:
    """Partitions by the times of their records; None stands for the marker of a transaction."""

    def __init__(self, times: dict[TopicPartition, list[int | None]]) -> None:
        self.times = times
        self.assigned: list[TopicPartition] = []
        self.next: dict[TopicPartition, int] = {}
        self.running = False

    async def start(self) -> None:
        self.running = True

    async def stop(self) -> None:
        self.running = False

    def assign(self, partitions: list[TopicPartition]) -> None:
        self.assigned = partitions

    async def beginning_offsets(self, partitions: list[TopicPartition]) -> dict[TopicPartition, int]:
        return dict.fromkeys(partitions, 0)

    async def end_offsets(self, partitions: list[TopicPartition]) -> dict[TopicPartition, int]:
        return {it: len(self.times[it]) for it in partitions}

    def seek(self, partition: TopicPartition, offset: int) -> None:
        assert partition in self.assigned
        self.next[partition] = offset

    async def getmany(self, *, timeout_ms: int) -> dict[TopicPartition, list[Any]]:
        for partition in sorted(self.next):
            times = [it for it in self.times[partition][self.next.pop(partition) :] if it is not None]
            if times:
                return {partition: [SimpleNamespace(timestamp=it) for it in times]}
        return {}


@pytest.mark.parametrize(
    ("times", "found"),
    [
        ({A: [], B: [], C: []}, {}),
        ({A: [5, 9], B: [], C: [7]}, {A: 9, C: 7}),
        ({A: [5, 9], B: [3, None], C: [7]}, {A: 9, C: 7}),
    ],
)
async def test_each_filled_partition_has_the_time_of_its_last_record(
    monkeypatch: pytest.MonkeyPatch,
    times: dict[TopicPartition, list[int | None]],
    found: dict[TopicPartition, int],
) -> None:
    consumer = FakeConsumer(times)
    monkeypatch.setattr(resume_point, "AIOKafkaConsumer", lambda **_: consumer)
    assert await last_record_times(Settings(), [A, B, C]) == found
    assert not consumer.running
