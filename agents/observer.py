"""The observer port: what a worker does with its partition groups is shown to observers, which decide nothing."""

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from agents.batch import Batch, Outcome, Position
from state.rules.rulebook import Rulebook
from state.timeline.timeline import Timeline

logger = logging.getLogger(__name__)


class Customers(Protocol):
    """The customers of one partition group as of its last commit, for reading."""

    @property
    def stages(self) -> Mapping[str, int]:
        """How many customers are in each lifecycle stage."""

    def keys(self) -> Iterable[bytes]:
        """Return the key of every customer."""

    def snapshot(self, key: bytes) -> bytes | None:
        """Return the snapshot of one customer, None if there is none."""

    def timeline(self, key: bytes) -> Timeline | None:
        """Return one customer, None if there is none. May raise ``ValueError`` for bytes that cannot be read."""

    def rules_of(self, key: bytes) -> Rulebook:
        """Return the rules by which a customer was decided last."""


@dataclass(frozen=True, slots=True)
class Committed:
    """A batch that is committed and applied to memory: its outcome, the position reached, and how long it took."""

    batch: Batch
    outcome: Outcome
    position: Position
    seconds: float


class Observer(Protocol):
    """An object that is called in the worker's event loop after each step; its methods must return at once."""

    def opened(self, partition: int, position: Position, customers: Customers) -> None:
        """Note that this worker has restored a partition group, for the first time or again."""

    def committed(self, committed: Committed) -> None:
        """Note a committed batch; batches of one partition come in order."""

    def closed(self, partition: int) -> None:
        """Note that a partition group has left this worker."""


class Observers:
    """All observers of a worker. The error of one is logged, and affects neither the stream nor the other observers."""

    def __init__(self, observers: Sequence[Observer]) -> None:
        self._observers = observers

    def opened(self, partition: int, position: Position, customers: Customers) -> None:
        """Show a partition group that was opened."""
        for observer in self._observers:
            _call(observer.opened, partition, position, customers)

    def committed(self, committed: Committed) -> None:
        """Show a committed batch."""
        for observer in self._observers:
            _call(observer.committed, committed)

    def closed(self, partition: int) -> None:
        """Show that a partition group has left."""
        for observer in self._observers:
            _call(observer.closed, partition)


def _call(notice: Callable[..., None], *arguments: object) -> None:
    try:
        notice(*arguments)
    except Exception:
        logger.exception("an observer failed; the stream goes on")
