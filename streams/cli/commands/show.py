"""``lifestage show``: one customer's profile in the mirror."""

import asyncio
import re
from collections.abc import Mapping

import click
import msgspec
from redis.exceptions import RedisError
from rich.console import Console
from rich.table import Table

from schemas.events import Trait
from schemas.profile import Figure, Profile, decode
from streams.cli.failure import UnreachableError, settings_or_fail
from streams.settings import Settings
from streams.sinks.redis import Keys, connect, described, read_profile
from streams.terminal_text import printable

_WINDOWED = re.compile(r"(.+)_(\d+)d$")


@click.command("show")
@click.argument("customer")
@click.option("--json", "as_json", is_flag=True, help="The profile as the mirror has it.")
def command(customer: str, as_json: bool) -> None:
    """Show CUSTOMER: stage, since when and why, steps of ladders, segments, figures, and what comes next.

    The figures are as of the customer's last change; the stage and the segments are always the present ones.
    """
    settings = settings_or_fail()
    if not settings.redis_url:
        raise UnreachableError(
            "LIFESTAGE_REDIS_URL is empty, so there is no mirror: set it to redis://host:port/number"
        )
    where = described(settings.redis_url)
    try:
        found = asyncio.run(_read(settings, customer))
    except ValueError as error:
        raise UnreachableError(f"LIFESTAGE_REDIS_URL cannot be used ({where}): {error}") from None
    except (RedisError, OSError) as error:
        raise UnreachableError(f"Redis at {where} does not answer: {error}") from None
    if found is None:
        raise click.ClickException(
            f"no customer {printable(customer)!r} in the mirror at {where} under {Keys.of(settings).prefix!r}: "
            "no event of theirs was processed, or the worker has not written them yet"
        )
    if as_json:
        click.echo(found)
        return
    try:
        profile = decode(found)
    except msgspec.DecodeError as error:
        raise click.ClickException(
            f"the mirror at {where} has a profile of {printable(customer)!r} that this version cannot read "
            f"({printable(str(error))}): a worker of another version wrote it. A worker of this one writes it anew "
            f"with the customer's next change, and all of them once the keys {Keys.of(settings).prefix}* are deleted; "
            "--json shows it as it is"
        ) from None
    _print_profile(profile)


async def _read(settings: Settings, customer: str) -> bytes | None:
    redis = connect(settings.redis_url)
    try:
        return await read_profile(redis, Keys.of(settings), customer)
    finally:
        await redis.aclose()


def _print_profile(profile: Profile) -> None:
    console = Console(highlight=False, markup=False)
    console.print(printable(profile.user_id), style="bold")
    because = f": {printable(profile.why)}" if profile.why else ""
    console.print(f"  {profile.stage} since {profile.since}{because}")
    if profile.cause:
        console.print(f"  caused by {printable(profile.cause)}")
    if profile.previous_stage is not None:
        console.print(f"  before that {profile.previous_stage} since {profile.previous_since}")
    if profile.next_transition is None:
        console.print("  next: nothing, unless something happens")
    else:
        console.print(f"  next: {profile.next_transition} on {profile.next_at}, unless something happens")
    for ladder, on in profile.steps.items():
        console.print(f"  {printable(ladder)}: {printable(on.name)} ({printable(on.step)}) since {on.since}")
    for key, since in profile.segments.items():
        console.print(f"  in segment {printable(key)} since {since}")
    if profile.holdout is not None:
        console.print(f"  {'held out' if profile.holdout else 'not held out'}")
    console.print(f"  as of {profile.as_of}, policy {profile.policy_version}, transition {profile.seq}")
    by_days = {name: value for name, value in profile.windows.items() if _WINDOWED.match(name)}
    console.print(_windows_table(by_days))
    if calls := {name: value for name, value in profile.windows.items() if name not in by_days}:
        console.print(_pairs_table("in a window", calls))
    if profile.measures:
        console.print(_pairs_table("measure", profile.measures))
    console.print(_pairs_table("figure", {name: value for name, value in profile.figures.items() if value is not None}))
    if profile.traits:
        console.print(_pairs_table("trait", profile.traits))


def _windows_table(windows: dict[str, Figure]) -> Table:
    rows: dict[str, dict[int, Figure]] = {}
    for name, value in windows.items():
        if (windowed := _WINDOWED.match(name)) is not None:
            rows.setdefault(windowed[1], {})[int(windowed[2])] = value
    spans = sorted({span for row in rows.values() for span in row})
    table = Table(box=None, pad_edge=False)
    table.add_column("in the last")
    for span in spans:
        table.add_column(f"{span} days", justify="right")
    for name, row in rows.items():
        if any(row.values()):
            table.add_row(name, *(_text(row.get(span)) for span in spans))
    return table


def _pairs_table(title: str, values: Mapping[str, Figure | Trait]) -> Table:
    table = Table(box=None, pad_edge=False)
    table.add_column(title, overflow="fold")
    table.add_column("", overflow="fold")
    for name, value in values.items():
        table.add_row(printable(name), _text(value))
    return table


def _text(value: Figure | Trait) -> str:
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, dict):
        value = tuple(tag if until is None else f"{tag} until {until}" for tag, until in value.items())
    if isinstance(value, tuple):
        return printable(", ".join(value)) or "none"
    return f"{value:,.2f}" if isinstance(value, float) else printable(str(value))
