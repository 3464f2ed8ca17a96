"""The mirror queue: which customers wait to be written to the mirror, each once, however often they change."""

from collections import Counter
from collections.abc import Iterable

from agents.batch import Outcome

MAX_TRANSITIONS = 10_000

CustomerKey = tuple[int, bytes]
"""Partition and key of a customer."""


class MirrorQueue:
    """A coalescing queue. Changed customers come first; a quarter of each portion is kept for rewrites.

    Transitions (values of the transitions topic) wait with their customer; beyond ``MAX_TRANSITIONS`` in all they are
    dropped and counted in ``dropped``.
    """

    def __init__(self) -> None:
        self.dropped = 0
        self._changed: dict[CustomerKey, list[bytes]] = {}
        self._waiting: Counter[int] = Counter()
        self._to_rewrite: dict[int, list[bytes]] = {}
        self._transitions = 0

    def __len__(self) -> int:
        return len(self._changed) + sum(map(len, self._to_rewrite.values()))

    def waits(self, partition: int) -> bool:
        """Tell whether any customer of a partition waits."""
        return self._waiting[partition] > 0 or bool(self._to_rewrite.get(partition))

    def rewrite(self, partition: int, keys: Iterable[bytes]) -> None:
        """Enqueue all customers of a partition: they may be missing in the mirror."""
        self._to_rewrite[partition] = list(keys)

    def drop(self, partition: int) -> None:
        """Drop everything of a partition."""
        self._to_rewrite.pop(partition, None)
        for customer in [customer for customer in self._changed if customer[0] == partition]:
            self._transitions -= len(self._changed.pop(customer))
        self._waiting.pop(partition, None)

    def add(self, partition: int, outcome: Outcome) -> None:
        """Enqueue the customers that an outcome changed, with their transitions."""
        for key in outcome.changes:
            self._enqueue(partition, key)
        for key, value, _ in outcome.transitions:
            if self._transitions >= MAX_TRANSITIONS:
                self.dropped += 1
                continue
            self._enqueue(partition, key).append(value)
            self._transitions += 1

    def take(self, limit: int) -> dict[CustomerKey, list[bytes]]:
        """Remove and return up to ``limit`` customers with their transitions."""
        taken: dict[CustomerKey, list[bytes]] = {}
        kept_free = limit // 4 if any(self._to_rewrite.values()) else 0
        while self._changed and len(taken) < limit - kept_free:
            customer = next(iter(self._changed))
            taken[customer] = self._changed.pop(customer)
            self._waiting[customer[0]] -= 1
            self._transitions -= len(taken[customer])
        for partition, keys in self._to_rewrite.items():
            while keys and len(taken) < limit:
                taken.setdefault((partition, keys.pop()), [])
        return taken

    def put_back(self, partition: int, key: bytes, transitions: list[bytes]) -> None:
        """Enqueue a customer again that was taken and could not be written."""
        waiting = self._enqueue(partition, key)
        waiting[:0] = transitions
        self._transitions += len(transitions)

    def _enqueue(self, partition: int, key: bytes) -> list[bytes]:
        waiting = self._changed.get((partition, key))
        if waiting is None:
            waiting = self._changed[partition, key] = []
            self._waiting[partition] += 1
        return waiting
