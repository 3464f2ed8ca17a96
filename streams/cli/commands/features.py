"""``lifestage features``: what a condition may ask of a customer."""

from collections.abc import Iterable
from pathlib import Path

import click
import msgspec
import orjson
from rich.console import Console
from rich.table import Table
from rich.text import Text

from state.features.published import published
from state.features.published_shape import PublishedCatalogue
from streams.cli.feature_rows import (
    FIELDS_HEAD,
    HEAD,
    MEASURES_HEAD,
    Row,
    events_of,
    fields_of,
    measures_of,
    sections_of,
)
from streams.cli.features_page import features_page
from streams.policy_file import PolicyFileError, compile_file
from streams.terminal_text import printable

_TABLE_WIDTH = 130  # on a narrower terminal every cell would be broken
_PIPE_WIDTH = 260  # where nothing has a width no line is broken, so that each can be searched for


@click.command("features")
@click.argument("policy", type=click.Path(path_type=Path), required=False)
@click.option("--json", "as_json", is_flag=True, help="As one JSON document, with all events and arguments.")
@click.option("--markdown", is_flag=True, help="As the page docs/features.md.")
def command(policy: Path | None, as_json: bool, markdown: bool) -> None:
    """List what a condition may ask of a customer under POLICY, a file; without it, under the one that ships.

    Each has its type, unit and meaning, from which events it comes, how it changes by time alone, and whether the
    policy's conditions read it.
    """
    if as_json and markdown:
        raise click.UsageError("--json and --markdown are two forms: give one of them")
    try:
        catalogue = published(compile_file(policy))
    except PolicyFileError as error:
        click.echo(str(error), err=True)
        raise SystemExit(1) from None
    if as_json:
        click.echo(orjson.dumps(msgspec.to_builtins(catalogue), option=orjson.OPT_INDENT_2))
    elif markdown:
        click.echo(features_page(catalogue), nl=False)
    else:
        _print(catalogue)


def _print(catalogue: PublishedCatalogue) -> None:
    console = Console()
    if not console.is_terminal:
        console = Console(width=_PIPE_WIDTH)
    is_narrow = console.width < _TABLE_WIDTH
    for title, rows in sections_of(catalogue):
        if is_narrow:
            _print_table(console, title, HEAD[:2], map(_folded, rows))
        else:
            _print_table(console, title, HEAD, rows)
    if catalogue.measures:
        _print_table(console, "Measures of the policy", MEASURES_HEAD, measures_of(catalogue))
    _print_table(console, "Fields of an event, for `where`", FIELDS_HEAD, fields_of(catalogue))
    _print_table(console, "From which events", ("from", "events"), events_of(catalogue))


def _folded(row: Row) -> Row:
    name, meaning, *more = row
    told = "; ".join(f"{label}: {cell}" for label, cell in zip(HEAD[2:], more, strict=True) if cell)
    return name, f"{meaning}\n{told}"


def _print_table(console: Console, title: str, head: Row, rows: Iterable[Row]) -> None:
    table = Table(title=title, title_justify="left", title_style="bold", box=None, pad_edge=False)
    for number, column in enumerate(head):
        table.add_column(column, no_wrap=not number)
    for row in rows:
        table.add_row(*(Text("\n".join(map(printable, cell.splitlines()))) for cell in row))
    console.print(table, highlight=False)
    console.print()
