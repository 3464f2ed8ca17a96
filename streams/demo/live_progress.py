"""The live progress of a run: events sent and processed, the rate, and the customers by stage."""

import time
from collections import deque
from types import TracebackType

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.padding import Padding
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from streams.demo.bars import stacked_bar
from streams.demo.legend import Legend, broken, in_words
from streams.demo.worker_process import WorkerStatus

_MAX_WIDTH = 100
_RATE_SECONDS = 4.0
_PROGRESS_LINES = 10


class LiveProgress:
    """Shown for the length of a block: redrawn in place on a terminal, a line now and then elsewhere.

    The replay sets ``sent``. ``processed`` and ``duplicates`` begin with the counts of a previous run that is resumed,
    and never decrease; ``counted`` is the number of events that the workers of this run have read.
    """

    def __init__(self, console: Console, legend: Legend, total: int, processed: int = 0, duplicates: int = 0) -> None:
        self.console = console
        self._legend = legend
        self.total = total
        self.sent = self.processed = processed
        self.memory = 0
        self.note = "the worker starts"
        self._stages: dict[str, int] = {}
        self._upto = ""
        self._pid: int | None = None
        self._base = self._counted = self._events = 0
        self._duplicates_before, self._duplicates = duplicates, 0
        self._samples: deque[tuple[float, int]] = deque()
        self._lines_printed = 0
        self._live = Live(self._render(), console=console, auto_refresh=False, transient=True)

    def __enter__(self) -> "LiveProgress":
        if self.console.is_terminal:
            self._live.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._live.stop()

    def print_line(self, text: str) -> None:
        """Print a line above the progress, which stays."""
        self.console.print(text, markup=False, highlight=False, soft_wrap=True)

    def show(self, status: WorkerStatus | None, pid: int) -> None:
        """Show the newest status of the worker with this process id; None: it does not answer."""
        if status is None:
            self.note = "the worker does not answer yet"
        else:
            self._update(status, pid)
        if self.console.is_terminal:
            self._live.update(self._render(), refresh=True)
        elif self.processed * _PROGRESS_LINES // max(self.total, 1) > self._lines_printed:
            self._lines_printed = self.processed * _PROGRESS_LINES // self.total
            self.print_line(self._line())

    def finish(self) -> None:
        """Set the processed events to all that were sent."""
        self.processed = self.sent

    @property
    def counted(self) -> int:
        """Events that the workers of this run have read, including those sent twice."""
        return self._counted + self._events

    @property
    def duplicates(self) -> int:
        """Duplicates that the workers have found; a worker that was killed takes its last ones with it."""
        return self._duplicates_before + self._duplicates

    @property
    def rate(self) -> float:
        """Events a second, over the last few seconds."""
        if len(self._samples) < 2 or self._samples[-1][0] == self._samples[0][0]:
            return 0.0
        (start, before), (end, after) = self._samples[0], self._samples[-1]
        return (after - before) / (end - start)

    def _update(self, status: WorkerStatus, pid: int) -> None:
        self.memory = max(self.memory, status.memory)
        if not status.health.ready:
            self.note = "the worker reads its customers from the changelog"
            return
        mirror = status.health.mirror
        waiting = (
            ""
            if mirror is None or self.processed < self.total
            else f"{mirror.waiting:,} customers on their way to Redis"
        )
        self.note = mirror.trouble if mirror is not None and mirror.trouble else waiting
        if pid != self._pid:
            # A new worker counts from 0, and goes on from about the count that was shown last.
            self._base = self.processed
            self._counted += self._events
            self._duplicates_before += self._duplicates
            self._pid = pid
        self._events = status.events
        self._duplicates = status.health.tally.duplicates
        self.processed = max(self.processed, min(self._base + status.events, self.sent))
        self._stages = status.health.customers
        days = sorted({(group.upto or "")[:10] for group in status.health.partitions.values()})
        self._upto = " to ".join(day for day in (days[:1] + days[1:][-1:]) if day)
        now = time.monotonic()
        self._samples.append((now, self.processed))
        while now - self._samples[0][0] > _RATE_SECONDS:
            self._samples.popleft()

    def _render(self) -> RenderableType:
        width = min(self.console.width, _MAX_WIDTH)
        solid = self._legend.is_told_by_colour(self.console.color_system)
        rows = Table.grid(padding=(0, 1, 0, 0))
        rows.add_column(width=10)
        rows.add_column(width=width - 48)
        rows.add_column(width=18, justify="right")
        rows.add_column(width=15, justify="right")
        for name, count, rate in (("sent", self.sent, ""), ("processed", self.processed, f"{self.rate:,.0f} events/s")):
            style = "#3fb5d8" if name == "sent" else "#2fa36b"
            bar = ProgressBar(self.total, count, complete_style=style, finished_style=style)
            rows.add_row(name, bar, f"{count:,} of {self.total:,}", Text(rate, "bold"))
        customers = sum(self._stages.values())
        rows.add_row(
            "customers",
            stacked_bar(self._stages, self._legend.looks, max(customers, 1), width - 48, solid=solid),
            f"{customers:,}",
            "",
        )
        facts = [self._upto or "…", f"lag {self.sent - self.processed:,} events"]
        facts += [f"worker {self.memory / 1e6:,.0f} MB"] if self.memory else []
        line = Text("           " + "   ".join(facts), "dim")
        stages = [
            Text(f"{'' if solid else f'{look.pattern} '}{in_words(stage)} {self._stages[stage]:,}", look.colour)
            for stage, look in self._legend.looks.items()
            if self._stages.get(stage)
        ]
        legend = [Padding(it, (0, 0, 0, 11)) for it in broken(stages, width - 11)]
        return Group(rows, *legend, line, Text(f"           {self.note}", "italic"))

    def _line(self) -> str:
        share = self.processed * 100 // self.total
        return (
            f"  {share:3d} %  {self.processed:,} events processed, {self._upto or '…'}, {self.rate:,.0f} events/s, "
            f"lag {self.sent - self.processed:,}, worker {self.memory / 1e6:,.0f} MB"
        )
