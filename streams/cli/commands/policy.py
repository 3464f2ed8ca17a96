"""``lifestage policy``: look at a policy before it decides about customers, and put it in force."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from zoneinfo import available_timezones

import click
import msgspec
from rich.console import Console

from agents.batch import Record
from schemas.instant import to_text
from schemas.money import CURRENCIES
from state.policy.compiled import CompiledPolicy
from state.policy.generated import generated_code
from state.policy.summary import summarize
from state.rules.rulebook import Rulebook
from streams.cli.events_sample import EventsSample, sample_values
from streams.cli.failure import UnreachableError, UnusableSourceError, settings_or_fail
from streams.cli.instant import INSTANT
from streams.cli.policy_costs import Costs, costs_of, read_beside
from streams.cli.published_policies import table_of, workers_by_number
from streams.policies.publishing import NotPublishedError, next_one, publish
from streams.policies.reading import read_policies
from streams.policy_file import PolicyFileError, compile_file, shipped_policy, shipped_text
from streams.sources.source import SourceError
from streams.terminal_text import printable
from streams.topic_reader import TopicUnreadableError


@click.group("policy")
def command() -> None:
    """Look at a policy before it decides about customers, and put it in force."""


@command.command("check")
@click.argument("file", type=click.Path(path_type=Path), required=False)
@click.option("--code", is_flag=True, help="Print the code that its rules become instead.")
@click.option("--events", "sample", help="A sample of events: tell which names of the policy it does not have.")
@click.option("--costs", is_flag=True, help="Measure on it what each name costs: half a second a name.")
@click.option("--json", "as_json", is_flag=True, help="Print the costs alone, as JSON.")
def check(file: Path | None, code: bool, sample: str | None, costs: bool, as_json: bool) -> None:
    """Say what is wrong with the policy in FILE, or what it does, in words; without FILE, of the one that ships.

    With --events, a file of JSON lines or a JSON array, or simulated and the like, also the events, properties and
    traits that the policy names and that nothing in the sample has, with the nearest name there is.
    With --costs, also how many bytes of a customer, and roughly how many microseconds of an event, each of them takes.
    """
    if costs and sample is None:
        raise click.UsageError("--costs are measured on your events: give a sample of them with --events")
    if as_json and not costs:
        raise click.UsageError("--json prints costs: give --costs too")
    try:
        compiled = compile_file(file)
    except PolicyFileError as error:
        click.echo(str(error), err=True)
        raise SystemExit(1) from None
    if not as_json:
        click.echo(generated_code(compiled) if code else summarize(compiled))
    _warn(compiled, file or shipped_policy())
    if sample is not None:
        records = _check_names(compiled, file or shipped_policy(), sample)
        if costs:
            _print_costs(compiled, file or shipped_policy(), sample, records, as_json)


def _warn(compiled: CompiledPolicy, file: Path) -> None:
    for warning in compiled.warnings:
        click.echo(f"{file}:{warning.line}: warning: {warning.message}. {warning.fix}", err=True)


def _print_costs(compiled: CompiledPolicy, file: Path, sample: str, records: list[Record], as_json: bool) -> None:
    found = costs_of(file.read_text("utf-8"), compiled, records)
    if found is None:
        raise UnusableSourceError(f"{sample} has no usable event, so that nothing can be measured")
    if as_json:
        click.echo(msgspec.json.encode(found))
    else:
        click.echo("\n" + "\n".join(_cost_lines(found)))


def _cost_lines(costs: Costs) -> Iterator[str]:
    yield f"What it costs, measured on {costs.events:,} events of {costs.customers:,} customers"
    rows = [
        ("the whole policy", costs.whole, ""),
        ("without rules and measures", costs.without_rules, ""),
        *((name, it, "+") for name, it in costs.names.items()),
        *((f"{name} (measure)", it, "+") for name, it in costs.measures.items()),
        *((f"{name} (signal)", it, "+") for name, it in costs.signals.items()),
    ]
    width = max(len(name) for name, _, _ in rows)
    yield f"  {'':{width}}  bytes a customer  microseconds an event (rough)"
    for name, it, sign in rows:
        yield f"  {name:{width}}  {f'{sign}{it.bytes:,.1f}':>16}  {f'{sign}{it.microseconds:,.1f}':>21}"
    yield "  What has a + is added by that name alone. Together they take less: what they share is kept once."


def _check_names(compiled: CompiledPolicy, file: Path, sample: str) -> list[Record]:
    """Tell which names a sample lacks; return the records of it to measure costs on: a pipe is read but once."""
    intake = Rulebook(compiled).intake
    events, records = EventsSample(intake), list[Record]()
    try:
        events.read(read_beside(sample_values(sample), intake, records))
    except SourceError as error:
        raise UnusableSourceError(str(error)) from None
    if not events.names:
        why = f": {events.unusable:,} cannot be used, the first since {events.first_refused}" if events.unusable else ""
        raise UnusableSourceError(f"{sample} has no usable event{printable(why)}")
    for told in events.missing(compiled):
        click.echo(f"{file}: warning: {printable(told)}", err=True)
    unusable = f", and {events.unusable:,} that cannot be used" if events.unusable else ""
    click.echo(f"{sample}: {events.names.total():,} events of {len(events.names):,} names{unusable}", err=True)
    return records


@command.command("init")
@click.option("--currency", default="USD", show_default=True, help="What your orders are in.")
@click.option("--zone", default="UTC", show_default=True, help="Where your days begin, as in Europe/Berlin.")
def init(currency: str, zone: str) -> None:
    """Print the policy that ships, in another currency or zone, to make your own of it."""
    if currency.upper() not in CURRENCIES:
        raise click.UsageError(f"{currency!r} is no currency: write its three letters, as in EUR")
    if zone not in available_timezones():
        raise click.UsageError(f"{zone!r} is no time zone: write one as in Europe/Berlin")
    click.echo(shipped_text(currency.upper(), zone), nl=False)


@command.command("publish")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--at", type=INSTANT, help="When it takes effect, by the events' clock. Default: in ten seconds.")
@click.option("--silent", is_flag=True, help="Give customers their standing under it without telling of the changes.")
def publish_policy(file: Path, at: int | None, silent: bool) -> None:
    """Check the policy in FILE, and put it in force for all workers and servers at one instant.

    It gets the next number. What happened until the instant is decided under the policy before it, and is final. To
    go back, publish the former file again.
    """
    settings = settings_or_fail()
    try:
        compiled = compile_file(file)
    except PolicyFileError as error:
        click.echo(str(error), err=True)
        raise SystemExit(1) from None
    _warn(compiled, file)
    if compiled.policy.subject != settings.subject:
        raise click.ClickException(
            f"{file} decides {compiled.policy.subject}s, and LIFESTAGE_SUBJECT is {settings.subject!r}"
        )
    following = next_one(compiled, file.read_text("utf-8"), at, silent=silent, has_wall_clock=settings.clock == "wall")
    try:
        record = asyncio.run(publish(settings, following))
    except NotPublishedError as error:
        raise click.ClickException(str(error)) from None
    except TopicUnreadableError as error:
        raise UnreachableError(str(error)) from None
    if record is not None:
        when = f"at {to_text(record.effective_at)}" if record.number > 1 else "from the beginning"
        click.echo(f"published {record.version} as policy {record.number}, in force {when}")


@command.command("published")
def published() -> None:
    """Show the policies that were published, from which instant on each is in force, and which workers are at it."""
    settings = settings_or_fail()
    try:
        policies = asyncio.run(read_policies(settings))
    except TopicUnreadableError as error:
        raise UnreachableError(str(error)) from None
    if not policies.all:
        click.echo("no policy is published yet: the first worker publishes its own")
        return
    Console(highlight=False, markup=False).print(table_of(policies.all, asyncio.run(workers_by_number(settings))))
