"""Occasions of a signal: what an event does to those that are open, and when each ends.

Everything here is a function of the open occasions and the event, and changes neither.
"""

from collections.abc import Mapping
from typing import NamedTuple

from schemas.events import Trait
from state.customer.open_signals import MAX_OPEN, OfSignal, OpenSignal
from state.policy.compiled_signals import CompiledSignal

_NOT_BEGUN = OpenSignal()


class Followed(NamedTuple):
    """The open occasions, those that are complete with what they are about, and whether the bound ended one."""

    open: OfSignal
    complete: tuple[tuple[str, OpenSignal], ...] = ()
    is_bound: bool = False


def after_event(
    signal: CompiledSignal, open_: OfSignal, name: str, at: int, properties: Mapping[str, Trait]
) -> Followed:
    """Return what an event makes of the open occasions, none of which has ended before it."""
    value = _about(properties.get(signal.per)) if signal.per else ""
    if signal.unless is not None and signal.unless.take(name, properties):
        # Who buys without saying which cart has bought: better no signal than a wrong one.
        open_ = {each: it for each, it in open_.items() if value is not None and each != value}
    if value is None:
        return Followed(open_)
    occasion = _stepped(signal, open_.get(value, _NOT_BEGUN), name, at, properties)
    if occasion is None:
        return Followed(open_)
    others = {each: it for each, it in open_.items() if each != value}
    if signal.unless is None and len(occasion.done) == len(signal.steps):
        return Followed(others, ((value, occasion),))
    is_bound = len(others) >= MAX_OPEN
    if is_bound:
        del others[min(others, key=lambda it: (others[it].last, it))]
    return Followed({**others, value: occasion}, is_bound=is_bound)


def after_time(signal: CompiledSignal, open_: OfSignal, at: int) -> Followed:
    """Return what is open at an instant, and what is complete by then, since nothing came that ends it."""
    if all(end_of(signal, it) > at for it in open_.values()):
        return Followed(open_)
    left: dict[str, OpenSignal] = {}
    complete = []
    for value, it in sorted(open_.items()):
        if end_of(signal, it) > at:
            left[value] = it
        elif len(it.done) == len(signal.steps):
            complete.append((value, it))
        elif not it.done and (later := tuple(each for each in it.counted if each + signal.steps[0].within_ms > at)):
            left[value] = OpenSignal(counted=later)
    return Followed(left, tuple(complete))


def end_of(signal: CompiledSignal, occasion: OpenSignal) -> int:
    """Return the instant at which an occasion ends, or, of its first step, the oldest event counts no more."""
    done = len(occasion.done)
    if not done:
        return occasion.counted[0] + signal.steps[0].within_ms
    if done < len(signal.steps):
        return occasion.done[-1] + signal.steps[done].within_ms
    assert signal.unless is not None
    return occasion.done[-1] + signal.unless.within_ms


def _stepped(
    signal: CompiledSignal, occasion: OpenSignal, name: str, at: int, properties: Mapping[str, Trait]
) -> OpenSignal | None:
    steps, (done, counted) = signal.steps, (occasion.done, occasion.counted)
    step = len(done)
    if step < len(steps) and steps[step].take(name, properties):
        counted = (*counted, at)
        return OpenSignal((*done, at)) if len(counted) == steps[step].times else OpenSignal(done, counted)
    if step and steps[step - 1].take(name, properties):
        return OpenSignal((*done[:-1], at), counted)  # the last step once more: its time begins anew
    return None


def _about(value: Trait | None) -> str | None:
    """Return what an occasion is about: a text, or a whole number as its digits; None if it is neither."""
    if isinstance(value, str):
        return value or None
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else None
