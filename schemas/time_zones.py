"""Time zones: the names of the IANA database, as producers write them."""

from collections.abc import Mapping
from functools import cache
from zoneinfo import available_timezones

_NO_PLACES = frozenset(("localtime", "Factory"))
"""Names of what a machine is set to."""


def zone_named(written: str) -> str | None:
    """Return the name of a zone that is written in any case, with underscores or blanks; None if it is none."""
    return _zones().get(_folded(written))


def _folded(name: str) -> str:
    return name.strip().replace(" ", "_").casefold()


@cache
def _zones() -> Mapping[str, str]:
    return {_folded(name): name for name in available_timezones() - _NO_PLACES}
