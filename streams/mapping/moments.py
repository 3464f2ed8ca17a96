"""Instants as exports write them: ISO 8601 and epoch times, or the formats that a mapping names, in its zone."""

import re
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Raw

from schemas.instant import EARLIEST, LATEST, from_datetime
from schemas.reject import RejectedError
from schemas.timestamps import happened
from streams.mapping.amounts import shown

_MAX_KNOWN = 65_536
_SLASHED = re.compile(r"[0-9]{1,4}[/.-][0-9]{1,2}[/.-][0-9]{1,4}\b.*", re.DOTALL)
_DIRECTIVES = {
    "Y": "([0-9]{4})",
    "y": "([0-9]{2})",
    "m": "([0-9]{1,2})",
    "d": "([0-9]{1,2})",
    "H": "([0-9]{1,2})",
    "M": "([0-9]{1,2})",
    "S": "([0-9]{1,2})",
    "f": "([0-9]{1,6})",
}
_Parser = Callable[[str], datetime]


def moment_reader(formats: Sequence[str], zone: str) -> Callable[[Any], int | None]:
    """Return a function that reads the instant (ms since 1970) of a value, None for an empty one.

    ``formats`` are those of ``strptime``; without any, ISO 8601 and epoch times. A time without a zone is meant in
    ``zone``. The function raises ``RejectedError``.
    """
    parsers = [_parser(it) for it in formats]
    place = ZoneInfo(zone) if zone else None
    known: dict[Any, int | None] = {}

    def read(value: Any) -> int | None:
        if isinstance(value, list | dict):
            raise RejectedError("bad_timestamp", f"{shown(value)} is no time: name the path of a text or a number")
        found = known.get(value, -1)  # lines of one order, and events of one minute, share a text
        if found == -1:
            found = _instant(value, parsers, formats, place)
            if len(known) >= _MAX_KNOWN:
                known.clear()
            known[value] = found
        return found

    return read


def problem_of(format_text: str) -> str | None:
    """Return what is wrong with a format, or None."""
    try:
        parsed = _parser(format_text)(datetime(2025, 12, 30, 10, 20, 30, tzinfo=UTC).strftime(format_text))
    except ValueError:
        return f"`{format_text}` is no format of a time"
    whole = (parsed.year, parsed.month, parsed.day) == (2025, 12, 30)
    return None if whole else f"`{format_text}` names no full date"


def _instant(value: Any, parsers: Sequence[_Parser], formats: Sequence[str], place: tzinfo | None) -> int | None:
    if value is None:
        return None
    if isinstance(value, datetime):
        moment: datetime | None = value
    elif isinstance(value, date):
        moment = datetime(value.year, value.month, value.day)  # noqa: DTZ001 its zone is the mapping's
    elif isinstance(value, str):
        text = value.strip()
        if not text:
            return None
        moment = _by_formats(text, parsers, formats) if parsers else _iso(text)
    else:
        moment = None
    if moment is None:
        moment = happened({"timestamp": Raw(msgspec.json.encode(value))})
    if moment.tzinfo is None:
        if place is None:
            raise RejectedError("bad_timestamp", f'{shown(value)} names no zone: write zone = "..." into the mapping')
        moment = moment.replace(tzinfo=place)
    instant = from_datetime(moment)
    if not EARLIEST <= instant < LATEST:
        raise RejectedError("bad_timestamp", f"{shown(value)} lies outside the years 1970 to 2199")
    return instant


def _by_formats(text: str, parsers: Sequence[_Parser], formats: Sequence[str]) -> datetime:
    for parser in parsers:
        try:
            return parser(text)
        except ValueError:
            continue
    raise RejectedError("bad_timestamp", f"{shown(text)} is not like {' or '.join(formats)}: add its form to formats")


def _iso(text: str) -> datetime | None:
    try:
        return None if text.isdigit() else datetime.fromisoformat(text)
    except ValueError:
        pass
    if _SLASHED.fullmatch(text) and text[4:5] != "-":
        told = f"{shown(text)} could have its day or its month first"
        raise RejectedError("bad_timestamp", f'{told}: write formats = ["%d/%m/%Y %H:%M"] or its like into the mapping')
    return None  # read as the timestamp of any event is


def _parser(format_text: str) -> _Parser:
    names = re.findall("%(.)", format_text)
    if not names or len(set(names)) < len(names) or any(name not in _DIRECTIVES for name in names):
        return lambda text: datetime.strptime(text, format_text)  # noqa: DTZ007 its zone is the mapping's
    pattern = re.compile(re.sub("%(.)", lambda it: _DIRECTIVES[it[1]], re.escape(format_text).replace("\\%", "%")))

    def parse(text: str) -> datetime:
        match = pattern.fullmatch(text)
        if match is None:
            raise ValueError(text)
        part = dict(zip(names, match.groups(), strict=True))
        year = int(part["Y"]) if "Y" in part else _century(int(part["y"])) if "y" in part else 1900
        clock = timedelta(hours=int(part.get("H", 0)), minutes=int(part.get("M", 0)), seconds=int(part.get("S", 0)))
        if clock >= timedelta(days=1) or int(part.get("M", 0)) > 59 or int(part.get("S", 0)) > 60:
            raise ValueError(text)
        fraction = timedelta(microseconds=int(part.get("f", "0").ljust(6, "0")))
        return datetime(year, int(part.get("m", 1)), int(part.get("d", 1))) + clock + fraction  # noqa: DTZ001

    return parse


def _century(year: int) -> int:
    return year + (2000 if year < 69 else 1900)  # as POSIX has it
