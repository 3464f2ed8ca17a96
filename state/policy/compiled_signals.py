"""Signals ready for use: their events by name, their filters compiled, their times in ms, and where they recur."""

from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass
from hashlib import blake2b

import msgspec

from schemas.event_names import event_key, track_name
from schemas.events import Trait
from state.conditions.condition import Condition
from state.conditions.errors import ConditionError
from state.conditions.event_filters import NO_FILTER, CompiledFilter, compile_filter
from state.conditions.kind import Kind
from state.policy.duration import Duration, in_days
from state.policy.recurrence import Recurrence, recurrence_of
from state.policy.signal_shape import Signal, SignalStep, Unless, Within
from state.policy.text import PolicyText
from state.policy.toml_lines import Path


@dataclass(frozen=True, slots=True)
class CompiledEvents:
    """Events by name, those of them that a filter accepts, and a time in ms; ``words`` is the time as written."""

    names: tuple[str, ...]
    filter: CompiledFilter
    within_ms: int
    words: str
    times: int = 1

    def take(self, name: str, properties: Mapping[str, Trait]) -> bool:
        """Tell whether an event is one of them."""
        accepts = self.filter.accepts
        return name in self.names and (accepts is None or accepts(properties))


@dataclass(frozen=True, slots=True)
class CompiledSignal:
    """A signal; ``number`` identifies its key and the rule of its occasions, so that another rule begins anew.

    One with a ``recurrence`` has no events. It is not told again for as long as ``quiet`` lasts. When it was told is
    remembered if ``is_remembered``, for that or for a condition.
    """

    number: int
    key: str
    name: str
    per: str
    steps: tuple[CompiledEvents, ...]
    unless: CompiledEvents | None
    condition: Condition | None
    recurrence: Recurrence | None
    quiet: Duration
    is_remembered: bool

    @property
    def events(self) -> frozenset[str]:
        """The names of all events that reach it."""
        return frozenset(name for it in self._all for name in it.names)

    @property
    def properties(self) -> Iterator[tuple[str, frozenset[str]]]:
        """The properties that it reads, by event."""
        for it in self._all:
            for name in it.names:
                yield name, it.filter.names | ({self.per} if self.per else frozenset())

    @property
    def texts(self) -> frozenset[str]:
        """The texts that its filters look for in lists."""
        return frozenset[str]().union(*(it.filter.texts for it in self._all))

    @property
    def _all(self) -> tuple[CompiledEvents, ...]:
        return self.steps if self.unless is None else (*self.steps, self.unless)


class SignalCompiler:
    """The compiler of signals, which reports what is wrong.

    ``names`` are those of events, by key, ``kinds`` those of the fields of events. A condition asks when the signals
    ``asked_about`` were told.
    """

    def __init__(
        self,
        source: PolicyText,
        names: dict[str, str],
        day_ms: int,
        kinds: Mapping[str, Kind],
        asked_about: Container[str],
    ) -> None:
        self._source = source
        self._names = names
        self._day_ms = day_ms
        self._kinds = kinds
        self._asked_about = asked_about

    def compiled(self, signals: Iterable[Signal], asked: Iterable[Condition | None]) -> Iterator[CompiledSignal]:
        """Yield the signals, with what is asked when they occur."""
        for row, (it, condition) in enumerate(zip(signals, asked, strict=True)):
            path: Path = ("signals", row)
            steps = tuple(
                self._events((*path, "steps", number), step, (step.event,), step.times)
                for number, step in enumerate(it.steps)
            )
            unless = None if it.unless is None else self._events((*path, "unless"), it.unless, it.unless.events)
            whole = msgspec.json.encode([it.key, it.per, it.steps, it.unless])
            yield CompiledSignal(
                number=int.from_bytes(blake2b(whole, digest_size=4).digest()),
                key=it.key,
                name=it.name,
                per=it.per,
                steps=steps,
                unless=unless,
                condition=condition,
                recurrence=recurrence_of(it, self._day_ms),
                quiet=in_days(it.quiet_days, self._day_ms),
                is_remembered=bool(it.quiet_days) or it.key in self._asked_about,
            )

    def _events(self, path: Path, it: SignalStep | Unless, names: Iterable[str], times: int = 1) -> CompiledEvents:
        named = tuple(dict.fromkeys(map(self._name, names)))
        return CompiledEvents(named, self._filter(path, it.where), it.ms(self._day_ms), _words(it), times)

    def _name(self, event: str) -> str:
        event = event.strip()
        return self._names.setdefault(event_key(event), track_name(event) or event)

    def _filter(self, path: Path, where: str) -> CompiledFilter:
        if not where.strip():
            return NO_FILTER
        try:
            return compile_filter(where, self._kinds)
        except ConditionError as error:
            told = error.message.removeprefix("in `where`: ")
            self._source.report((*path, "where"), f"in `where`, column {error.column}: {told}", error.fix, error.row)
        return NO_FILTER


def _words(within: Within) -> str:
    return ", ".join(f"{key} {value:.15g}" for key, value in within.given)
