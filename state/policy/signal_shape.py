"""Signals as they are written: sequences of events, and events that must not follow."""

from typing import Annotated

import msgspec
from msgspec import Meta

from state.policy.section import Section
from state.policy.value_types import Key, Text

MAX_TIMES = 100
MAX_WITHIN_DAYS = 400
_Days = Annotated[float, Meta(gt=0, le=MAX_WITHIN_DAYS)]
_Hours = Annotated[float, Meta(gt=0, le=MAX_WITHIN_DAYS * 24)]
_Minutes = Annotated[float, Meta(gt=0, le=MAX_WITHIN_DAYS * 1440)]


class Within(Section, frozen=True):
    """A time in one of three units; 0 is the two that are not given."""

    within_days: _Days = 0.0
    within_hours: _Hours = 0.0
    within_minutes: _Minutes = 0.0

    @property
    def given(self) -> list[tuple[str, float]]:
        """The keys that are given, with their values."""
        return [(key, it) for key in WITHIN if (it := getattr(self, key))]

    def ms(self, day_ms: int) -> int:
        """Return the time in ms; of several that are given the first, 0 if there is none."""
        for key, value in self.given:
            return max(1, int(value * (day_ms if key == "within_days" else _MS[key])))
        return 0


_MS = {"within_hours": 3_600_000, "within_minutes": 60_000}
WITHIN = ("within_days", *_MS)


class SignalStep(Within, frozen=True, kw_only=True):
    """An event, so many ``times``, within a time of the step before."""

    event: Text
    where: str = ""
    times: Annotated[int, Meta(ge=1, le=MAX_TIMES)] = 1


class Unless(Within, frozen=True, kw_only=True):
    """The events that end an occasion, and the time after the last step in which none of them may come."""

    events: tuple[Text, ...]
    where: str = ""


class Signal(Section, frozen=True, kw_only=True):
    """Something that happens once: events in sequence, and none of some others after them.

    ``per`` is a property: each of its values has an occasion of its own. ``while_`` is asked when it occurs.
    """

    key: Key
    name: Text
    description: str = ""
    per: str = ""
    steps: tuple[SignalStep, ...] = ()
    unless: Unless | None = None
    while_: str = msgspec.field(default="", name="while")
