"""How the instants of a column are written: found out by trying."""

from collections.abc import Callable, Iterator
from datetime import date, datetime
from itertools import product
from typing import Any, NamedTuple

from schemas.reject import RejectedError
from streams.mapping.moments import moment_reader
from streams.suggestion.column import Column

_DAY_FIRST = ("%d/%m/%Y", "%d.%m.%Y", "%d-%m-%Y", "%d/%m/%y", "%d.%m.%y", "%d-%m-%y")
_MONTH_FIRST = ("%m/%d/%Y", "%m.%d.%Y", "%m-%d-%Y", "%m/%d/%y", "%m.%d.%y", "%m-%d-%y")
_CLEAR = (
    *("%Y/%m/%d", "%Y.%m.%d", "%Y%m%d", "%d %b %Y", "%d %B %Y", "%d-%b-%Y", "%d-%b-%y", "%d-%B-%Y", "%d/%b/%Y"),
    *("%b %d, %Y", "%B %d, %Y", "%b %d %Y", "%B %d %Y", "%a, %d %b %Y", "%a %b %d %Y"),
)
_CLOCKS = ("", " %H:%M", " %H:%M:%S", " %I:%M %p", " %I:%M:%S %p", ", %H:%M", ", %H:%M:%S", " %H:%M:%S.%f", "T%H:%M:%S")
_SAMPLE = 200


class WrittenInstants(NamedTuple):
    """The formats (none: ISO 8601, epoch), whether a zone is named, and whether day and month can be swapped."""

    formats: tuple[str, ...]
    names_zone: bool
    is_ambiguous: bool = False


def written_instants(column: Column) -> WrittenInstants | None:
    """Return how a column's instants are written; None if its values are no instants."""
    sample = Column(column.name, dict(enumerate(column.values[:_SAMPLE])), len(column.values))
    if sample.values and all(isinstance(value, date) for value in sample.values):
        return WrittenInstants((), all(isinstance(it, datetime) and it.tzinfo is not None for it in sample.values))
    if sample.mostly(_reads((), "UTC")):
        return WrittenInstants((), sample.mostly(_reads((), "")))
    clear = next(_formats(sample, _CLEAR), None)
    if clear is not None:
        return WrittenInstants(clear, False)
    days, months = next(_formats(sample, _DAY_FIRST), None), next(_formats(sample, _MONTH_FIRST), None)
    if days is not None and months is not None:
        twelve_hours = any("%I" in it for it in months)  # written so where the month comes first
        return WrittenInstants(months if twelve_hours else days, False, is_ambiguous=True)
    found = days or months
    return None if found is None else WrittenInstants(found, False)


def _formats(sample: Column, dates: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    """Yield the formats with which nearly all values can be read, for each way to write a date."""
    first = str(sample.values[0]).strip() if sample.values else ""
    for day in dates:
        if not any(_reads((day + clock,), "UTC")(first) for clock in _CLOCKS):
            continue
        used = [it for it in map("".join, product((day,), _CLOCKS)) if any(map(_reads((it,), "UTC"), sample.values))]
        if used and sample.mostly(_reads(tuple(used), "UTC")):
            yield tuple(used)


def _reads(formats: tuple[str, ...], zone: str) -> Callable[[Any], bool]:
    read = moment_reader(formats, zone)

    def reads(value: Any) -> bool:
        try:
            return read(value) is not None
        except RejectedError:
            return False

    return reads
