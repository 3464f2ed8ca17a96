"""``lifestage simulate``: write the events of a simulated business to a file."""

import gzip
from collections.abc import Iterable
from pathlib import Path
from typing import BinaryIO, cast

import click

from streams.cli.instant import INSTANT
from streams.sources import simulated
from streams.sources.simulation.businesses import BUSINESSES, SHOP
from streams.sources.source import SourceEvent


@click.command("simulate")
@click.option("--customers", type=click.IntRange(min=1), default=500, show_default=True)
@click.option("--business", type=click.Choice(list(BUSINESSES)), default=SHOP, show_default=True)
@click.option("--days", type=click.IntRange(min=1), help="By default a year, or what one must look at: cars ten.")
@click.option("--seed", type=int, default=1, show_default=True, help="The same seed gives the same bytes.")
@click.option("--start", type=INSTANT, help="By default 2025, or what one must look at: cars since 2015.")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), required=True, help="FILE.jsonl[.gz]")
def command(customers: int, business: str, days: int | None, seed: int, start: int | None, out: Path) -> None:
    """Write the events of a simulated business, in the order of their time, one JSON object a line.

    Nobody in it is real: every event says "simulated": true, and every messageId begins with sim-.
    """
    events = simulated.events(customers, days, seed, start, business)
    with out.open("wb") as file:
        if out.suffix == ".gz":
            # Without the file's name and the time: the same seed gives the same bytes.
            with gzip.GzipFile(filename="", mode="wb", compresslevel=6, fileobj=file, mtime=0) as archive:
                _write(events, cast(BinaryIO, archive))
        else:
            _write(events, file)
    days = days or BUSINESSES[business].days
    click.echo(f"{len(events)} simulated events of {customers} customers in {days} days: {out}")


def _write(events: Iterable[SourceEvent], file: BinaryIO) -> None:
    file.writelines(event.value + b"\n" for event in events)
