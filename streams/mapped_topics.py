"""Mapped topics: further input topics, whose records have another shape, as a deployment names them in a file."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

_TopicName = Annotated[str, Meta(pattern="^[A-Za-z0-9._-]+$", max_length=249)]


class MappedTopicsError(ValueError):
    """A file of mapped topics that cannot be used; the message says what is wrong, and the fix."""


class _Source(msgspec.Struct, forbid_unknown_fields=True):
    topic: _TopicName
    mapping: str
    feeds: Literal["purchases", "browsing", "support", "profiles"] = "purchases"


class _File(msgspec.Struct, forbid_unknown_fields=True):
    sources: tuple[_Source, ...]


@dataclass(frozen=True, slots=True)
class MappedTopic:
    """An input topic with the file of the mapping that reads its records.

    ``feeds`` is the kind of its events, next to whose topic it stands when records of one instant are put in order.
    """

    topic: str
    mapping: Path
    feeds: str


def read_mapped_topics(path: Path) -> tuple[MappedTopic, ...]:
    """Read the ``[[sources]]`` of a TOML file; mappings lie relative to it. Raises ``MappedTopicsError``."""
    try:
        file = msgspec.toml.decode(path.read_bytes(), type=_File)
    except OSError as error:
        raise MappedTopicsError(f"{path} cannot be read: {error.strerror}") from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        fix = 'write [[sources]] with topic = "shop.orders", mapping = "FILE.toml" and feeds = "purchases"'
        raise MappedTopicsError(f"{path}: {error}; {fix}") from None
    names = [it.topic for it in file.sources]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise MappedTopicsError(f"{path} names {twice} twice: put both kinds of events into one mapping")
    return tuple(MappedTopic(it.topic, path.parent / it.mapping, it.feeds) for it in file.sources)
