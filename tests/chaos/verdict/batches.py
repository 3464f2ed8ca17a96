"""The order in which the workers applied the records of the inputs, from the positions in the changelog."""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable
from itertools import accumulate

import msgspec

from tests.chaos.verdict.stored import POSITION_KEY
from tests.chaos.verdict.topics import Seen

Place = tuple[str, int, int]


class Batches:
    """The committed batches of each partition, and the records that each applied, in the order of the merge.

    That order is exact as long as the changelog has each position: within a batch, records go by their time (never
    before that of their predecessor in the same log), and at equal times by topic, in the order of ``inputs``.
    """

    def __init__(self, inputs: list[str], changelog: Iterable[Seen], counted: Iterable[Seen]) -> None:
        self._ends: dict[tuple[str, int], list[int]] = defaultdict(list)
        self._uptos: dict[int, list[int]] = defaultdict(list)
        for record in changelog:
            if record.key == POSITION_KEY and record.value is not None:
                marker = msgspec.msgpack.decode(record.value)
                self._uptos[record.partition].append(marker["upto"])
                for topic in inputs:
                    self._ends[topic, record.partition].append(marker["positions"].get(topic, 0))
        self._ranks: dict[Place, int] = {}
        self._clocks: dict[Place, int] = {}
        self._unsure: set[tuple[int, int]] = set()
        logs: dict[tuple[str, int], list[Seen]] = defaultdict(list)
        for record in counted:
            logs[record.topic, record.partition].append(record)
        self._rank(inputs, logs)

    def number(self, record: Seen) -> int:
        """The batch that applied a record that was counted."""
        return bisect_right(self._ends[record.topic, record.partition], record.offset)

    def upto(self, record: Seen) -> int:
        """The instant until which the batch of a record decided (ms since 1970)."""
        return self._uptos[record.partition][self.number(record)]

    def rank(self, record: Seen) -> int:
        """The place of a record among all those of its partition."""
        return self._ranks[_place(record)]

    def clock(self, record: Seen) -> int:
        """The clock that a record was admitted against (ms since 1970)."""
        return self._clocks[_place(record)]

    def may_differ(self, record: Seen) -> bool:
        """Whether the order within the batch of a record depends on when a worker opened the partition."""
        return (record.partition, self.number(record)) in self._unsure

    def _rank(self, inputs: list[str], logs: dict[tuple[str, int], list[Seen]]) -> None:
        ordered: dict[int, list[tuple[int, int, int, Seen]]] = defaultdict(list)
        for (topic, partition), records in logs.items():
            times = list(accumulate((it.time for it in records), max))
            for record, time in zip(records, times, strict=True):
                number = self.number(record)
                if time != record.time:
                    self._unsure.add((partition, number))
                ordered[partition].append((number, time, inputs.index(topic), record))
        for partition, found in ordered.items():
            found.sort(key=lambda it: (it[0], it[1], it[2], it[3].offset))
            clock = last = 0
            for rank, (number, _, _, record) in enumerate(found):
                if number != last:
                    clock, last = max(clock, self._uptos[partition][number - 1]), number
                clock = max(clock, record.time)
                self._ranks[_place(record)], self._clocks[_place(record)] = rank, clock


def _place(record: Seen) -> Place:
    return record.topic, record.partition, record.offset
