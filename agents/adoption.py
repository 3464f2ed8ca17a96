"""The adoption: which customers of a partition group are still to be put under the policy in force."""

from collections import Counter
from collections.abc import Callable, Iterable


class Adoption:
    """The customers who are behind, counted by the fingerprint of the policy that decided them last.

    They are looked for only while the counts say that there are any. What is taken is taken again if its batch fails.
    """

    def __init__(self) -> None:
        self._decided_by: Counter[bytes] = Counter()
        self._fingerprint = b""
        self._left: list[bytes] | None = None
        """The keys that were not looked at yet; None: nobody was looked for since the policy changed."""
        self._taken: list[bytes] = []

    def begin(self, fingerprint: bytes) -> None:
        """Put everybody under the policy of this fingerprint, beginning with the next ``take``."""
        self._fingerprint, self._left, self._taken = fingerprint, None, []

    def decided(self, fingerprint: bytes) -> None:
        """Count a customer who was decided; of one who is behind, look for more."""
        self._decided_by[fingerprint] += 1
        if fingerprint != self._fingerprint:
            self._left = None

    def gone(self, fingerprint: bytes) -> None:
        """Do not count a customer any more."""
        self._decided_by[fingerprint] -= 1

    def is_under_way(self) -> bool:
        """Tell whether anybody may be behind who was not looked at."""
        if self._decided_by.total() == self._decided_by[self._fingerprint]:
            return False
        return self._left is None or bool(self._left or self._taken)

    def take(self, keys: Iterable[bytes], is_behind: Callable[[bytes], bool], limit: int) -> list[bytes]:
        """Take up to ``limit`` customers who are behind, each once."""
        if not self.is_under_way():
            return []
        if self._left is None:
            self._left = list(keys)
        left = self._left
        found: list[bytes] = []
        while left and len(found) < limit:
            key = left.pop()
            if is_behind(key):
                found.append(key)
        self._taken = found
        return found

    def put_back(self) -> None:
        """Undo a ``take``: its batch failed."""
        if self._taken and self._left is not None:
            self._left += self._taken
        self._taken = []

    def done(self) -> None:
        """Forget what was taken: its batch is committed."""
        self._taken = []
