"""A source: events as JSON bytes in the order of their event time, each with its input topic."""

import importlib.util
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import compress
from pathlib import Path
from typing import NamedTuple

from schemas.event_names import spelled
from schemas.event_types import BROWSING, EVENT_TYPES
from streams.sources.mapping_report import MappingReport


class SourceEvent(NamedTuple):
    """One event, ready to be produced.

    ``instant`` is its event time in ms since 1970; ``topic`` one of the four kinds of input, without prefix; ``key``
    the userId, None for an event without one. ``number`` is its line, or which event of a file it is.
    """

    instant: int
    topic: str
    key: bytes | None
    value: bytes
    number: int = 0


class SourceError(ValueError):
    """A source that cannot be read; the message says why, and how to fix it."""


@dataclass(frozen=True, slots=True)
class Source:
    """Events with the name of their source and a short ``title`` for people, and what a mapping made of it."""

    name: str
    title: str
    events: Sequence[SourceEvent]
    report: MappingReport | None = None

    def first(self, limit: int | None = None, customers: int | None = None) -> "Source":
        """Return a source of only the first ``customers`` that appear, cut after ``limit`` events."""
        events = self.events
        if customers is not None:
            kept = set(_first_keys(events, customers))
            events = list(compress(events, (event.key in kept for event in events)))
        return replace(self, events=events if limit is None else events[:limit])


def topic_of(kind: str, name: str) -> str:
    """Return the kind of input topic of an event, by its ``type`` and, for ``track``, its ``event``.

    An event of an unknown type goes to browsing.
    """
    event_type = EVENT_TYPES.get(name if kind == "track" else kind) or spelled(kind, name)
    return BROWSING if event_type is None else event_type.topic


def compact(value: bytes) -> bytes:
    """Return a copy that takes no more than it needs: what orjson returns keeps its whole buffer of kilobytes."""
    return bytes(memoryview(value))


def package_file(package: str, path: str, extra: str) -> Path:
    """Return the path of an installed package's data file, without importing the package. Raises ``SourceError``."""
    spec = importlib.util.find_spec(package)
    if spec is None or spec.origin is None:
        raise SourceError(f"{package} is not installed. Install lifestage with its extra: lifestage[{extra}]")
    return Path(spec.origin).parent / path


def _first_keys(events: Sequence[SourceEvent], count: int) -> list[bytes]:
    keys = dict.fromkeys(event.key for event in events)
    return [key for key in keys if key is not None][:count]
