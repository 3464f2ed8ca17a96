"""The costs of a policy, measured: a sample of events is decided with and without each name that its rules read."""

import re
import time
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

import msgspec
from rich.console import Console
from rich.progress import track

from agents.batch import Batch, Record
from agents.tracker import Tracker
from schemas.account_events import account_event
from schemas.envelope import open_envelope, read_event
from schemas.event_types import TOPIC_KINDS
from schemas.intake import Intake
from schemas.reject import RejectedError
from schemas.wrappings import SeveralEventsError
from state.features.catalogue import catalogue
from state.policy.compiled import CompiledPolicy, compile_policy
from state.policy.shape import Measure, Policy, Segment
from state.policy.signal_shape import Signal
from state.policy.text import PolicyError, PolicyText
from state.rules.rulebook import Rulebook

MAX_EVENTS = 5_000
_BATCH = 200
_ROUNDS = 3
_NEVER = "orders < 0"
_SIGNAL = "signal "
_ASKED = ("{name} >= 0", "{name} == 'x'", "{name} == '{allowed}'", "'x' in {name}", "{name}")
"""Questions, one for each type of value; the first that a name understands is asked."""


class Cost(msgspec.Struct, frozen=True):
    """Bytes that a customer takes on average, and microseconds of one core that an event does."""

    bytes: float
    microseconds: float

    def less(self, other: "Cost") -> "Cost":
        """Return what is left of this cost without the other, at least nothing."""
        return Cost(
            round(max(0.0, self.bytes - other.bytes), 1), round(max(0.0, self.microseconds - other.microseconds), 1)
        )


class Costs(msgspec.Struct, frozen=True):
    """What a policy costs on ``events`` of a sample, which are those of so many ``customers``.

    ``whole`` is all of it, ``without_rules`` what is left without ladders, segments, signals and measures. ``names``,
    ``measures`` and ``signals`` are what each adds to that alone, a signal with the messages that tell it; those that
    can be asked only beside other rules are not there.
    """

    events: int
    customers: int
    whole: Cost
    without_rules: Cost
    names: dict[str, Cost]
    measures: dict[str, Cost]
    signals: dict[str, Cost]


def read_beside(values: Iterable[bytes], intake: Intake, records: list[Record]) -> Iterator[bytes]:
    """Yield values as they are, and add the first ``MAX_EVENTS`` usable events in them to the records."""
    for value in values:
        if len(records) < MAX_EVENTS:
            records += islice(_records([value], intake), MAX_EVENTS - len(records))
        yield value


def sample_of(values: Iterable[bytes], intake: Intake) -> list[Record]:
    """Return the first ``MAX_EVENTS`` usable events in values."""
    return list(islice(_records(values, intake), MAX_EVENTS))


def costs_of(text: str, compiled: CompiledPolicy, records: Iterable[Record], more: Iterable[str] = ()) -> Costs | None:
    """Return the costs of the policy in a text on the events of records, None if there are none.

    Names that the policy does not read, but could, are measured as well if they are among ``more``.
    """
    whole = Rulebook(compiled)
    records = sorted(records, key=lambda it: it.time)
    if not records:
        return None
    bare = msgspec.structs.replace(compiled.policy, ladders=(), segments=(), signals=(), measures=())
    names = sorted({*more, *(name for condition in compiled.conditions for name in condition.names)})
    measures = [it.name for it in compiled.measures]
    signals = {f"{_SIGNAL}{it.key}": it for it in compiled.policy.signals}
    asked = {"": _asking(text, bare, _NEVER)}
    asked.update({name: _asking_for(text, bare, name, compiled) for name in (*names, *measures)})
    asked.update({name: _telling(text, bare, it, compiled) for name, it in signals.items()})
    rules = {name: it for name, it in asked.items() if it is not None}
    # In turns, so that a machine that is busy for a moment does not burden one of them alone.
    turns: list[tuple[str | None, Rulebook]] = [(None, whole), *rules.items()] * _ROUNDS
    least: dict[str | None, Cost] = {}
    for name, it in track(turns, "measuring", console=Console(stderr=True), transient=True):
        cost = _measured(it, records)
        least[name] = min(cost, least.get(name, cost), key=lambda it: it.microseconds)
    base, nothing = least[""], Cost(0, 0)

    def added(names: Iterable[str]) -> dict[str, Cost]:
        return {name.removeprefix(_SIGNAL): least[name].less(base) for name in names if name in least}

    return Costs(
        len(records),
        _customers(records),
        least[None].less(nothing),
        base.less(nothing),
        added(names),
        added(measures),
        added(signals),
    )


def _telling(text: str, bare: Policy, signal: Signal, compiled: CompiledPolicy) -> Rulebook | None:
    needed = _needed(compiled.policy.measures, signal.while_)
    return _asking(text, msgspec.structs.replace(bare, signals=(signal,), measures=needed), _NEVER)


def _asking_for(text: str, bare: Policy, name: str, compiled: CompiledPolicy) -> Rulebook | None:
    bare = msgspec.structs.replace(bare, measures=_needed(compiled.policy.measures, name))
    feature = compiled.catalogue.features.get(name)
    allowed = feature.allowed[0] if feature is not None and feature.allowed else "x"
    for question in _ASKED:
        found = _asking(text, bare, f"({question.format(name=name, allowed=allowed)}) and {_NEVER}")
        if found is not None:
            return found
    return None


def _needed(measures: Sequence[Measure], asked: str) -> tuple[Measure, ...]:
    """Return the measures that a text names and those that these read, none of which is asked for in profiles."""
    wanted, needed = set(re.findall(r"\w+", asked)), list[Measure]()
    for it in reversed(measures):  # each may name those before it
        if it.name in wanted:
            needed.append(msgspec.structs.replace(it, profile=False))
            wanted.update(re.findall(r"\w+", it.value))
    return tuple(reversed(needed))


def _asking(text: str, bare: Policy, enter: str) -> Rulebook | None:
    """Return the rules of a policy with one segment, which nobody enters, None if it cannot ask that."""
    asking = msgspec.structs.replace(bare, segments=(Segment(key="asked", name="Asked", enter=enter),))
    source = PolicyText(text)
    source.policy()
    try:
        return Rulebook(compile_policy(source, asking, catalogue))
    except PolicyError:
        return None


def _measured(rules: Rulebook, records: list[Record]) -> Cost:
    table: dict[bytes, bytes] = {}
    tracker = Tracker(rules, 0, table)
    began = time.process_time_ns()
    for start in range(0, len(records), _BATCH):
        some = records[start : start + _BATCH]
        tracker.apply(tracker.compute(Batch(0, 1, some, some[-1].time)))
    took = (time.process_time_ns() - began) / 1000
    # A customer of whom only events came that this policy does not know is not there, and takes nothing.
    return Cost(sum(map(len, table.values())) / _customers(records), took / len(records))


def _customers(records: list[Record]) -> int:
    return len({it.key for it in records})


def _records(values: Iterable[bytes], intake: Intake) -> Iterator[Record]:
    for value in values:
        try:
            own = account_event(value)[1] if intake.of_accounts else value
            event = read_event(open_envelope(own), own, intake)
        except SeveralEventsError as several:
            yield from _records(several.events, intake)
        except RejectedError:
            continue
        else:
            if event.fact is not None:
                yield Record(f"customer.{TOPIC_KINDS[0]}", 0, event.fact.at, event.user_id.encode(), own)
