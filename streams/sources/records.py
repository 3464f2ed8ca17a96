"""The records of a file: rows of CSV as lists, rows of Parquet and JSON values as objects, each with its number."""

from collections.abc import Callable, Iterator
from typing import Any

import orjson

from schemas.reject import RejectedError
from streams.mapping.shape import File
from streams.sources.content import Content, Kind
from streams.sources.csv_table import CsvTable
from streams.sources.json_document import elements
from streams.sources.parquet_table import ParquetTable

OnUnreadable = Callable[[int, bytes, RejectedError], None]
"""Called for what is no record: its number, its bytes, and why."""


class Records:
    """The records of one content. ``columns`` are those of a table; None for JSON.

    ``titles`` is how many lines of a table to skip, if the first look like titles above its header; else 0.

    ``as_objects``: rows of CSV become objects too.
    """

    def __init__(self, content: Content, file: File, *, as_objects: bool = False) -> None:
        self._content = content
        self._as_objects = as_objects
        self._table: CsvTable | ParquetTable | None = None
        if content.kind is Kind.TABLE:
            self._table = CsvTable(content, file)
        elif content.kind is Kind.PARQUET:
            self._table = ParquetTable(content)
        self.columns = None if self._table is None else self._table.columns
        self.titles = self._table.titles if isinstance(self._table, CsvTable) else 0
        self.are_lists = isinstance(self._table, CsvTable) and not as_objects

    def read(self, on_unreadable: OnUnreadable) -> Iterator[tuple[int, Any]]:
        """Yield each record with its number, which for text is the line at which it begins. Raises ``SourceError``."""
        if isinstance(self._table, CsvTable):
            yield from self._csv(self._table, on_unreadable)
        elif self._table is not None:
            yield from self._table.rows()
        else:
            yield from self._json(on_unreadable)

    def _csv(self, table: CsvTable, on_unreadable: OnUnreadable) -> Iterator[tuple[int, Any]]:
        columns = table.columns
        width, as_objects = len(columns), self._as_objects
        for number, row in table.rows():
            if len(row) > width:
                told = f"{len(row)} values stand below {width} columns: put texts with the delimiter in quotation marks"
                on_unreadable(number, orjson.dumps(row), RejectedError("invalid", told))
                continue
            yield number, dict(zip(columns, row, strict=True)) if as_objects else row

    def _json(self, on_unreadable: OnUnreadable) -> Iterator[tuple[int, Any]]:
        for number, line in enumerate(json_values(self._content), start=1):
            if not line.strip():
                continue
            try:
                record = orjson.loads(line)
            except orjson.JSONDecodeError as error:
                on_unreadable(number, line, RejectedError("not_json", f"{error}: mend the export"))
                continue
            if isinstance(record, dict):
                yield number, record
            else:
                on_unreadable(number, line, RejectedError("invalid", "this is no JSON object: send one object a line"))


def json_values(content: Content) -> Iterator[bytes]:
    """Yield the values of JSON lines, or the elements of a JSON document, as one line each."""
    return elements(content) if content.kind is Kind.DOCUMENT else content.lines()
