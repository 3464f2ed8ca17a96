"""The live progress: what was sent, what is processed, how fast, and where every customer stands by now."""

import time
from collections import deque
from types import TracebackType

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from streams.demo.bars import COLOURS, stacked
from streams.demo.processor import Look

_WIDEST = 100
_RATE_SECONDS = 4.0
_LINES = 10


class Watch:
    """Shown for the length of a block: redrawn in place on a terminal, a line now and then elsewhere.

    Set ``sent`` as the replay goes on. ``processed`` begins with what an earlier run
    had processed, and never goes back; ``counted`` is what the workers of this run have read.
    """

    def __init__(self, console: Console, total: int, processed: int = 0) -> None:
        self.console = console
        self.total = total
        self.sent = self.processed = processed
        self.memory = 0
        self.note = "the worker starts"
        self._stages: dict[str, int] = {}
        self._upto = ""
        self._process: int | None = None
        self._base = self._counted = self._events = 0
        self._seen: deque[tuple[float, int]] = deque()
        self._told = 0
        self._live = Live(self._drawn(), console=console, auto_refresh=False, transient=True)

    def __enter__(self) -> "Watch":
        if self.console.is_terminal:
            self._live.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._live.stop()

    def say(self, text: str) -> None:
        """Print a line that stays."""
        self.console.print(text, markup=False, highlight=False, soft_wrap=True)

    def show(self, look: Look | None, process: int) -> None:
        """Show the newest look at the worker with this process id, or that it does not answer."""
        if look is None:
            self.note = "the worker does not answer yet"
        else:
            self._take(look, process)
        if self.console.is_terminal:
            self._live.update(self._drawn(), refresh=True)
        elif self.processed * _LINES // max(self.total, 1) > self._told:
            self._told = self.processed * _LINES // self.total
            self.say(self._line())

    def finish(self) -> None:
        """Everything that was sent is processed."""
        self.processed = self.sent

    @property
    def counted(self) -> int:
        """Events that the workers of this run have read, those sent twice among them."""
        return self._counted + self._events

    @property
    def rate(self) -> float:
        """Events a second, of the last few seconds."""
        if len(self._seen) < 2 or self._seen[-1][0] == self._seen[0][0]:
            return 0.0
        (began, before), (ended, after) = self._seen[0], self._seen[-1]
        return (after - before) / (ended - began)

    def _take(self, look: Look, process: int) -> None:
        self.memory = max(self.memory, look.memory)
        if not look.health.ready:
            self.note = "the worker reads its customers from the changelog"
            return
        mirror = look.health.mirror
        waits = (
            ""
            if mirror is None or self.processed < self.total
            else f"{mirror.waiting:,} customers on their way to Redis"
        )
        self.note = mirror.trouble if mirror is not None and mirror.trouble else waits
        if process != self._process:
            # A worker counts from nothing; what it found done is what was shown last, or a little more.
            self._base = self.processed
            self._counted += self._events
            self._process = process
        self._events = look.events
        self.processed = max(self.processed, min(self._base + look.events, self.sent))
        self._stages = look.health.customers
        days = sorted({(group.upto or "")[:10] for group in look.health.partitions.values()})
        self._upto = " to ".join(day for day in (days[:1] + days[1:][-1:]) if day)
        now = time.monotonic()
        self._seen.append((now, self.processed))
        while now - self._seen[0][0] > _RATE_SECONDS:
            self._seen.popleft()

    def _drawn(self) -> RenderableType:
        width = min(self.console.width, _WIDEST)
        colour = self.console.color_system is not None
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
            "customers", stacked(self._stages, max(customers, 1), width - 48, colour=colour), f"{customers:,}", ""
        )
        facts = [self._upto or "…", f"lag {self.sent - self.processed:,} events"]
        facts += [f"worker {self.memory / 1e6:,.0f} MB"] if self.memory else []
        line = Text("           " + "   ".join(facts), "dim")
        legend = Text("           ")
        for stage, colour_of in COLOURS.items():
            if self._stages.get(stage):
                legend.append(f"{stage.replace('_', ' ')} {self._stages[stage]:,}   ", colour_of)
        return Group(rows, legend, line, Text(f"           {self.note}", "italic"))

    def _line(self) -> str:
        share = self.processed * 100 // self.total
        return (
            f"  {share:3d} %  {self.processed:,} events processed, {self._upto or '…'}, {self.rate:,.0f} events/s, "
            f"lag {self.sent - self.processed:,}, worker {self.memory / 1e6:,.0f} MB"
        )
