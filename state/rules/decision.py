"""Decisions: changes with their reasons, and with the figures at their instant."""

from typing import NamedTuple

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
