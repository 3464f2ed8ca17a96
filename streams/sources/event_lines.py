"""The events of a file that holds events already: JSON lines or a JSON array, each with its number."""

from collections.abc import Iterator
from itertools import chain, islice

import msgspec

from streams.mapping.columns import check_columns
from streams.mapping.shape import File
from streams.mapping.text import MappingError
from streams.mapping_file import load_mapping, shipped_mappings
from streams.sources.content import Content, Kind, open_content
from streams.sources.csv_table import CsvTable
from streams.sources.parquet_table import ParquetTable
from streams.sources.records import json_values
from streams.sources.source import SourceError

_SAMPLE = 100
_OF_EVENTS = frozenset(
    "type event timestamp originalTimestamp original_timestamp specversion payload batch op userId".split()
)
_read_object = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
_MAX_LISTED = 12


def event_lines(name: str) -> Iterator[tuple[int, bytes]]:
    """Yield each line without its end, or each element of an array, with its number (from 1).

    Raises ``SourceError`` for a file that cannot be read, and for one that as a whole holds no events: a table, or
    objects of another shape.
    """
    with open_content(name) as content:
        if content.kind in (Kind.TABLE, Kind.PARQUET):
            raise SourceError(_told_of_table(content))
        lines = enumerate((line.rstrip(b"\r\n") for line in json_values(content)), start=1)
        sample = list(islice(lines, _SAMPLE))
        _check(name, [line for _, line in sample if line.strip()])
        yield from chain(sample, lines)


def _check(name: str, sample: list[bytes]) -> None:
    names: dict[str, None] = {}
    for line in sample:
        try:
            found = _read_object(line)
        except (msgspec.DecodeError, RecursionError):
            return  # it is told by itself, as a line that cannot be used
        if not _OF_EVENTS.isdisjoint(found) or not found:
            return
        names.update(dict.fromkeys(found))
    if sample:
        fields = list(names)
        raise SourceError(f"{name} holds JSON objects that are no events ({_listed(fields)}): {_mend(name, fields)}")


def _told_of_table(content: Content) -> str:
    kind = "CSV" if content.kind is Kind.TABLE else "Parquet"
    table = CsvTable(content, File()) if content.kind is Kind.TABLE else ParquetTable(content)
    return f"{content.name} is {kind} with the columns {_listed(table.columns)}: {_mend(content.name, table.columns)}"


def _mend(name: str, columns: list[str]) -> str:
    fitting = fitting_mappings(columns)
    known = f"give --mapping {fitting[0]}" if fitting else "give --mapping FILE.toml"
    return f"{known} (make run: MAPPING=), or let lifestage map --suggest {name} write one"


def fitting_mappings(columns: list[str]) -> list[str]:
    """Return the mappings that ship of which a file with these columns has all that they need."""
    return [it for it in shipped_mappings() if columns and _fits(it, columns)]


def _fits(mapping: str, columns: list[str]) -> bool:
    loaded = load_mapping(mapping)
    try:
        check_columns(loaded.shape, loaded.text, [*columns, *(it.into for it in loaded.shape.joins)], nested=True)
    except MappingError:
        return False
    return True


def _listed(names: list[str]) -> str:
    shown = ", ".join(names[:_MAX_LISTED])
    return f"{shown} and {len(names) - _MAX_LISTED} more" if len(names) > _MAX_LISTED else shown
