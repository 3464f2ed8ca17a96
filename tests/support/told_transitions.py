"""Transitions of every kind, as the workers tell them, for tests of those who read them."""

from dataclasses import dataclass
from random import Random

from schemas.change import NO_STEP, SIGNAL_OCCURRED, Cause, Change, Figures, Publication
from schemas.transition import encode
from streams.settings import Settings
from streams.topics import topics_of
from tests.support.kafka_records import AT, Written

STAGES = ("new", "repeat", "at_risk")
SEGMENTS = ("unhappy", "window_shoppers")
STEPS = ("core", "long_tail", NO_STEP)
_CAUSE = Cause("deadline", "patience")


@dataclass
class Telling:
    """Tells transitions of a few customers, each of whom is in one partition, with numbers that count up."""

    settings: Settings
    random: Random
    customers: int = 5

    def __post_init__(self) -> None:
        self._seqs: dict[str, int] = {}

    def some(self, count: int) -> list[Written]:
        """Return so many transitions."""
        return [self._one() for _ in range(count)]

    def _one(self) -> Written:
        number = self.random.randrange(self.customers)
        customer = f"c{number}"
        seq = self._seqs[customer] = self._seqs.get(customer, 0) + 1
        at = AT + self.random.randrange(10**9)
        value = encode(Publication(self._change(at), _figures(), seq), customer, "retail@12345678")
        return topics_of(self.settings).transitions, number % self.settings.partitions, customer.encode(), value, at

    def _change(self, at: int) -> Change:
        kind = self.random.randrange(4)
        if kind == 0:
            before, after = self.random.sample(STAGES, 2)
            return Change(at, None, "at_risk" if after == "at_risk" else "recovered", before, after, _CAUSE)
        if kind == 1:
            before, after = self.random.sample(("in", "out"), 2)
            return Change(at, self.random.choice(SEGMENTS), "A segment", before, after, _CAUSE)
        if kind == 2:
            before, after = self.random.sample(STEPS, 2)
            return Change(at, "tier", "Tier", before, after, _CAUSE, direction="climbed")
        return Change(at, "cart", "Cart", "", SIGNAL_OCCURRED, _CAUSE)


def _figures() -> Figures:
    return Figures(
        why="days_since_order 61 >= 60",
        stage="new",
        orders=1,
        revenue=12.5,
        average_order_value=None,
        recency_days=61.0,
        mean_gap_days=None,
        patience_days=60.0,
        next_transition=None,
        next_at=None,
        segments=(),
        segment_count=0,
        previous_stage=None,
        previous_stage_since=None,
        steps=(),
        holdout=None,
    )
