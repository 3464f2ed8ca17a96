"""`lifestage backtest`: what a policy would have done with events that already happened."""

import gzip
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
from state.rulebook import Rulebook
from streams.backtest import Backtest, Events, Lines, profiles, read_events, run
from streams.commands.instant import INSTANT
from streams.policy_file import PolicyFileError, load_rules
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
def command(
    events: str, policy: Path | None, end: int | None, out: Path, profiles_out: Path | None, rejects_out: Path | None
) -> None:
    """Run EVENTS (a JSONL file, .gz too, - for standard input, or a source such as complete-journey) through a policy.

    Lines may come in any order. The transitions are exactly the values that the topic would carry.
    """
    try:
        rules = load_rules(policy)
    except PolicyFileError as error:
        raise click.ClickException(str(error)) from None
    console = Console(stderr=True)
    with (
        ExitStack() as files,
        Progress(
            TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), console=console
        ) as progress,
    ):
        lines, size = _lines(events)
        now = max(instant.from_datetime(datetime.now(UTC)), end or 0)
        refused = files.enter_context(_open(rejects_out)) if rejects_out else None
        reading = progress.add_task("reading events", total=size)
        read = read_events(
            lines,
            now,
            rules,
            lambda line: _write(refused, [line]) if refused else None,
            lambda: progress.advance(reading),
        )
        progress.update(reading, total=read.lines, completed=read.lines)
        deciding = progress.add_task("deciding customers", total=len(read.by_customer))
        result = run(read, end, rules, lambda: progress.advance(deciding))
        _write(files.enter_context(_open(out)), result.transitions)
        if profiles_out:
            _write(files.enter_context(_open(profiles_out)), profiles(result, rules))
    _say(console, read, result, rules)


def _lines(events: str) -> tuple[Lines, int | None]:
    if events not in NAMES or events == "-":
        return _numbered(events), None
    try:
        source = open_source(events)
    except SourceError as error:
        raise click.ClickException(str(error)) from None
    return ((number, it.value) for number, it in enumerate(source.events, start=1)), len(source.events)


def _numbered(name: str) -> Iterator[tuple[int, bytes]]:
    try:
        with click.open_file(name, "rb") as plain:
            start = plain.peek(2)[:2] if hasattr(plain, "peek") else b""
            content: Iterable[bytes] = gzip.open(plain) if start == b"\x1f\x8b" else plain
            yield from enumerate(content, start=1)
    except (OSError, EOFError) as error:
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


def _say(console: Console, events: Events, result: Backtest, rules: Rulebook) -> None:
    console.print(
        f"{events.lines:,} lines: {events.facts + events.unknown - result.duplicates:,} applied"
        f" ({events.unknown:,} of a kind that no rule uses), {result.duplicates:,} duplicates,"
        f" {sum(events.rejects.values()):,} rejects; {result.after:,} of the applied lie after the end"
    )
    for reason, count in events.rejects.most_common():
        console.print(f"  rejected as {reason}: {count:,}")
    console.print(f"decided until {instant.to_text(result.until)} under {rules.version}")
    table = Table("transition", "count", box=None)
    for name, count in result.by_name.most_common():
        table.add_row(name, f"{count:,}")
    console.print(table)
    console.print("customers: " + ", ".join(f"{count:,} {stage}" for stage, count in result.stages.most_common()))
