"""The policy for a mapped file where none is given: the one that ships, in the file's currency."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import click

from streams.mapping_file import MappingFileError, load_mapping
from streams.policy_file import shipped_currency, shipped_text


@contextmanager
def policy_for(policy: Path | None, mapping: str | None) -> Iterator[Path | None]:
    """Yield the path of the policy to use, for the length of the block; None: the one that ships.

    If no policy is given, and all amounts of a mapping are in one other currency, it is the one that ships, counting in
    that currency, and a line says so. Nothing could be used otherwise.
    """
    currency = _currency(mapping) if policy is None and mapping is not None else None
    if currency is None or currency == shipped_currency():
        yield policy
        return
    with TemporaryDirectory(prefix="lifestage-") as folder:
        path = Path(folder) / "policy.toml"
        path.write_text(shipped_text(currency, "UTC"), "utf-8")
        told = f"no policy is given: the one that ships counts in {currency} here, the currency of {mapping}"
        click.echo(f"{told} (lifestage policy init --currency {currency} prints it)", err=True)
        yield path


def _currency(mapping: str) -> str | None:
    try:
        return load_mapping(mapping).currency
    except MappingFileError:
        return None  # told when the file is read
