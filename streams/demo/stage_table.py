"""The table of the customers by stage at the end of each period: a bar, and a column of numbers for each stage."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from textwrap import wrap
from typing import NamedTuple

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from streams.demo.bars import stacked_bar
from streams.demo.legend import Legend, in_words

_GOOD_BAR = 20
_SHORTEST_BAR = 12
_NARROWEST = 3


class _Column(NamedTuple):
    """A column of numbers; its heading in one line or several."""

    heading: list[str]
    style: str
    numbers: list[str]

    @property
    def width(self) -> int:
        return max(_NARROWEST, *map(len, (*self.heading, *self.numbers)))

    def broken(self, width: int) -> "_Column":
        """Return it with a heading whose lines take at most ``width`` cells."""
        return self._replace(heading=[line for it in self.heading for line in wrap(it, width)])


class StageTable:
    """The customers by stage at the end of the periods with these labels.

    Where the names of the stages are too long for ``width`` cells, they are broken into lines; if even that is too
    wide, their signs stand for them. Of very many stages, those with the fewest customers share a column.
    """

    def __init__(self, labels: Sequence[str], counts: Sequence[Counter[str]], legend: Legend, width: int) -> None:
        self._labels = labels
        self._counts = counts
        self._legend = legend
        self._width = width
        self._label = max(len("end of"), *map(len, labels))
        self._stages = [it for it in legend.looks if any(in_period[it] for in_period in counts)]

    def render(self, *, solid: bool) -> RenderableType:
        """Return the table, under a legend unless the headings are one, as they may be beside ``solid`` bars."""
        columns = self._named()
        is_legend = solid and columns is not None
        columns = columns or self._signed(solid=solid)
        bar = self._left_for_the_bar(columns)
        table = Table(box=None, pad_edge=False, padding=(0, 0, 0, 1), header_style="")
        table.add_column(Text("end of", "dim"), width=self._label, no_wrap=True, vertical="bottom")
        table.add_column(width=bar, no_wrap=True)
        for it in columns:
            heading = Text("\n".join(it.heading), it.style)
            table.add_column(heading, justify="right", width=it.width, no_wrap=True, vertical="bottom")
        scale = max((in_period.total() for in_period in self._counts), default=0)
        for number, (label, in_period) in enumerate(zip(self._labels, self._counts, strict=True)):
            shown = stacked_bar(in_period, self._legend.looks, scale, bar, solid=solid)
            table.add_row(Text(label), shown, *(Text(it.numbers[number], it.style) for it in columns))
        if is_legend:
            return table
        return Group(*self._legend.lines(self._stages, self._width, solid=solid), Text(""), table)

    def _named(self) -> list[_Column] | None:
        """Return the columns under the names of stages, broken as little as the bar needs; None if it needs more."""
        columns = list(self._columns({it: in_words(it) for it in self._stages}, len(self._stages)))
        names = [line for it in columns for line in it.heading]
        longest, word = max(map(len, names)), max(len(it) for line in names for it in line.split())
        for width, least in [*((it, _GOOD_BAR) for it in range(longest, word, -1)), (word, _SHORTEST_BAR)]:
            broken = [it.broken(width) for it in columns]
            if self._left_for_the_bar(broken) >= least:
                return broken
        return None

    def _signed(self, *, solid: bool) -> list[_Column]:
        """Return the columns under the signs of stages, as many as fit."""
        signs = {it: self._legend.sign(it, solid=solid) for it in self._stages}
        choices = (list(self._columns(signs, kept)) for kept in range(len(self._stages), 0, -1))
        fitting = (it for it in choices if self._left_for_the_bar(it) >= _SHORTEST_BAR)
        return next(fitting, list(self._columns(signs, 0)))

    def _columns(self, headings: Mapping[str, str], kept: int) -> Iterator[_Column]:
        """Yield a column for each of so many stages, those with most customers, one for the others, and one for all."""
        peaks = {stage: max(in_period[stage] for in_period in self._counts) for stage in self._stages}
        largest = sorted(peaks, key=lambda stage: -peaks[stage])[:kept]
        for stage in self._stages:
            if stage in largest:
                numbers = [in_period[stage] for in_period in self._counts]
                yield _Column([headings[stage]], self._legend.colour(stage), list(map(_written, numbers)))
        if others := [it for it in self._stages if it not in largest]:
            numbers = [sum(in_period[it] for it in others) for in_period in self._counts]
            yield _Column([f"{len(others)} others"], "", list(map(_written, numbers)))
        yield _Column(["all"], "dim", [f"{in_period.total():,}" for in_period in self._counts])

    def _left_for_the_bar(self, columns: Sequence[_Column]) -> int:
        return max(self._width - self._label - 1 - sum(it.width + 1 for it in columns), 0)


def _written(number: int) -> str:
    return f"{number:,}" if number else "-"
