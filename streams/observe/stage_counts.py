"""Stage counts: how many customers of this worker are in each lifecycle stage."""

from collections import Counter
from collections.abc import Mapping

from agents.batch import Position
from agents.observer import Committed, Customers
from schemas.change import FORGOTTEN


class StageCounts:
    """An observer that adds up the partition groups at the moment of a request."""

    def __init__(self) -> None:
        self._groups: dict[int, Customers] = {}

    def opened(self, partition: int, position: Position, customers: Customers) -> None:
        """Count a group."""
        self._groups[partition] = customers

    def committed(self, committed: Committed) -> None:
        """Do nothing: the customers of the group are read at each request."""

    def closed(self, partition: int) -> None:
        """Remove a group from the count."""
        self._groups.pop(partition, None)

    def total(self) -> Mapping[str, int]:
        """Return the number of customers by stage."""
        stages: Counter[str] = Counter()
        for customers in self._groups.values():
            stages.update(customers.stages)
        del stages[FORGOTTEN]  # of whom nothing is kept but what a late event could still change
        return stages
