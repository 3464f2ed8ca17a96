"""The faults of the crash matrix: at which step of a batch, before or after its effect, and of which kind."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

from streams.partitions.failpoints import POINTS

BATCH_STEPS = (
    "begin",
    "send_changes",
    "send_transitions",
    "send_rejects",
    "send_account_events",
    "acknowledged",
    "commit",
)
OPENING_STEPS = ("fence", "read", "discard")
# hang: no answer, whatever it is waited for. late, belated: no answer either, but the request arrives, before or
# after its sender has given up and opened anew. fenced, replaced: another worker takes over at this moment, and
# processes one batch, or all.
BATCH_KINDS = ("crash", "error", "hang", "late", "belated", "fenced", "replaced")
OPENING_KINDS = ("crash", "error", "fenced")


@dataclass(frozen=True)
class Fault:
    """Happens once, the ``nth`` time (from 1) that anybody comes to the place. ``lost``: sent, but never arrived."""

    step: str
    when: str
    kind: str
    nth: int = 1

    def __str__(self) -> str:
        return f"{self.kind} {self.when} {self.step} #{self.nth}"


def every(nth: int) -> Iterator[Fault]:
    """Every fault at every place, at its nth passing."""
    for step, when, kind in product(BATCH_STEPS, ("before", "after"), BATCH_KINDS):
        yield Fault(step, when, kind, nth)
    for step, when, kind in product(OPENING_STEPS, ("before", "after"), OPENING_KINDS):
        yield Fault(step, when, kind, nth)
    for step in ("send_changes", "send_transitions", "send_rejects", "send_account_events"):
        yield Fault(step, "before", "lost", nth)
    for point in POINTS:
        yield Fault(point, "at", "crash", nth)
