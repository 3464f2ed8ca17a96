"""``lifestage replay``: produce a source's events into the input topics."""

import asyncio

import click
from aiokafka.errors import KafkaError
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as ProgressBar

from schemas.instant import to_text
from streams.cli.failure import UnusableSourceError, settings_or_fail
from streams.cli.instant import INSTANT
from streams.cli.rate import RATE
from streams.environment import SettingsError
from streams.policies.in_force import rules_in_force
from streams.policy_file import PolicyFileError
from streams.replay.rate_limit import RateLimit
from streams.replay.replay import Progress, replay
from streams.settings import Settings
from streams.sources.named import is_own, open_source
from streams.sources.source import Source, SourceError
from streams.tally.mapped import add_report
from streams.tally.reading import tally_of
from streams.tally.sentence import nothing_usable
from streams.tally.table import BACKTEST, print_tally

_SENT = BACKTEST._replace(rejects="lifestage rejects, which lists what the worker rejects, late events too")


@click.command("replay")
@click.argument("source", metavar="SOURCE")
@click.option("--mapping", help="How to read a file of another shape: a TOML file, or one that ships (shopify).")
@click.option("--rate", type=RATE, help="At most so many events a second, e.g. 500/s.")
@click.option("--speed", type=click.FloatRange(min=0, min_open=True), help="So many times faster than life.")
@click.option("--end", type=INSTANT, help="Leave out what is later, and let time pass up to here.")
@click.option("--limit", type=click.IntRange(min=1), help="Only the first so many events.")
@click.option("--customers", type=click.IntRange(min=1), help="Only the first so many customers.")
def command(
    source: str,
    *,
    mapping: str | None,
    rate: float | None,
    speed: float | None,
    end: int | None,
    limit: int | None,
    customers: int | None,
) -> None:
    """Replay SOURCE into the input topics: complete-journey, cdnow, simulated (or simulated-grocery and the like), a
    file, or - for standard input.

    As fast as it goes, unless an option sets a speed. The broker and the topics are those of the LIFESTAGE_ settings. A
    replay that was interrupted goes on where it stopped when it is started again. A file of which nothing can be used
    under the policy that was published last is not sent, and the status is 2.
    """
    if rate is not None and speed is not None:
        raise click.UsageError("--rate and --speed exclude each other")
    try:
        settings = settings_or_fail()
        if settings.subject == "account":
            fix = "replay where customers are decided, whose workers write the events of accounts"
            raise SettingsError(f"LIFESTAGE_SUBJECT is account: {fix}")
        with Console(stderr=True).status(f"reading {source}"):
            opened = open_source(source, mapping=mapping, limit=limit, customers=customers)
            tally = None
            if not is_own(source):
                tally = tally_of(opened, asyncio.run(rules_in_force(settings)).intake)
                add_report(tally, opened.report)
        if opened.report is not None:
            click.echo(opened.report.told(), err=True)
        if tally is not None and not tally.usable and (opened.events or end is None):
            print_tally(Console(stderr=True), tally, BACKTEST, decided=False)
            raise UnusableSourceError(nothing_usable(tally, source, opened.report))
        done = asyncio.run(_replay_with_bar(opened, settings, end, RateLimit(rate, speed)))
    except SourceError as error:
        raise UnusableSourceError(str(error)) from None
    except (SettingsError, PolicyFileError) as error:
        raise click.ClickException(str(error)) from None
    except KafkaError as error:
        raise click.ClickException(
            f"replaying to {settings.broker} failed: {error!r}; start it again to go on"
        ) from None
    skipped = f", {done.skipped:,} were there already" if done.skipped else ""
    click.echo(f"{done.sent:,} events{skipped}; the clock stands at {to_text(done.instant)}", err=True)
    if tally is not None:
        print_tally(Console(stderr=True), tally, _SENT, decided=False)


async def _replay_with_bar(source: Source, settings: Settings, end: int | None, limit: RateLimit) -> Progress:
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[rate]}/s")
    with ProgressBar(*columns, TimeElapsedColumn(), console=Console(stderr=True)) as bar:
        task = bar.add_task(source.title, total=len(source.events), rate="-")

        def show(progress: Progress) -> None:
            rate = f"{progress.sent / progress.seconds:,.0f}" if progress.seconds else "-"
            day = to_text(progress.instant)[:10]
            completed = progress.sent + progress.skipped
            bar.update(task, completed=completed, total=progress.total, rate=rate, description=f"{source.name} {day}")

        return await replay(source, settings, show, end, limit)
