"""The closing table of a command: what became of the events, with one example each and where to see all."""

from collections.abc import Iterator
from typing import NamedTuple

from rich.console import Console
from rich.table import Table
from rich.text import Text

from schemas.event_names import nearest_name
from streams.tally.tally import Counted, Tally, most_first
from streams.terminal_text import shortened

_MAX_NAMES = 20
_MAX_EXAMPLE = 160
_PIPE_WIDTH = 260  # where nothing has a width no line is broken, so that each can be searched for


class SeeAll(NamedTuple):
    """The options or commands that show everything that the table has one example of; empty: there is none."""

    rejects: str = ""
    unknown: str = ""
    duplicates: str = ""


BACKTEST = SeeAll(*(f"lifestage backtest with {option} FILE" for option in ("--rejects", "--unknown", "--duplicates")))
"""For events that are in no topic."""


def print_tally(console: Console, tally: Tally, see_all: SeeAll, *, decided: bool = True) -> None:
    """Print the table; on a pipe as plain text, one line a row.

    Not ``decided``: the events were only read, so that nobody knows yet which are duplicates.
    """
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True, justify="right")
    table.add_column(overflow="fold")
    for label, count, example in _rows(tally, decided):
        table.add_row(Text(label), Text(f"{count:,}"), Text(example, "dim"))
    if not console.is_terminal:
        console = Console(file=console.file, width=_PIPE_WIDTH)
    console.print(table, highlight=False)
    for line in _ways(tally, see_all):
        console.print(line, style="dim", markup=False, highlight=False, soft_wrap=True)


def meant(name: str) -> str:
    """Return the known name that is nearest to an unknown one, as a question; empty if none is near."""
    nearest = nearest_name(name)
    return f"do you mean {nearest}?" if nearest else ""


def _rows(tally: Tally, decided: bool) -> Iterator[tuple[str, int, str]]:
    yield "events in", tally.events, ""
    if decided:
        yield "  applied", tally.applied, ""
        yield "  duplicates", tally.duplicates.count, _example(tally.duplicates)
        yield "  rejected", tally.rejected, ""
    else:
        yield "  can be read", tally.applied, ""
        yield "  cannot be used", tally.rejected, ""
    for reason, counted in most_first(tally.rejects):
        yield f"    {reason}", counted.count, _example(counted)
    if tally.unknown:
        yield "unknown names", tally.unknown_events, "applied, and change nothing"
        named = most_first(tally.unknown)
        for name, counted in named[:_MAX_NAMES]:
            yield f"  {name}", counted.count, _together(_example(counted), meant(name))
        if left := named[_MAX_NAMES:]:
            yield f"  {len(left):,} more names", sum(counted.count for _, counted in left), ""
    if tally.unknown_orders.count:
        yield (
            "unknown orders",
            tally.unknown_orders.count,
            _together("applied, and change no order", _example(tally.unknown_orders)),
        )
    if tally.bounds:
        yield "bounds that held", sum(it.count for it in tally.bounds.values()), "what lies beyond them is not kept"
        for bound, counted in most_first(tally.bounds):
            yield f"  {bound}", counted.count, _example(counted)


def _ways(tally: Tally, see_all: SeeAll) -> Iterator[str]:
    for what, there, way in (
        ("rejects", bool(tally.rejects), see_all.rejects),
        ("unknown names", bool(tally.unknown), see_all.unknown),
        ("duplicates", bool(tally.duplicates.count), see_all.duplicates),
    ):
        if there and way:
            yield f"all {what}: {way}"


def _together(*parts: str) -> str:
    return "; ".join(part for part in parts if part)


def _example(counted: Counted) -> str:
    return shortened(counted.example, _MAX_EXAMPLE)
