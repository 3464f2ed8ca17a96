"""Parquet, read in portions by pyarrow, which is an extra."""

from collections.abc import Iterator
from typing import Any

from streams.sources.content import Content
from streams.sources.source import SourceError

_ROWS = 10_000


class ParquetTable:
    """The rows of a Parquet file as objects; ``columns`` are the names of its schema."""

    def __init__(self, content: Content) -> None:
        try:
            from pyarrow import ArrowException, parquet  # noqa: PLC0415 an extra: absent on a server
        except ImportError:
            told = f"{content.name} is Parquet, and pyarrow is not installed"
            raise SourceError(f"{told}: install lifestage with its extra lifestage[parquet]") from None
        self._name, self._error = content.name, ArrowException
        if content.name == "-":
            raise SourceError("Parquet cannot be read from standard input: give the name of the file")
        try:
            self._file = parquet.ParquetFile(content.name)
        except (ArrowException, OSError) as error:
            raise SourceError(f"{content.name} cannot be read: {error}") from None
        self.columns: list[str] = list(self._file.schema_arrow.names)

    def rows(self, columns: list[str] | None = None) -> Iterator[tuple[int, dict[str, Any]]]:
        """Yield each row with its number (from 1), only with these columns. Raises ``SourceError``."""
        number = 0
        try:
            for batch in self._file.iter_batches(batch_size=_ROWS, columns=columns):
                for row in batch.to_pylist():
                    number += 1
                    yield number, row
        except (self._error, OSError) as error:
            raise SourceError(f"{self._name}: row {number + 1} cannot be read: {error}") from None
