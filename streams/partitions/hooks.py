"""Where others take part in what the transport does, without being able to hold it up."""

import logging
from collections.abc import Callable, Mapping, MutableMapping
from dataclasses import dataclass

from agents.batch import Batch, Marker, Outcome
from agents.commit import Tracker

logger = logging.getLogger(__name__)

TrackerFactory = Callable[[int, MutableMapping[bytes, bytes]], Tracker]
"""Makes the tracker of a partition, given where its snapshots are to be kept."""


def _ignore(*_given: object) -> None:
    """Take no part."""


@dataclass(frozen=True, slots=True)
class Committed:
    """A batch that is committed and published to memory: its outcome, the position it reached, and how long it took."""

    batch: Batch
    outcome: Outcome
    position: Marker
    seconds: float


@dataclass(frozen=True, slots=True)
class Hooks:
    """Called in the worker's event loop; each must return at once, and what it raises is only logged.

    ``after_commit`` gets every batch, in order, once it is committed and published to memory. ``on_opened`` gets the
    position and the snapshots of a partition that this worker was given or has opened again, ``on_closed`` tells
    that a partition has left.
    """

    after_commit: Callable[[Committed], None] = _ignore
    on_opened: Callable[[int, Marker, Mapping[bytes, bytes]], None] = _ignore
    on_closed: Callable[[int], None] = _ignore


def call(hook: Callable[..., None], *given: object) -> None:
    """Call a hook, whatever it raises."""
    try:
        hook(*given)
    except Exception:
        logger.exception("a hook failed; the stream goes on")
