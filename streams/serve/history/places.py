"""Places: where in the topic each customer's transitions stand, of the last so many of all customers."""

from array import array
from collections.abc import Iterator

_OFFSET_BITS = 48
_OFFSET = (1 << _OFFSET_BITS) - 1
_NONE = 2**64 - 1


class Places:
    """The partitions and offsets by customer, of the last ``most`` transitions: 24 bytes each, 250 a customer.

    Each transition names the one before it of the same customer. Customers are told apart by a hash of 64 bits: whoever
    reads the messages must look at their keys.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._customers, self._places, self._before = array("q"), array("Q"), array("Q")
        self._last: dict[int, int] = {}
        self._count = 0

    def add(self, customer: bytes, partition: int, offset: int) -> None:
        """Remember a transition of a customer, and forget the oldest of all if there are too many."""
        number, key = self._count, hash(customer)
        place, before = partition << _OFFSET_BITS | offset, self._last.get(key, _NONE)
        if number < self._most:
            self._customers.append(key)
            self._places.append(place)
            self._before.append(before)
        else:
            slot = number % self._most
            forgotten = self._customers[slot]
            if self._last.get(forgotten) == number - self._most:
                del self._last[forgotten]
            self._customers[slot], self._places[slot], self._before[slot] = key, place, before
        self._last[key] = number
        self._count = number + 1

    def drop(self, customer: bytes) -> None:
        """Forget where the transitions of a customer stand."""
        self._last.pop(hash(customer), None)

    def of(self, customer: bytes) -> Iterator[tuple[int, int]]:
        """Yield the partition and the offset of each remembered transition of a customer, the newest first."""
        number = self._last.get(hash(customer), _NONE)
        while number != _NONE and number >= self._count - self._most:
            place = self._places[number % self._most]
            yield place >> _OFFSET_BITS, place & _OFFSET
            number = self._before[number % self._most]
