"""Decisions: changes with their reasons, and with the figures at their instant."""

from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from schemas.change import Change, Figures


class ReasonedChange(NamedTuple):
    """A change, and the values that met their limits and so made it; for a signal, when its steps were complete."""

    change: Change
    why: str
    step_times: tuple[int, ...] = ()


class Decision(NamedTuple):
    """A change, and the figures at its instant, the reason among them."""

    change: Change
    figures: Figures


class Outcome(msgspec.Struct, frozen=True, gc=False):
    """The changes, the instant of the next one by itself, and whether one waits only for some time to pass."""

    changes: Sequence[ReasonedChange]
    next_change: int | None
    waits: bool


NO_CHANGE = Outcome(changes=(), next_change=None, waits=False)
