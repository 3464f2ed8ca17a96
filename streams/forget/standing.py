"""The standing of customers who are to be forgotten: what the changelog has of them, and what is still to be done."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from agents.batch import Position
from agents.forgotten_marks import Mark, is_mark, mark_key, read_mark
from schemas.forget_request import REQUEST_KEY, read_request
from schemas.reject import RejectedError
from streams.partitions.position import POSITION_KEY, decode_position
from streams.republish.requests import request_topic
from streams.settings import Settings
from streams.topic_reader import TopicReader, open_topic


@dataclass(slots=True)
class Standing:
    """By customer, the partitions that have their state, and their mark in each partition that has one.

    ``waiting`` are the requests that no worker has carried out yet, by customer. ``marks`` and ``allowed`` count those
    of all customers. ``positions`` are how far the workers have come, by partition.
    """

    kept: dict[str, set[int]] = field(default_factory=dict)
    marked: dict[str, dict[int, Mark]] = field(default_factory=dict)
    waiting: dict[str, list[str]] = field(default_factory=dict)
    forgotten: int = 0
    allowed: int = 0
    positions: dict[int, Position] = field(default_factory=dict)

    @property
    def upto(self) -> int | None:
        """The latest instant up to which a partition is decided (ms since 1970); None if nothing is."""
        return max((it.upto for it in self.positions.values()), default=None)


async def read_standing(changelog: TopicReader, customers: Collection[str]) -> Standing:
    """Read what the changelog has of customers, from its beginning to its present end."""
    by_key = {it.encode(): it for it in customers}
    by_mark = {mark_key(key): it for key, it in by_key.items()}
    standing = Standing({it: set() for it in customers}, {it: {} for it in customers})
    marks: dict[tuple[int, bytes], Mark] = {}
    async for record in changelog.until_now():
        key, value, partition = record.key, record.value, record.partition
        if key == POSITION_KEY:
            standing.positions[partition] = decode_position(value)
        elif is_mark(key):
            if value is None:
                marks.pop((partition, key), None)
            else:
                marks[partition, key] = read_mark(value)
        elif key in by_key:
            partitions = standing.kept[by_key[key]]
            partitions.discard(partition) if value is None else partitions.add(partition)
    for (partition, key), mark in marks.items():
        if key in by_mark:
            standing.marked[by_mark[key]][partition] = mark
    standing.allowed = sum(it.allowed_at is not None for it in marks.values())
    standing.forgotten = len(marks) - standing.allowed
    return standing


async def read_waiting(standing: Standing, settings: Settings) -> None:
    """Add to a standing the requests that no worker has carried out yet."""
    name = request_topic(settings)
    async with open_topic(settings, name) as topic:
        reached = {partition: it.positions.get(name, 0) for partition, it in standing.positions.items()}
        async for record in topic.until_now(await _from(topic, reached)):
            if record.key != REQUEST_KEY or record.offset < reached.get(record.partition, 0):
                continue
            try:
                request = read_request(record.value)
            except RejectedError:
                continue
            standing.waiting.setdefault(request.customer, []).append(request.type)


async def _from(topic: TopicReader, reached: Mapping[int, int]) -> Mapping[int, int] | None:
    begins = await topic.offsets_at(0)
    return {partition: max(begin, reached.get(partition, 0)) for partition, begin in begins.items()}


def is_done(standing: Standing, customers: Iterable[str]) -> bool:
    """Tell whether all of these customers are forgotten, and nothing waits to be carried out."""
    return all(
        not standing.kept[it]
        and it not in standing.waiting
        and any(mark.allowed_at is None for mark in standing.marked[it].values())
        for it in customers
    )
