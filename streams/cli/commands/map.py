"""``lifestage map``: how the records of a file become events, to try a mapping, and mappings to begin with."""

from collections.abc import Iterator
from errno import EPIPE
from itertools import islice
from pathlib import Path

import click

from streams.cli.failure import UnusableSourceError
from streams.cli.output import STANDARD_OUTPUT, opened, write_lines
from streams.mapping_file import shipped_mappings
from streams.sources import examples
from streams.sources.named import mapped_file
from streams.sources.source import SourceError
from streams.suggestion.suggest import suggest


@click.command("map")
@click.argument("file", required=False)
@click.option("--mapping", help="A TOML file, or the name of a mapping that ships.")
@click.option("--out", type=click.Path(path_type=Path), help="Where the events go (.jsonl, .jsonl.gz). Default: -.")
@click.option("--head", type=click.IntRange(min=1), help="Only the first so many events.")
@click.option("--suggest", "suggests", is_flag=True, help="Propose a mapping for FILE.")
@click.option("--print", "printed", metavar="NAME", help="Print a mapping that ships, to make your own of it.")
@click.option("--example", metavar="NAME", help="Write a made-up export of this shape into the folder --out.")
def command(
    file: str | None,
    *,
    mapping: str | None,
    out: Path | None,
    head: int | None,
    suggests: bool,
    printed: str | None,
    example: str | None,
) -> None:
    """Show the events that a mapping makes of FILE, one a line; or propose a mapping for it.

    \b
    lifestage map --suggest sales.csv > sales.toml
    lifestage map sales.csv --mapping sales.toml --head 5
    lifestage map --print shopify > mine.toml
    lifestage map --example shopify --out shopify/
    """  # noqa: D301 - click wants the character, not its escape
    try:
        if printed is not None:
            click.echo(_shipped(printed).read_text("utf-8"), nl=False)
        elif example is not None:
            click.echo(examples.write_example(_known(example), out or Path(example)))
        elif file is None:
            raise click.UsageError("name a FILE, or --print or --example with one of " + ", ".join(shipped_mappings()))
        elif suggests:
            text, complete = suggest(file)
            click.echo(text, nl=False)
            if not complete:
                raise UnusableSourceError(
                    f"the mapping for {file} is not complete, or makes no event: its first lines say why"
                )
        elif mapping is None:
            raise click.UsageError("give --mapping, or --suggest to have one proposed")
        else:
            _write_events(file, mapping, out, head)
    except SourceError as error:
        raise UnusableSourceError(str(error)) from None
    except OSError as error:
        if error.errno == EPIPE:
            raise  # the reader, such as head, has enough
        raise click.ClickException(f"{error.filename} cannot be written: {error.strerror}") from None


def _write_events(file: str, mapping: str, out: Path | None, head: int | None) -> None:
    mapped = mapped_file(file, mapping)
    lines: Iterator[bytes] = (line for _, line in mapped.lines())
    with opened(out or STANDARD_OUTPUT) as target:
        write_lines(target, lines if head is None else islice(lines, head))
    if head is not None:
        return  # the rest was not read: there is nothing to count
    click.echo(mapped.report.told(), err=True)
    for reason, count in mapped.report.rejects.most_common():
        click.echo(f"  {reason} {count:,}: {mapped.report.first[reason][1]}", err=True)
    if not mapped.report.made:
        raise UnusableSourceError(f"the mapping makes no event of {file}: look at its conditions and columns")


def _shipped(name: str) -> Path:
    return shipped_mappings()[_known(name)]


def _known(name: str) -> str:
    if name not in shipped_mappings():
        raise click.UsageError(f"there is no mapping {name!r}: those that ship are {', '.join(shipped_mappings())}")
    return name
