"""The order in which the workers applied the records of the inputs, from the positions in the changelog."""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import accumulate, groupby, islice

import msgspec

from tests.chaos.verdict.recreated import Earlier, counted_in, logs
from tests.chaos.verdict.stored import POSITION_KEY
from tests.chaos.verdict.topics import Seen

Place = tuple[str, int, int]


class Batches:
    """The committed batches of each partition, and the records that each applied, in the order of the merge.

    That order is exact as long as the changelog has each position: within a batch, records go by their time (never
    before that of their predecessor in the same log), and at equal times by topic, in the order of ``inputs``. Only
    for a worker that has just opened the partition, no time lies before the ``upto`` that it found: so each record has
    two ranks, which differ seldom.
    """

    def __init__(
        self, inputs: list[str], changelog: Iterable[Seen], counted: list[Seen], earlier: Sequence[Earlier] = ()
    ) -> None:
        self._order = {name: place for place, topic in enumerate(inputs) for name in logs([topic], earlier)}
        self._ends: dict[tuple[str, int], list[int]] = defaultdict(list)
        self._uptos: dict[int, list[int]] = defaultdict(list)
        for record in changelog:
            if record.key == POSITION_KEY and record.value is not None:
                marker = msgspec.msgpack.decode(record.value)
                self._uptos[record.partition].append(marker["upto"])
                ids = marker.get("topic_ids", {})
                now = {counted_in(earlier, topic, ids.get(topic, b"")): topic for topic in inputs}
                for name in self._order:
                    # What a log held that was there before was all counted, and nothing of one that comes later.
                    ends = self._ends[name, record.partition]
                    before = ends[-1] if ends else 0
                    ends.append(marker["positions"].get(now[name], 0) if name in now else before)
        self._ranks: dict[Place, tuple[int, int]] = {}
        self._clocks: dict[Place, int] = {}
        of_log: dict[tuple[str, int], list[Seen]] = defaultdict(list)
        for record in counted:
            of_log[record.topic, record.partition].append(record)
        going_on = [(it, time) for log in of_log.values() for it, time in _with_times(log, 0)]
        opened = [
            (it, time)
            for log in of_log.values()
            for number, batch in groupby(log, self.number)
            for it, time in _with_times(list(batch), self._before(number, log[0].partition))
        ]
        ranks, others = self._ranked(going_on), self._ranked(opened)
        self._ranks = {place: (rank, others[place]) for place, rank in ranks.items()}
        self._count_clocks(counted, ranks)

    def number(self, record: Seen) -> int:
        """The batch that applied a record that was counted."""
        return bisect_right(self._ends[record.topic, record.partition], record.offset)

    def upto(self, record: Seen) -> int:
        """The instant until which the batch of a record decided (ms since 1970)."""
        return self._uptos[record.partition][self.number(record)]

    def ranks(self, record: Seen) -> tuple[int, int]:
        """The place of a record among all records, by either order; only those of one partition can be compared."""
        return self._ranks[_place(record)]

    def clock(self, record: Seen) -> int:
        """The clock that a record was admitted against (ms since 1970)."""
        return self._clocks[_place(record)]

    def _before(self, number: int, partition: int) -> int:
        """The instant until which a partition was decided before a batch."""
        return self._uptos[partition][number - 1] if number else 0

    def _ranked(self, timed: list[tuple[Seen, int]]) -> dict[Place, int]:
        order = self._order
        timed.sort(key=lambda it: (it[0].partition, self.number(it[0]), it[1], order[it[0].topic], it[0].offset))
        return {_place(record): rank for rank, (record, _) in enumerate(timed)}

    def _count_clocks(self, counted: list[Seen], ranks: dict[Place, int]) -> None:
        batch = (-1, -1)
        clock = 0
        for record in sorted(counted, key=lambda it: ranks[_place(it)]):
            number = self.number(record)
            if batch != (record.partition, number):
                batch, clock = (record.partition, number), self._before(number, record.partition)
            clock = self._clocks[_place(record)] = max(clock, record.time)


def _place(record: Seen) -> Place:
    return record.topic, record.partition, record.offset


def _with_times(records: list[Seen], least: int) -> Iterable[tuple[Seen, int]]:
    """Records of one log with the times by which they are merged; none lies before ``least``."""
    times = accumulate((it.time for it in records), max, initial=least)
    return zip(records, islice(times, 1, None), strict=True)
