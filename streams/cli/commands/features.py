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
from state.policy.compiled import CompiledPolicy
from state.rules.rulebook import Rulebook
from streams.cli.events_sample import sample_values
from streams.cli.failure import UnusableSourceError
from streams.cli.feature_rows import (
    CALLS,
    CALLS_HEAD,
    COSTS_HEAD,
    FIELDS_HEAD,
    HEAD,
    MEASURES_HEAD,
    Row,
    calls_of,
    costs_note,
    events_of,
    fields_of,
    measures_of,
    sections_of,
    unread_of,
)
from streams.cli.features_page import features_page
from streams.cli.policy_costs import Costs, costs_of, sample_of
from streams.policy_file import PolicyFileError, compile_file, shipped_policy
from streams.sources.source import SourceError
from streams.terminal_text import printable

_TABLE_WIDTH = 130  # on a narrower terminal every cell would be broken
_PIPE_WIDTH = 260  # where nothing has a width no line is broken, so that each can be searched for


@click.command("features")
@click.argument("policy", type=click.Path(path_type=Path), required=False)
@click.option("--json", "as_json", is_flag=True, help="As one JSON document, with all events and arguments.")
@click.option("--markdown", is_flag=True, help="As the page docs/features.md.")
@click.option(
    "--events", "sample", help="A sample of events: measure what each name costs on it, half a second a name."
)
def command(policy: Path | None, as_json: bool, markdown: bool, sample: str | None) -> None:
    """List what a condition may ask of a customer under POLICY, a file; without it, under the one that ships.

    Each has its type, unit and meaning, from which events it comes, how it changes by time alone, and whether the
    policy's conditions read it.
    With --events, a file of JSON lines or a JSON array, also what it costs: the bytes of a customer, and roughly the
    microseconds of an event, that it adds alone to a policy without rules.
    """
    if as_json and markdown:
        raise click.UsageError("--json and --markdown are two forms: give one of them")
    try:
        compiled = compile_file(policy)
    except PolicyFileError as error:
        click.echo(str(error), err=True)
        raise SystemExit(1) from None
    catalogue = published(compiled)
    costs = None if sample is None else _measured(compiled, policy or shipped_policy(), sample, unread_of(catalogue))
    if as_json:
        document = msgspec.to_builtins(catalogue)
        if costs is not None:
            document["costs"] = msgspec.to_builtins(costs)
        click.echo(orjson.dumps(document, option=orjson.OPT_INDENT_2))
    elif markdown:
        click.echo(features_page(catalogue, costs), nl=False)
    else:
        _print(catalogue, costs)


def _measured(compiled: CompiledPolicy, policy: Path, sample: str, more: list[str]) -> Costs:
    try:
        records = sample_of(sample_values(sample), Rulebook(compiled).intake)
    except SourceError as error:
        raise UnusableSourceError(str(error)) from None
    found = costs_of(policy.read_text("utf-8"), compiled, records, more)
    if found is None:
        raise UnusableSourceError(f"{sample} has no usable event, so that nothing can be measured")
    return found


def _print(catalogue: PublishedCatalogue, costs: Costs | None) -> None:
    console = Console()
    if not console.is_terminal:
        console = Console(width=_PIPE_WIDTH)
    is_narrow = console.width < _TABLE_WIDTH
    of_costs = () if costs is None else COSTS_HEAD
    head = HEAD + of_costs
    for title, rows in sections_of(catalogue, costs):
        if is_narrow:
            _print_table(console, title, head[:2], (_folded(head, row) for row in rows))
        else:
            _print_table(console, title, head, rows)
    if costs is not None and (calls := calls_of(catalogue, costs)):
        _print_table(console, CALLS, CALLS_HEAD, calls)
    if catalogue.measures:
        _print_table(console, "Measures of the policy", MEASURES_HEAD + of_costs, measures_of(catalogue, costs))
    _print_table(console, "Fields of an event, for `where`", FIELDS_HEAD, fields_of(catalogue))
    _print_table(console, "From which events", ("from", "events"), events_of(catalogue))
    if costs is not None:
        console.print(costs_note(costs), highlight=False, markup=False, soft_wrap=True)


def _folded(head: Row, row: Row) -> Row:
    name, meaning, *more = row
    told = "; ".join(f"{label}: {cell}" for label, cell in zip(head[2:], more, strict=True) if cell)
    return name, f"{meaning}\n{told}"


def _print_table(console: Console, title: str, head: Row, rows: Iterable[Row]) -> None:
    table = Table(title=title, title_justify="left", title_style="bold", box=None, pad_edge=False)
    for number, column in enumerate(head):
        table.add_column(column, no_wrap=not number)
    for row in rows:
        table.add_row(*(Text("\n".join(map(printable, cell.splitlines()))) for cell in row))
    console.print(table, highlight=False)
    console.print()
