"""``lifestage backtest``: what a policy would have decided about recorded events."""

from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import click
import orjson
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from schemas import instant
from schemas.event_names import nearest_name
from streams.backtest.backtest import BacktestResult
from streams.backtest.pool import BacktestPool, ProcessLostError, backtest_pool, cores
from streams.backtest.pool_process import BacktestOptions, ReadSummary
from streams.cli.failure import UnusableSourceError
from streams.cli.instant import INSTANT
from streams.cli.output import check_outputs, opened, write_lines
from streams.cli.policy_history import Dated, policy_history
from streams.policy_file import PolicyFileError, compile_file, load_rules
from streams.sources.event_lines import event_lines
from streams.sources.mapping_report import MappingReport
from streams.sources.named import is_own, mapped_file, open_source
from streams.sources.source import SourceError
from streams.tally.mapped import add_report
from streams.tally.reading import NumberedLines, place_of
from streams.tally.sentence import nothing_usable
from streams.tally.table import SeeAll, print_tally
from streams.tally.tally import Tally, most_first

_Lines = tuple[NumberedLines, int | None, MappingReport | None]
"""Numbered lines, how many they are if that is known, and what a mapping makes of them."""

_dated_option = partial(click.option, type=(INSTANT, click.Path(path_type=Path)), metavar="INSTANT FILE", multiple=True)


@click.command(name="backtest")
@click.argument("events")
@click.option("--mapping", help="How to read a file of another shape: a TOML file, or one that ships (shopify).")
@click.option("--policy", type=click.Path(path_type=Path), help="Policy file; without it the one that ships.")
@_dated_option("--then", help="Another policy, which decides after the instant. May be given several times.")
@_dated_option("--then-silently", help="The same, and nothing is told of what changes at that instant.")
@click.option("--published", is_flag=True, help="By the published policies, each from its instant on.")
@click.option("--until", "end", type=INSTANT, help="Decide until this instant or date. Default: the last event.")
@click.option(
    "--out", required=True, type=click.Path(path_type=Path), help="Where the transitions go (.jsonl, .jsonl.gz, -)."
)
@click.option("--profiles", "profiles_out", type=click.Path(path_type=Path), help="Where one profile a customer goes.")
@click.option(
    "--rejects", "rejects_out", type=click.Path(path_type=Path), help="Where unusable lines go, with reasons."
)
@click.option(
    "--unknown", "unknown_out", type=click.Path(path_type=Path), help="Where the unknown names go, with their counts."
)
@click.option(
    "--duplicates", "duplicates_out", type=click.Path(path_type=Path), help="Where the numbers of duplicate lines go."
)
@click.option("--processes", type=click.IntRange(min=1), help="How many work at once. Default: one for each core.")
def command(
    events: str,
    mapping: str | None,
    policy: Path | None,
    then: Dated,
    then_silently: Dated,
    published: bool,
    end: int | None,
    out: Path,
    profiles_out: Path | None,
    rejects_out: Path | None,
    unknown_out: Path | None,
    duplicates_out: Path | None,
    processes: int | None,
) -> None:
    """Run EVENTS (a file, - for standard input, or a source such as complete-journey) through a policy.

    A file holds JSON lines or a JSON array of events; with --mapping, CSV, JSON or Parquet of any shape; it may be
    packed as .gz or .zst. Lines may come in any order. The transitions are exactly the values that the topic would
    carry. The status is 2 when nothing could be used.

    With --then, every customer is put under the next policy at its instant, as by lifestage policy publish; with
    --published, all policies and their instants are those that lifestage policy published shows.
    """
    check_outputs(out, profiles_out, rejects_out, unknown_out, duplicates_out)
    now = max(instant.from_datetime(datetime.now(UTC)), end or 0)
    console = Console(stderr=True)
    try:
        with policy_history(policy, then, then_silently, published=published, mapping=mapping) as (first, later):
            rules = load_rules(first)
            versions = [(it.at, compile_file(it.file).version) for it in later]
            options = BacktestOptions(first, now, profiles_out is not None, rules.intake.of_accounts, later)
            with backtest_pool(options, processes or cores()) as pool:
                lines, size, report = _lines(events, mapping)
                read, decided = _run(pool, (lines, size, report), end, console, out, profiles_out, rejects_out)
    except (ProcessLostError, PolicyFileError) as error:
        raise click.ClickException(str(error)) from None
    except SourceError as error:
        raise UnusableSourceError(str(error)) from None
    if report is not None:
        console.print(report.told(), markup=False, highlight=False, soft_wrap=True)
    tally = read.tally
    tally.find_duplicates(decided.duplicates)
    for it in decided.refused:
        tally.refuse(it.reason, place_of(it.line, it.event), f"line {it.line}: {it.detail}")
    if duplicates_out:
        with opened(duplicates_out) as file:
            write_lines(file, (orjson.dumps({"line": number}) for number in decided.duplicate_lines))
    for bound, count in decided.bounds.items():
        tally.hold(bound, count)
    tally.unknown_orders.merge(decided.unknown_orders)
    if unknown_out:
        with opened(unknown_out) as file:
            write_lines(file, map(orjson.dumps, _unknown_names(tally)))
    if tally.usable:
        _print_summary(console, decided, rules.version, versions)
    print_tally(console, tally, _see_all(rejects_out, unknown_out, duplicates_out))
    if not tally.usable:
        raise UnusableSourceError(nothing_usable(tally, events, report))


