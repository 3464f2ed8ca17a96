"""The size of a benchmark, and the report it returns: figures, tables and pictures."""

import statistics
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

Say = Callable[[str], None]
"""Print one line of progress."""


@dataclass(frozen=True, slots=True)
class Size:
    """How much is measured. ``quick`` takes seconds and only shows that everything runs; its figures mean nothing."""

    quick: bool = False
    rounds: int = 3

    def of(self, full: int, quick: int) -> int:
        """Return the number that belongs to this size."""
        return quick if self.quick else full


@dataclass(frozen=True, slots=True)
class Spread:
    """The median, minimum and maximum of several rounds."""

    median: float
    low: float
    high: float

    @classmethod
    def over(cls, values: Iterable[float]) -> "Spread":
        """Return the spread of the rounds; raises ``statistics.StatisticsError`` if there was none."""
        rounds = sorted(values)
        return cls(statistics.median(rounds), rounds[0], rounds[-1])

    def __str__(self) -> str:
        return f"{_short(self.median)} ({_short(self.low)} to {_short(self.high)})"


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under a title; numbers are aligned to the right."""

    title: str
    header: Sequence[str]
    rows: Sequence[Sequence[object]]


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar: a label, how long it is, and whether it is ours."""

    label: str
    value: Spread
    ours: bool = False


@dataclass(frozen=True, slots=True)
class Bars:
    """A picture of horizontal bars in panels side by side; ``name`` is the file's, ``unit`` stands below.

    ``panels`` are bars by title. ``log`` draws them on a logarithmic scale.
    """

    name: str
    title: str
    unit: str
    panels: Mapping[str, Sequence[Bar]]
    log: bool = False


@dataclass(frozen=True, slots=True)
class Line:
    """One line: a label, and a spread for each x."""

    label: str
    points: Mapping[float, Spread]
    ours: bool = False


@dataclass(frozen=True, slots=True)
class Lines:
    """A picture of lines over an x axis; ``name`` is the file's. Each axis may be logarithmic."""

    name: str
    title: str
    x: str
    y: str
    lines: Sequence[Line]
    log_x: bool = False
    log_y: bool = False


@dataclass(frozen=True, slots=True)
class Report:
    """The result of a benchmark.

    ``figures`` go into its line of JSON. ``left_out`` says, one sentence each, what could not be measured here.
    """

    bench: str
    figures: Mapping[str, object]
    tables: Sequence[Table]
    pictures: Sequence[Bars | Lines] = ()
    left_out: Sequence[str] = field(default_factory=list)


class LeftOutError(Exception):
    """A benchmark cannot run on this machine; the message says what is missing."""


class Bench(Protocol):
    """A module of this package that measures one thing."""

    def measure(self, size: Size, say: Say) -> Report:
        """Measure it. Raises ``LeftOutError`` if this machine lacks what it takes."""


def _short(number: float) -> str:
    return f"{number:,.0f}" if abs(number) >= 100 else f"{number:,.3g}"
