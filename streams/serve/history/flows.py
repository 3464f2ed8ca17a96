"""Flows: how many customers went from where to where on each date, and how many were told of a signal.

A flow is a sum over messages in which a retraction counts -1 on the date of what it takes back, so that neither the
order of the partitions nor that of arrival makes a difference.
"""

from collections import Counter, defaultdict
from functools import lru_cache
from typing import Literal, NamedTuple

from schemas.change import NO_STEP

Kind = Literal["stage", "segment", "step", "signal"]
IN = "in"
REMEMBERED_DAYS = 400


class Flow(NamedTuple):
    """From where to where: stages, ``out`` and ``in`` of the segment ``key``, or steps of the ladder ``key``.

    A signal, ``key``, goes from and to nowhere.
    """

    kind: Kind
    key: str
    from_: str
    to: str


class Flows:
    """The flows by day (numbered from 1970-01-01 = 0 in the policy's zone), of the latest 400 days."""

    def __init__(self) -> None:
        self._by_day: defaultdict[int, Counter[Flow]] = defaultdict(Counter)
        self.gained: defaultdict[str, Counter[int]] = defaultdict(Counter)
        """How many members more each set had after a day than before it: ``stage:new``, ``step:tier:core``."""
        self._first = self._last = -1

    @property
    def last_day(self) -> int:
        """The latest day of which there is a flow; -1 if there is none."""
        return self._last

    @property
    def first_day(self) -> int:
        """The first day whose flows are remembered; -1 if none was forgotten."""
        return self._first

    def add(self, day: int, flow: Flow, number: int) -> None:
        """Count a message: 1 for what happened, -1 for what is taken back."""
        if day > self._last:
            self._last = day
            self._forget(day - REMEMBERED_DAYS)
        if day < self._first:
            return
        of_day = self._by_day[day]
        left = of_day[flow] + number
        if left:
            of_day[flow] = left
        else:
            del of_day[flow]
        for name, sign in sets_of(flow):
            self.gained[name][day] += sign * number

    def between(self, first: int, last: int) -> Counter[Flow]:
        """Return the flows of all days from the first to the last, both included."""
        total: Counter[Flow] = Counter()
        for day, flows in self._by_day.items():
            if first <= day <= last:
                total.update(flows)
        return total

    def _forget(self, before: int) -> None:
        old = [day for day in self._by_day if day < before]
        for day in old:
            del self._by_day[day]
            for gained in self.gained.values():
                gained.pop(day, None)
        if old or self._first >= 0:
            self._first = before


@lru_cache(maxsize=4096)
def sets_of(flow: Flow) -> tuple[tuple[str, int], ...]:
    """Return the sets of members that a flow changes, each with 1 or -1; no step is no set."""
    match flow.kind:
        case "stage":
            return (f"stage:{flow.to}", 1), (f"stage:{flow.from_}", -1)
        case "segment":
            return ((f"segment:{flow.key}", 1 if flow.to == IN else -1),)
        case "step":
            ends = (flow.to, 1), (flow.from_, -1)
            return tuple((f"step:{flow.key}:{step}", sign) for step, sign in ends if step != NO_STEP)
        case "signal":
            return ()
