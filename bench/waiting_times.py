"""The waiting times of events in front of one tracker, computed from the processor time of its steps."""

import time
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

from agents.batch import Batch, Record
from agents.tracker import Tracker
from bench.population import Population
from schemas.instant import to_text
from streams.topics import INPUTS

_MAX_EVENTS = 4000


@dataclass(slots=True)
class WaitingTimes:
    """Waiting times while many customers are due, in ms, from the time of a record to the end of its batch."""

    decided: int = 0
    busy: float = 0.0
    longest_step: float = 0.0
    longest_wait: float = 0.0

    def count(self, step: float, records: list[Record], clock: float) -> None:
        """Count one step of the tracker that ended at ``clock``."""
        self.busy += step
        self.longest_step = max(self.longest_step, step)
        if records:
            self.longest_wait = max(self.longest_wait, clock - records[0].time)


def views(customers: int, begin: int, rate: float) -> Iterator[Record]:
    """Yield product views of random customers, at a steady rate per second, without end."""
    random = Random(begin)
    number = 0
    while True:
        at = begin + int(number * 1000 / rate)
        key = Population.key(random.randrange(customers))
        who = key.decode()
        value = (
            f'{{"type":"track","event":"Product Viewed","messageId":"{who}-{number}","userId":"{who}",'
            f'"timestamp":"{to_text(at)}","properties":{{"product_id":"p"}}}}'
        )
        yield Record(INPUTS[1], number, at, key, value.encode())
        number += 1


def over(tracker: Tracker, arrivals: Iterator[Record], begin: int, end: int) -> WaitingTimes:
    """Run from ``begin`` to ``end`` (ms since 1970), and on until everything due by then is decided."""
    waits = WaitingTimes()
    clock = float(begin)
    coming = next(arrivals)
    waiting: deque[Record] = deque()
    while clock < end or _is_due(tracker, clock):
        while coming.time <= clock:
            waiting.append(coming)
            coming = next(arrivals)
        if not waiting and not _is_due(tracker, clock):
            clock = min(coming.time, tracker.due() or coming.time)
            continue
        records = [waiting.popleft() for _ in range(min(_MAX_EVENTS, len(waiting)))]
        started = time.process_time()
        outcome = tracker.compute(Batch(0, 0, records, int(clock)))
        tracker.apply(outcome)
        step = (time.process_time() - started) * 1000
        clock += step
        waits.count(step, records, clock)
        waits.decided += sum(1 for _, it in outcome.publications if it.change.cause.kind == "deadline")
    return waits


def _is_due(tracker: Tracker, clock: float) -> bool:
    due = tracker.due()
    return due is not None and due <= clock
