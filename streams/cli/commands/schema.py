"""``lifestage schema``: the messages' schemas, for those who produce and consume them."""

from pathlib import Path

import click

from streams.cli.schema_documents import write


@click.group("schema")
def command() -> None:
    """The schemas of what goes in and out."""


@command.command("export")
@click.argument("folder", type=click.Path(path_type=Path))
def export(folder: Path) -> None:
    """Write JSON Schemas and an AsyncAPI document into FOLDER."""
    try:
        for path in write(folder):
            click.echo(str(path))
    except OSError as error:
        raise click.ClickException(f"{folder} cannot be written: {error.strerror}") from None
