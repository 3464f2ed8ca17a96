"""What the mirror sees of a partition group."""

from collections.abc import Iterable, Mapping
from typing import Protocol

from agents.batch import Marker
from agents.mirror import Position
from state.timeline import Timeline


class _Remembers(Protocol):
    def timeline(self, key: bytes) -> Timeline | None: ...


class _Placed(Protocol):
    @property
    def position(self) -> Marker | None: ...


class GroupCustomers:
    """The ``Customers`` of ``agents.mirror``: snapshots for who there is, the tracker for what is known of them."""

    def __init__(self, group: _Placed, tracker: _Remembers, snapshots: Mapping[bytes, bytes]) -> None:
        self._group = group
        self._tracker = tracker
        self._snapshots = snapshots

    def position(self) -> Position:
        """``upto`` of the last commit, and the records of all topics that lie behind it."""
        marker = self._group.position
        return (0, 0) if marker is None else (marker.upto, sum(marker.positions.values()))

    def keys(self) -> Iterable[bytes]:
        """Every customer."""
        return self._snapshots.keys()

    def timeline(self, key: bytes) -> Timeline | None:
        """One customer as of the last commit."""
        return self._tracker.timeline(key)
