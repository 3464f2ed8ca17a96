"""The sources by the names that users type."""

from streams.sources import cdnow, complete_journey, jsonl, simulated
from streams.sources.source import Source

NAMES = ("complete-journey", "cdnow", "simulated", "FILE.jsonl[.gz]", "-")
_DEFAULT_CUSTOMERS = 500


def open_source(name: str, *, limit: int | None = None, customers: int | None = None) -> Source:
    """Read a source by name, or a file of events; ``limit`` and ``customers`` keep only the first ones.

    ``simulated`` generates exactly ``customers`` customers (500 by default) over a year. Raises ``SourceError``.
    """
    if name == "simulated":
        events = simulated.events(customers=customers or _DEFAULT_CUSTOMERS)
        return Source(name, "simulated shop: nobody in it is real", events).first(limit)
    if name == "complete-journey":
        source = Source(name, "Complete Journey: a grocer's households, 2017", complete_journey.events())
    elif name == "cdnow":
        source = Source(name, "CDNOW: a CD shop's customers, 1997 and 1998", cdnow.events())
    else:
        source = Source(name, "standard input" if name == "-" else name, jsonl.events(name))
    return source.first(limit, customers)
