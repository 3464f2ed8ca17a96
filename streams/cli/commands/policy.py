"""``lifestage policy``: look at a policy before it decides about customers."""

from pathlib import Path
from zoneinfo import available_timezones

import click

from schemas.money import CURRENCIES
from state.policy.generated import generated_code
from state.policy.summary import summarize
from streams.policy_file import PolicyFileError, compile_file, shipped_policy, shipped_text


@click.group("policy")
def command() -> None:
    """Look at a policy before it decides about customers."""


@command.command("check")
@click.argument("file", type=click.Path(path_type=Path), required=False)
@click.option("--code", is_flag=True, help="Print the code that its rules become instead.")
def check(file: Path | None, code: bool) -> None:
    """Say what is wrong with the policy in FILE, or what it does, in words; without FILE, of the one that ships."""
    try:
        compiled = compile_file(file)
    except PolicyFileError as error:
        click.echo(str(error), err=True)
        raise SystemExit(1) from None
    click.echo(generated_code(compiled) if code else summarize(compiled))
    for warning in compiled.warnings:
        click.echo(f"{file or shipped_policy()}:{warning.line}: warning: {warning.message}. {warning.fix}", err=True)


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
