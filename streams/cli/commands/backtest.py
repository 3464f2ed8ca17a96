"""``lifestage backtest``: what a policy would have decided about recorded events."""

import gzip
import io
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from schemas import instant
from streams.backtest.backtest import NumberedLines
from streams.backtest.pool import BacktestPool, ProcessLostError, backtest_pool, cores
from streams.backtest.pool_process import BacktestOptions, DecisionSummary, ReadSummary
from streams.cli.instant import INSTANT
from streams.policy_file import PolicyFileError, load_rules
from streams.sources.jsonl import GZIP_MAGIC
from streams.sources.named import NAMES, open_source
from streams.sources.source import SourceError


@click.command(name="backtest")
@click.argument("events")
@click.option("--policy", type=click.Path(path_type=Path), help="Policy file; without it the one that ships.")
@click.option("--until", "end", type=INSTANT, help="Decide until this instant or date. Default: the last event.")
@click.option(
    "--out", required=True, type=click.Path(path_type=Path), help="Where the transitions go (.jsonl, .jsonl.gz, -)."
)
@click.option("--profiles", "profiles_out", type=click.Path(path_type=Path), help="Where one profile a customer goes.")
@click.option(
    "--rejects", "rejects_out", type=click.Path(path_type=Path), help="Where unusable lines go, with reasons."
)
@click.option("--processes", type=click.IntRange(min=1), help="How many work at once. Default: one for each core.")
def command(
    events: str,
    policy: Path | None,
    end: int | None,
    out: Path,
    profiles_out: Path | None,
    rejects_out: Path | None,
    processes: int | None,
) -> None:
    """Run EVENTS (a JSONL file, .gz too, - for standard input, or a source such as complete-journey) through a policy.

    Lines may come in any order. The transitions are exactly the values that the topic would carry.
    """
    try:
        rules = load_rules(policy)
    except PolicyFileError as error:
        raise click.ClickException(str(error)) from None
    now = max(instant.from_datetime(datetime.now(UTC)), end or 0)
    console = Console(stderr=True)
    try:
        options = BacktestOptions(policy, now, profiles_out is not None)
        with backtest_pool(options, processes or cores()) as pool:
            read, decided = _run(pool, events, end, console, out, profiles_out, rejects_out)
    except ProcessLostError as error:
        raise click.ClickException(str(error)) from None
    _print_summary(console, read, decided, rules.version)


def _run(
    pool: BacktestPool,
    events: str,
    end: int | None,
    console: Console,
    out: Path,
    profiles_out: Path | None,
    rejects_out: Path | None,
) -> tuple[ReadSummary, DecisionSummary]:
    with (
        ExitStack() as files,
        Progress(
            TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), console=console
        ) as progress,
    ):
        lines, size = _lines(events)
        reading = progress.add_task("reading events", total=size)
        read = pool.read(lines, lambda more: progress.advance(reading, more))
        progress.update(reading, total=read.lines, completed=read.lines)
        if rejects_out:
            _write(files.enter_context(_open(rejects_out)), read.refused)
        deciding = progress.add_task("deciding customers", total=read.customers)
        until = end if end is not None else read.last or 0
        decided = pool.decide(until, lambda more: progress.advance(deciding, more))
        progress.update(deciding, completed=read.customers)
        _write(files.enter_context(_open(out)), pool.transitions())
        if profiles_out:
            _write(files.enter_context(_open(profiles_out)), pool.profiles())
    return read, decided


def _lines(events: str) -> tuple[NumberedLines, int | None]:
    if events not in NAMES or events == "-":
        return _numbered_lines(events), None
    try:
        source = open_source(events)
    except SourceError as error:
        raise click.ClickException(str(error)) from None
    return ((number, it.value) for number, it in enumerate(source.events, start=1)), len(source.events)


def _numbered_lines(name: str) -> Iterator[tuple[int, bytes]]:
    try:
        with click.open_file(name, "rb") as file:
            start = file.peek(2)[:2] if hasattr(file, "peek") else b""
            content = io.BufferedReader(gzip.open(file)) if start == GZIP_MAGIC else file
            yield from enumerate(content, start=1)
    except (OSError, EOFError, zlib.error) as error:
        raise click.ClickException(f"{name} cannot be read: {error}. Sources: {', '.join(NAMES)}") from None


def _open(path: Path) -> IO[bytes]:
    try:
        if str(path) == "-":
            return click.get_binary_stream("stdout")
        return gzip.open(path, "wb") if path.suffix == ".gz" else path.open("wb")  # type: ignore[return-value]
    except OSError as error:
        raise click.ClickException(f"{path} cannot be written: {error.strerror}") from None


def _write(file: IO[bytes], lines: Iterable[bytes]) -> None:
    for line in lines:
        file.write(line + b"\n")


def _print_summary(console: Console, read: ReadSummary, decided: DecisionSummary, version: str) -> None:
    console.print(
        f"{read.lines:,} lines: {read.facts + read.unknown - decided.duplicates:,} applied"
        f" ({read.unknown:,} of a kind that no rule uses), {decided.duplicates:,} duplicates,"
        f" {sum(read.rejects.values()):,} rejects; {decided.after:,} of the applied lie after the end"
    )
    for reason, count in _by_count(read.rejects):
        console.print(f"  rejected as {reason}: {count:,}")
    console.print(f"decided until {instant.to_text(decided.until)} under {version}")
    table = Table("transition", "count", box=None)
    for name, count in _by_count(decided.by_name):
        table.add_row(name, f"{count:,}")
    console.print(table)
    console.print("customers: " + ", ".join(f"{count:,} {stage}" for stage, count in _by_count(decided.stages)))


def _by_count(counts: Counter[str]) -> list[tuple[str, int]]:
    return sorted(counts.items(), key=lambda counted: (-counted[1], counted[0]))
