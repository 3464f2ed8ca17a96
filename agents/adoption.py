"""The adoption: how the customers of a partition group come under the policy in force."""

from collections import Counter
from collections.abc import Mapping

from schemas.change import Publication
from state.rules.rulebook import Rulebook
from state.timeline.snapshot import Header, known_header
from state.timeline.timeline import Timeline, adopt


class Adoption:
    """The customers who are behind, counted by the fingerprint of the policy that decided them last.

    They are looked for only while the counts say that there are any. What is taken is taken again if its batch fails.
    ``published`` are the rules by which customers may have been decided, by fingerprint.
    """

    def __init__(self, published: Mapping[bytes, Rulebook]) -> None:
        self._published = published
        self._decided_by: Counter[bytes] = Counter()
        self._left: list[bytes] | None = None
        """The keys that were not looked at yet; None: nobody was looked for since the policy changed."""
        self._taken: list[bytes] = []

    def begin(self, rules: Rulebook, since: int | None, *, silently: bool) -> None:
        """Put everybody under these rules, as of ``since`` (ms since 1970); None: as of the next batch."""
        self._rules, self._fingerprint = rules, rules.fingerprint
        self._since, self._silently = since, silently
        self._left, self._taken = None, []

    def rules_of(self, header: Header | None) -> Rulebook:
        """Return the rules by which a customer was decided last, as far as they are known."""
        return self._rules if header is None else self._published.get(header.fingerprint, self._rules)

    def adopt(self, timeline: Timeline) -> list[Publication]:
        """Put a customer who is behind under the rules in force; return what is published of that."""
        return adopt(timeline, self._since or 0, self._rules, silently=self._silently)

    def decided(self, before: Header | None) -> None:
        """Count a customer who was decided under the rules in force; ``before`` is their header before that."""
        self._decided_by[self._fingerprint] += 1
        if before is not None:
            self.gone(before)

    def restored(self, header: Header) -> None:
        """Count a customer who was stored; of one who is behind, look for more."""
        self._decided_by[header.fingerprint] += 1
        if header.fingerprint != self._fingerprint:
            self._left = None

    def gone(self, before: Header) -> None:
        """Do not count a customer any more."""
        self._decided_by[before.fingerprint] -= 1

    def is_under_way(self) -> bool:
        """Tell whether anybody may be behind who was not looked at."""
        if self._decided_by.total() == self._decided_by[self._fingerprint]:
            return False
        return self._left is None or bool(self._left or self._taken)

    def take(self, table: Mapping[bytes, bytes], upto: int, limit: int) -> list[bytes]:
        """Take up to ``limit`` customers who are behind, each once. ``upto`` is how far the group had come before."""
        if self._since is None:
            self._since = upto
        if not self.is_under_way():
            return []
        if self._left is None:
            self._left = list(table)
        left = self._left
        found: list[bytes] = []
        while left and len(found) < limit:
            header = known_header(table.get(key := left.pop()))
            if header is not None and header.fingerprint != self._fingerprint:
                found.append(key)
        self._taken = found
        return found

    def put_back(self) -> None:
        """Undo a ``take``, whose batch failed: the next one takes them in the same order."""
        if self._taken and self._left is not None:
            self._left += reversed(self._taken)
        self._taken = []

    def done(self) -> None:
        """Forget what was taken: its batch is committed."""
        self._taken = []
