"""What the mirror sees of a partition group."""

from collections.abc import Iterable, Mapping

from agents.batch import Marker
from agents.mirror import Position
from agents.tracker import Tracker
from state.timeline.timeline import Timeline


class GroupCustomers:
    """The ``Customers`` of ``agents.mirror``; ``marker`` goes with what the tracker's memory has."""

    def __init__(self, marker: Marker, tracker: Tracker, snapshots: Mapping[bytes, bytes]) -> None:
        self.marker = marker
        self._tracker = tracker
        self._snapshots = snapshots

    def position(self) -> Position:
        """``upto`` of the last commit, and the records of all topics that lie behind it."""
        return self.marker.upto, sum(self.marker.positions.values())

    def keys(self) -> Iterable[bytes]:
        """Every customer."""
        return self._snapshots.keys()

    def timeline(self, key: bytes) -> Timeline | None:
        """One customer as of the last commit."""
        return self._tracker.timeline(key)
