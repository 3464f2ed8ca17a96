"""``lifestage policy``: look at a policy before it decides about customers."""

from pathlib import Path
from zoneinfo import available_timezones

import click

from schemas.money import CURRENCIES
from state.policy.compiled import CompiledPolicy
from state.policy.generated import generated_code
from state.policy.summary import summarize
from state.rules.rulebook import Rulebook
from streams.cli.events_sample import EventsSample
from streams.cli.failure import UnusableSourceError
from streams.policy_file import PolicyFileError, compile_file, shipped_policy, shipped_text
from streams.sources.event_lines import event_lines
from streams.sources.source import SourceError
from streams.terminal_text import printable


@click.group("policy")
def command() -> None:
    """Look at a policy before it decides about customers."""


@command.command("check")
@click.argument("file", type=click.Path(path_type=Path), required=False)
@click.option("--code", is_flag=True, help="Print the code that its rules become instead.")
@click.option("--events", "sample", help="A sample of events: tell which names of the policy it does not have.")
def check(file: Path | None, code: bool, sample: str | None) -> None:
    """Say what is wrong with the policy in FILE, or what it does, in words; without FILE, of the one that ships.

    With --events, a file of JSON lines or a JSON array, also the events, properties and traits that the policy names
    and that nothing in the sample has, with the nearest name there is.
    """
    try:
        compiled = compile_file(file)
    except PolicyFileError as error:
        click.echo(str(error), err=True)
        raise SystemExit(1) from None
    click.echo(generated_code(compiled) if code else summarize(compiled))
    for warning in compiled.warnings:
        click.echo(f"{file or shipped_policy()}:{warning.line}: warning: {warning.message}. {warning.fix}", err=True)
    if sample is not None:
        _check_names(compiled, file or shipped_policy(), sample)


def _check_names(compiled: CompiledPolicy, file: Path, sample: str) -> None:
    events = EventsSample(Rulebook(compiled).intake)
    try:
        events.read(value for _, value in event_lines(sample))
    except SourceError as error:
        raise UnusableSourceError(str(error)) from None
    for told in events.missing(compiled):
        click.echo(f"{file}: warning: {printable(told)}", err=True)
    unusable = f", and {events.unusable:,} that cannot be used" if events.unusable else ""
    click.echo(f"{sample}: {events.names.total():,} events of {len(events.names):,} names{unusable}", err=True)


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