def _run(
    pool: BacktestPool,
    source: _Lines,
    end: int | None,
    console: Console,
    out: Path,
    profiles_out: Path | None,
    rejects_out: Path | None,
) -> tuple[ReadSummary, BacktestResult]:
    with (
        ExitStack() as files,
        Progress(
            TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), console=console
        ) as progress,
    ):
        lines, size, report = source
        reading = progress.add_task("reading events", total=size)
        read = pool.read(lines, lambda more: progress.advance(reading, more))
        add_report(read.tally, report)
        progress.update(reading, total=read.tally.events, completed=read.tally.events)
        rejects = files.enter_context(opened(rejects_out)) if rejects_out else None
        deciding = progress.add_task("deciding customers", total=read.customers)
        until = end if end is not None else read.last or 0
        decided = pool.decide(until, lambda more: progress.advance(deciding, more))
        progress.update(deciding, completed=read.customers)
        if rejects is not None:
            write_lines(rejects, [*(line for *_, line in read.refused), *(report.refused if report else ())])
            write_lines(rejects, (it.reject() for it in decided.refused))
        write_lines(files.enter_context(opened(out)), pool.transitions())
        if profiles_out:
            write_lines(files.enter_context(opened(profiles_out)), pool.profiles())
    return read, decided


def _lines(events: str, mapping: str | None) -> _Lines:
    if mapping is not None:
        mapped = mapped_file(events, mapping)
        return mapped.lines(), None, mapped.report
    if not is_own(events):
        return event_lines(events), None, None
    source = open_source(events)
    return ((number, it.value) for number, it in enumerate(source.events, start=1)), len(source.events), None


def _print_summary(console: Console, decided: BacktestResult, version: str, later: list[tuple[int, str]]) -> None:
    until = instant.to_text(decided.until)
    if not decided.stages:
        console.print(
            f"nothing had happened by {until}: every event lies later, so give a later --until", soft_wrap=True
        )
        return
    followed = "".join(f", and from {instant.to_text(at)} on under {it}" for at, it in later if at <= decided.until)
    beyond = f"; {decided.after:,} events lie later" if decided.after else ""
    console.print(f"decided until {until} under {version}{followed}{beyond}", soft_wrap=bool(followed))
    if decided.by_name:
        table = Table("transition", "count", box=None)
        for name, count in _by_count(decided.by_name):
            table.add_row(name, f"{count:,}")
        console.print(table)
    if decided.stages:
        console.print("customers: " + ", ".join(f"{count:,} {stage}" for stage, count in _by_count(decided.stages)))


def _see_all(rejects_out: Path | None, unknown_out: Path | None, duplicates_out: Path | None) -> SeeAll:
    def way(out: Path | None, option: str) -> str:
        return f"in {out}" if out else f"the same command with {option} FILE"

    return SeeAll(way(rejects_out, "--rejects"), way(unknown_out, "--unknown"), way(duplicates_out, "--duplicates"))


def _unknown_names(tally: Tally) -> Iterator[dict[str, str | int | None]]:
    for name, counted in most_first(tally.unknown):
        yield {"name": name, "count": counted.count, "line": counted.place, "nearest": nearest_name(name)}


def _by_count(counts: Counter[str]) -> list[tuple[str, int]]:
    return sorted(counts.items(), key=lambda counted: (-counted[1], counted[0]))
