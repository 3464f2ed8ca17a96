"""Merging the topics of a partition group by record time: pure, no clock and no Kafka."""

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import accumulate

from agents.batch import Record, Watermark

NEVER = -(1 << 62)


@dataclass(slots=True)
class TopicBuffer:
    """One topic of the group: its records that wait to be merged, and what is known of those to come.

    ``times`` holds one order time a record: its own time, or that of its predecessor if that is later. So a record
    out of order is merged right after its predecessor, and the order of the log is kept. ``last_time`` is the order
    time of the last record. Replays do not write into every topic (``replayed``). A topic that ``always_holds`` has a
    writer that says all the time how far it has come, and holds the others back until it has said it is through.
    """

    topic: str
    replayed: bool = True
    always_holds: bool = False
    last_time: int = NEVER
    caught_up: bool = True
    watermark: Watermark | None = None
    records: list[Record] = field(default_factory=list)
    times: list[int] = field(default_factory=list)

    def add(self, records: Sequence[Record]) -> None:
        """Append records in the order of the log."""
        if records:
            times = [record.time for record in records]
            # Nearly always in order already, and checking that is eight times faster than accumulating.
            if times[0] < self.last_time or times != sorted(times):
                times = list(accumulate(times, max, initial=self.last_time))[1:]
            self.records.extend(records)
            self.times.extend(times)
            self.last_time = times[-1]

    @property
    def is_being_written(self) -> bool:
        """Whether more is to come, by what the writer has said of it."""
        return self.always_holds if self.watermark is None else not self.watermark.final

    def bound(self, replaying: bool) -> int | None:
        """Return the earliest order time of a record still to come; ``None`` if none holds the other topics back."""
        if not (replaying and self.replayed):
            return None if self.caught_up else self.last_time
        promised = NEVER if self.watermark is None else self.watermark.instant
        # During a replay, caught up means nothing: the rest is still being written.
        return promised if self.caught_up else max(promised, self.last_time)


@dataclass(frozen=True, slots=True)
class Merged:
    """Records in merged order, and ``cut``: the time up to which the group is complete with them.

    ``cut`` is ``None`` when nothing holds the group back: then it is complete up to now.
    """

    records: list[Record]
    cut: int | None


def replaying(buffers: Sequence[TopicBuffer]) -> bool:
    """Return whether a topic is being written by somebody who says how far they have come."""
    return any(buffer.is_being_written for buffer in buffers)


def merge(buffers: Sequence[TopicBuffer], limit: int, until: int | None = None) -> Merged:
    """Remove and return the records that no record still to come can precede, at most ``limit`` of them.

    The order is that of (order time, place of the buffer, offset), whenever and in whatever portions the records
    arrived, as long as no buffer is called caught up too early. Records of one instant go together, so that a
    customer's facts of one instant are decided together, unless there are more of them than ``limit``. Records after
    ``until`` stay where they are.
    """
    during_replay = replaying(buffers)
    bounds = [
        (bound, place) for place, buffer in enumerate(buffers) if (bound := buffer.bound(during_replay)) is not None
    ]
    cut = min(bounds, default=None)
    counts = [_ready(buffer, cut) for buffer in buffers]
    if cut is not None and not any(counts) and any(len(buffer.records) >= limit for buffer in buffers):
        counts = [_ready_with_ties(buffer, place, cut) for place, buffer in enumerate(buffers)]
    if until is not None:
        counts = [min(number, bisect_right(it.times, until)) for number, it in zip(counts, buffers, strict=True)]
    counts = [min(number, limit + 1) for number in counts]
    times, records = _in_order(buffers, counts)
    complete_to = None if cut is None else cut[0]
    if len(times) > limit:
        end = _whole_instants(times, limit)
        complete_to = times[end - 1]
        del records[end:]
        by_topic = Counter(record.topic for record in records)
        counts = [by_topic[buffer.topic] for buffer in buffers]
    for buffer, number in zip(buffers, counts, strict=True):
        del buffer.records[:number]
        del buffer.times[:number]
    return Merged(records, complete_to)


def _ready(buffer: TopicBuffer, cut: tuple[int, int] | None) -> int:
    return len(buffer.times) if cut is None else bisect_left(buffer.times, cut[0])


def _ready_with_ties(buffer: TopicBuffer, place: int, cut: tuple[int, int]) -> int:
    # At equal times the buffers come in their order, so those behind the one that holds must wait.
    return (bisect_right if place <= cut[1] else bisect_left)(buffer.times, cut[0])


def _in_order(buffers: Sequence[TopicBuffer], counts: Sequence[int]) -> tuple[list[int], list[Record]]:
    heads = [
        (buffer.times[:number], buffer.records[:number])
        for buffer, number in zip(buffers, counts, strict=True)
        if number
    ]
    if len(heads) == 1:
        return heads[0]
    times = [time for of_buffer, _ in heads for time in of_buffer]
    records = [record for _, of_buffer in heads for record in of_buffer]
    # Stable: at equal times the buffers stay in their order, and the records of a buffer in theirs.
    order = sorted(range(len(times)), key=times.__getitem__)
    return [times[it] for it in order], [records[it] for it in order]


def _whole_instants(times: Sequence[int], limit: int) -> int:
    end = bisect_left(times, times[limit], 0, limit)
    return end or limit
