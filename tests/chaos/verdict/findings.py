"""What a verdict found: counted by kind, the first of each kept in words."""

from collections import Counter

KINDS = ("lost", "duplicated", "wrong_state", "wrong_transitions", "unaccounted")
_KEPT = 8


class Findings:
    """Five counts that should be nothing, and figures that say how much was looked at."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self.figures: Counter[str] = Counter()
        self.words: list[str] = []
        self.customers: set[str] = set()

    def add(self, kind: str, words: str, user_id: str = "") -> None:
        """Count a finding; ``user_id``: the customer whose facts would explain it."""
        assert kind in KINDS
        if user_id:
            self.customers.add(user_id)
        self.counts[kind] += 1
        if self.counts[kind] <= _KEPT:
            self.words.append(f"{kind}: {words}")
