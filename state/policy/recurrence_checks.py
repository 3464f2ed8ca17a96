"""Checks of signals that recur: what they count from, that it exists, and that they are no sequences too."""

from collections.abc import Iterator

from state.policy.recurrence import WHERE, Where
from state.policy.shape import Policy
from state.policy.signal_shape import Signal
from state.policy.text import PolicyText
from state.policy.toml_lines import Path
from state.policy.unknown_names import unknown, unknown_step

Wrong = tuple[Path, str, str]
"""The key in a signal, what is wrong with it, and what to do."""
_SOMEWHERE = 'segment = "KEY", step = "LADDER:STEP" or stage = "STAGE"'


def wrong_recurrence(signal: Signal, policy: Policy, source: PolicyText) -> Iterator[Wrong]:
    """Yield what is wrong with where and how often a signal recurs, and with how long it is quiet."""
    given = [it for it in WHERE if getattr(signal, it)]
    if not signal.every_days:
        for where in given:
            yield (where,), f"`{where}` is where a signal recurs, and it is not said how often", "write every_days"
        return
    for key in ("steps", "unless", "per"):
        if getattr(signal, key):
            yield (key,), f"a signal with `every_days` waits for no events, and so has no `{key}`", f"leave {key} out"
    if signal.quiet_days:
        yield ("quiet_days",), "`every_days` says already how often it is told", "leave quiet_days out"
    if not given:
        yield ("every_days",), "it is not said from when on these days count", f"write {_SOMEWHERE}"
    elif len(given) > 1:
        yield (given[1],), f"days count from one beginning: `{given[0]}` or `{given[1]}`", "write one of them"
    else:
        where = given[0]
        if (wrong := _unknown(where, getattr(signal, where), policy, source)) is not None:
            yield (where,), *wrong


def _unknown(where: Where, written: str, policy: Policy, source: PolicyText) -> tuple[str, str] | None:
    """Return what is wrong with the place where a signal recurs; None if the place is known or cannot be read."""
    if where == "step":
        steps = {it.key: [step.key for step in it.steps] for it in policy.ladders}
        return unknown_step(written, steps) if source.is_read(("ladders",)) else None
    if where == "stage":
        stages = [it.key for it in policy.lifecycle.all_stages]
        return unknown(written, stages, "stage") if source.is_read(("lifecycle",)) else None
    return unknown(written, [it.key for it in policy.segments], "segment") if source.is_read(("segments",)) else None
