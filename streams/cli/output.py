"""Files that a command writes: tried before the work, opened when there is something to write."""

import gzip
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import click

STANDARD_OUTPUT = Path("-")


def check_outputs(*paths: Path | None) -> None:
    """Raise ``ClickException`` if one of these cannot be written. Files that are there stay as they are."""
    for path in paths:
        if path is None or path == STANDARD_OUTPUT:
            continue
        target = path.resolve()
        try:
            if target.is_file() or target.is_dir():
                target.open("ab").close()
            elif not target.exists():  # a pipe or a device is opened when it is written
                target.open("xb").close()
                target.unlink()
        except OSError as error:
            raise _failed(path, error) from None


@contextmanager
def opened(path: Path) -> Iterator[IO[bytes]]:
    """Open a file to be written for the length of the block. Raises ``ClickException``, also for a full disk."""
    if path == STANDARD_OUTPUT:
        yield click.get_binary_stream("stdout")  # it stays open
        return
    try:
        with gzip.open(path, "wb") if path.suffix == ".gz" else path.open("wb") as file:
            yield file  # type: ignore[misc]
    except BrokenPipeError:  # who reads has had enough: no mistake
        raise
    except OSError as error:
        raise _failed(path, error) from None


def write_lines(file: IO[bytes], lines: Iterable[bytes]) -> None:
    """Write lines."""
    for line in lines:
        file.write(line + b"\n")


def _failed(path: Path, error: OSError) -> click.ClickException:
    return click.ClickException(f"{path} cannot be written: {error.strerror}")
