"""Checks of signals: what they are about, times that are given once and mean something, and steps that can follow."""

from collections.abc import Iterable, Iterator

from schemas.event_names import event_key, why_uncountable
from state.policy.field_paths import wrong_per
from state.policy.recurrence_checks import Wrong, wrong_recurrence
from state.policy.shape import Policy
from state.policy.signal_shape import Signal, SignalStep, Unless
from state.policy.text import PolicyText
from state.policy.toml_lines import Path

_IN_TIME = "write within_days, within_hours or within_minutes"


def check_signals(policy: Policy, source: PolicyText) -> None:
    """Report what does not fit together in signals."""
    for row, signal in enumerate(policy.signals):
        path: Path = ("signals", row)
        if source.is_read(path):
            for place, message, fix in (*_wrong(signal), *wrong_recurrence(signal, policy, source)):
                source.report((*path, *place), message, fix)
            if signal.steps and (wrong := wrong_per(signal.per, policy.context)):
                source.report((*path, "per"), *wrong)


def _wrong(signal: Signal) -> Iterator[Wrong]:
    if signal.every_days:
        return
    if not signal.steps:
        fix = "write its event under [[signals.steps]], or every_days and where"
        yield ("key",), f'the signal "{signal.key}" has no step', fix
    for number, step in enumerate(signal.steps):
        place: Path = ("steps", number)
        yield from _names((*place, "event"), [step.event])
        yield from _within(place, step, is_needed=number > 0 or step.times > 1)
    if signal.unless is None:
        return
    if not signal.unless.events:
        yield ("unless", "events"), "`events` is empty", 'write some, as in ["Order Completed"]'
    yield from _names(("unless", "events"), signal.unless.events)
    yield from _within(("unless",), signal.unless, is_needed=True)
    ending = set(map(event_key, signal.unless.events))
    for number, step in enumerate(signal.steps):
        repeats = number > 0 or step.times > 1
        if repeats and not signal.unless.where.strip() and event_key(step.event) in ending:
            told = f"`{step.event}` ends what has begun, and so can never follow"
            yield ("steps", number, "event"), told, "take it out of `unless`, or write a `where` there"


def _names(place: Path, events: Iterable[str]) -> Iterator[Wrong]:
    for event in events:
        if (told := why_uncountable(event)) is not None:
            yield place, f"no event can be named `{event[:40]}`", told


def _within(place: Path, it: SignalStep | Unless, *, is_needed: bool) -> Iterator[Wrong]:
    given = [key for key, _ in it.given]
    if len(given) > 1:
        yield (*place, given[1]), f"`{given[0]}` and `{given[1]}` say the same", "write one of them"
    elif is_needed and not given:
        yield place, "it is not said within what time", _IN_TIME
    elif given and not is_needed:
        told = "the first step happens once, and so within no time"
        yield (*place, given[0]), told, f"leave {given[0]} out, or write more `times`"
