"""Our worker with one safeguard taken out: ``python -m tests.chaos.controls.wrong_worker group_offsets``."""

import asyncio
import os
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from agents.commit import KeyedValue
from streams.cli.main import main as lifestage
from streams.connection import client_arguments
from streams.partitions import assignment
from streams.partitions.changelog import read_changelogs
from streams.partitions.partition_group import PartitionGroup
from streams.partitions.transaction import GroupTransaction
from streams.settings import Settings
from streams.topics import topics_of


async def from_group_offsets(settings: Settings, groups: Sequence[PartitionGroup]) -> dict[int, dict[str, int]]:
    """Go on at the group's offsets, as every other consumer does, and not at the marker in the changelog."""
    ends = await read_changelogs(settings, groups)
    async with AIOKafkaConsumer(
        **client_arguments(settings), group_id=settings.app_id, enable_auto_commit=False
    ) as consumer:
        places = [TopicPartition(name, it.partition) for name in topics_of(settings).inputs for it in groups]
        consumer.assign(places)
        committed: Mapping[TopicPartition, Any] = {place: await consumer.committed(place) for place in places}
    for group in groups:
        before = group.position
        assert before is not None
        positions = {place.topic: at or 0 for place, at in committed.items() if place.partition == group.partition}
        group.position = replace(before, positions=positions)
    return ends


async def unchecked(transaction: GroupTransaction) -> None:
    """Wait for every record, and do not check whether it failed."""
    for metadata in await asyncio.gather(*transaction._sent, return_exceptions=True):
        if not isinstance(metadata, BaseException) and metadata.topic == transaction._topics.changelog:
            transaction.changelog_end = max(transaction.changelog_end, metadata.offset + 1)


class Outside:
    """Writes the events of accounts at once, and not in the transaction of their batch.

    Where a failpoint is asked for, the process dies between the two, whatever the point.
    """

    def __init__(self) -> None:
        self._dies = bool(os.environ.pop("LIFESTAGE_FAILPOINT", ""))
        self._send = GroupTransaction.send_account_events
        self._producer: AIOKafkaProducer | None = None

    async def __call__(
        self, transaction: GroupTransaction, events: Sequence[KeyedValue], upto: int, *, final: bool
    ) -> None:
        if self._producer is None:
            self._producer = AIOKafkaProducer(**client_arguments(Settings.from_environment(os.environ)), linger_ms=0)
            await self._producer.start()
        inside, transaction._producer = transaction._producer, self._producer
        try:
            await self._send(transaction, events, upto, final=final)
        finally:
            transaction._producer = inside
        if events and self._dies:
            await asyncio.gather(*transaction._sent)
            os.kill(os.getpid(), signal.SIGKILL)


def take_out_marker() -> None:
    setattr(assignment, "read_changelogs", from_group_offsets)  # noqa: B010 - a name that it does not export


def take_out_check() -> None:
    setattr(GroupTransaction, "acknowledged", unchecked)  # noqa: B010 - a method, on purpose


def take_out_transaction() -> None:
    outside = Outside()

    async def send(transaction: GroupTransaction, events: Sequence[KeyedValue], upto: int, *, final: bool) -> None:
        await outside(transaction, events, upto, final=final)

    setattr(GroupTransaction, "send_account_events", send)  # noqa: B010 - a method, on purpose


WRONGS: dict[str, Callable[[], None]] = {
    "group_offsets": take_out_marker,
    "unchecked": take_out_check,
    "accounts_outside": take_out_transaction,
}


if __name__ == "__main__":
    WRONGS[sys.argv[1]]()
    lifestage(["worker"])
