"""CSV as it comes: delimiter, quoting, encoding and header are found out, unless a mapping says them."""

import csv
from collections.abc import Iterator
from itertools import chain, islice
from typing import TextIO

from streams.mapping.shape import File
from streams.sources.content import Content
from streams.sources.source import SourceError

_DELIMITERS = (",", ";", "\t", "|")
_SAMPLE_LINES = 20
_MAX_FIELD = 1_048_576

Row = list[str]


class CsvTable:
    """The rows of a CSV file. ``columns`` are the names in its header; ``delimiter`` and ``encoding`` as found.

    ``titles`` is how many lines of the file to skip, if the first look like titles above the header; else 0.
    """

    def __init__(self, content: Content, file: File) -> None:
        csv.field_size_limit(_MAX_FIELD)
        self._name = content.name
        try:
            self._text = content.text(file.encoding)
        except LookupError:
            raise SourceError(f'there is no encoding {file.encoding!r}: write it as in "cp1252" or "utf-8"') from None
        self._first_line = 1 + _skip(self._text, file.skip_lines)
        sample = list(islice(self._text, _SAMPLE_LINES))
        if sample and sample[0].lower().startswith("sep=") and len(sample[0].strip()) == 5:
            self.delimiter = sample.pop(0)[4]  # as Excel writes it
            self._first_line += 1
        else:
            self.delimiter = file.delimiter or _delimiter(sample, file.quote)
        while sample and not sample[0].strip():
            del sample[0]
            self._first_line += 1
        above = 0 if file.header else _titles(sample, self.delimiter, file.quote)
        self.titles = self._first_line - 1 + above if above else 0
        self._reader = csv.reader(
            chain(sample, self._text),
            delimiter=self.delimiter,
            quotechar=file.quote or None,
            quoting=csv.QUOTE_MINIMAL if file.quote else csv.QUOTE_NONE,
        )
        self._lines_before = self._first_line - 1
        self.columns = list(file.header) or [name.strip() for name in self._next() or []]
        if not any(self.columns):
            raise SourceError(f"{self._name} is empty: it has no header")

    def rows(self) -> Iterator[tuple[int, Row]]:
        """Yield each row with the line (from 1) at which it begins; blank ones are left out.

        A row that is shorter than the header is filled up with empty texts. One that is longer stays so. Raises
        ``SourceError`` for what cannot be read on.
        """
        width, reader = len(self.columns), self._reader
        while True:
            number = self._lines_before + reader.line_num + 1
            row = self._next()
            if row is None:
                return
            if not row or not (row[0] or any(row)):
                continue
            if len(row) != width:
                if len(row) < width:
                    row += [""] * (width - len(row))
                elif not any(row[width:]):
                    del row[width:]
            yield number, row

    def _next(self) -> Row | None:
        try:
            return next(self._reader, None)
        except csv.Error as error:
            line = self._lines_before + self._reader.line_num
            told = "a quotation mark is opened and not closed" if "limit" in str(error) else str(error)
            raise SourceError(f"{self._name}:{line}: {told}: mend the export") from None


def _skip(text: TextIO, lines: int) -> int:
    return sum(1 for _ in islice(text, lines))


def _titles(sample: list[str], delimiter: str, quote: str) -> int:
    """Return the number of lines above the first row that has more than half as many values as the fullest one."""
    reader = csv.reader(sample, delimiter=delimiter, quotechar=quote or None)
    try:
        filled = [(reader.line_num - 1, sum(1 for value in row if value.strip())) for row in reader]
    except csv.Error:
        return 0
    fullest = max((count for _, count in filled), default=0)
    return next((line for line, count in filled if count * 2 > fullest), 0) if fullest > 1 else 0


def _delimiter(sample: list[str], quote: str) -> str:
    """Return the delimiter that cuts the header into most columns, and the next rows into as many."""
    first = next((place for place, line in enumerate(sample) if any(mark in line for mark in _DELIMITERS)), 0)

    def fits(delimiter: str) -> tuple[bool, int]:
        try:
            rows = [row for row in csv.reader(sample[first:], delimiter=delimiter, quotechar=quote or None) if row]
        except csv.Error:
            return False, 0
        width = len(rows[0]) if rows else 0
        alike = sum(len(row) == width for row in rows[1:])
        return width > 1 and alike * 2 >= len(rows) - 1, width

    return max(_DELIMITERS, key=fits) if sample else ","
