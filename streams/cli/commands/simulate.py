"""``lifestage simulate``: write a simulated shop's events to a file."""

import gzip
from collections.abc import Iterable
from pathlib import Path
from typing import BinaryIO, cast

import click

from streams.cli.instant import INSTANT
from streams.sources import simulated
from streams.sources.source import SourceEvent


@click.command("simulate")
@click.option("--customers", type=click.IntRange(min=1), default=500, show_default=True)
@click.option("--days", type=click.IntRange(min=1), default=365, show_default=True)
@click.option("--seed", type=int, default=1, show_default=True, help="The same seed gives the same bytes.")
@click.option("--start", type=INSTANT, default="2025-01-01T00:00:00Z", show_default=True)
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), required=True, help="FILE.jsonl[.gz]")
def command(customers: int, days: int, seed: int, start: int, out: Path) -> None:
    """Write the events of a simulated shop, in the order of their time, one JSON object a line.

    Nobody in it is real: every event says "simulated": true, and every messageId begins with sim-.
    """
    events = simulated.events(customers, days, seed, start)
    with out.open("wb") as file:
        if out.suffix == ".gz":
            # Without the file's name and the time: the same seed gives the same bytes.
            with gzip.GzipFile(filename="", mode="wb", compresslevel=6, fileobj=file, mtime=0) as archive:
                _write(events, cast(BinaryIO, archive))
        else:
            _write(events, file)
    click.echo(f"{len(events)} simulated events of {customers} customers in {days} days: {out}")


def _write(events: Iterable[SourceEvent], file: BinaryIO) -> None:
    file.writelines(event.value + b"\n" for event in events)
