"""The sources by the names that users type."""

from datetime import UTC, datetime

from schemas.instant import from_datetime
from streams.mapping_file import MappingFileError, load_mapping
from streams.sources import cdnow, complete_journey, simulated
from streams.sources.event_lines import event_lines
from streams.sources.jsonl import from_lines
from streams.sources.mapped import MappedFile
from streams.sources.simulation.businesses import BUSINESSES, SHOP
from streams.sources.source import Source, SourceError, compact

_SIMULATED = {"simulated" if it == SHOP else f"simulated-{it}": it for it in BUSINESSES}
_OWN = ("complete-journey", "cdnow", *_SIMULATED)
_DEFAULT_CUSTOMERS = 500


def open_source(
    name: str, *, mapping: str | None = None, limit: int | None = None, customers: int | None = None
) -> Source:
    """Read a source by name, or a file of events; ``limit`` and ``customers`` keep only the first ones.

    A file of another shape is read by a ``mapping``: its path, or the name of one that ships.
    ``simulated``, a shop, and ``simulated-grocery`` and the like generate exactly ``customers`` customers (500 by
    default). Raises ``SourceError``.
    """
    if mapping is not None:
        return _mapped(name, mapping).first(limit, customers)
    if business := _SIMULATED.get(name):
        events = simulated.events(customers=customers or _DEFAULT_CUSTOMERS, business=business)
        return Source(name, f"{BUSINESSES[business].title}, simulated: nobody is real", events).first(limit)
    if name == "complete-journey":
        source = Source(name, "Complete Journey: a grocer's households, 2017", complete_journey.events())
    elif name == "cdnow":
        source = Source(name, "CDNOW: a CD shop's customers, 1997 and 1998", cdnow.events())
    else:
        source = Source(name, _title(name), from_lines((line for _, line in event_lines(name)), _now()))
    return source.first(limit, customers)


def mapped_file(name: str, mapping: str) -> MappedFile:
    """Return a file with its mapping, which is read only when it is asked for its events. Raises ``SourceError``."""
    if name in _OWN:
        raise SourceError(f"{name} needs no mapping: leave it out")
    try:
        return MappedFile(name, load_mapping(mapping))
    except MappingFileError as error:
        raise SourceError(str(error)) from None


def is_own(name: str) -> bool:
    """Tell whether a name is that of a source which lifestage brings, and not of a file."""
    return name in _OWN


def _mapped(name: str, mapping: str) -> Source:
    file = mapped_file(name, mapping)
    events = from_lines((compact(line) for _, line in file.lines()), _now())
    return Source(name, f"{_title(name)} by {mapping}", events, file.report)


def _title(name: str) -> str:
    return "standard input" if name == "-" else name


def _now() -> int:
    return from_datetime(datetime.now(UTC))
