"""Checks of signals that recur: what they count from, that it exists, and that they are no sequences too."""

import difflib
from collections.abc import Collection, Iterator

from state.policy.recurrence import WHERE
from state.policy.shape import Policy
from state.policy.signal_shape import Signal
from state.policy.text import PolicyText
from state.policy.toml_lines import Path

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
        if where == "step":
            yield from _unknown_step(signal.step, policy, source)
        elif where == "stage":
            if source.is_read(("lifecycle",)):
                yield from _unknown("stage", signal.stage, [it.key for it in policy.lifecycle.all_stages], "stage")
        elif source.is_read(("segments",)):
            yield from _unknown("segment", signal.segment, [it.key for it in policy.segments], "segment")


def _unknown_step(written: str, policy: Policy, source: PolicyText) -> Iterator[Wrong]:
    if not source.is_read(("ladders",)):
        return
    steps = {it.key: [step.key for step in it.steps] for it in policy.ladders}
    ladder, colon, step = written.partition(":")
    if not colon:
        yield ("step",), f"`{written}` is no step of a ladder", 'write the ladder and the step, as in "tier:core"'
    elif ladder not in steps:
        yield from _unknown("step", ladder, steps, "ladder")
    else:
        yield from _unknown("step", step, steps[ladder], f"step of the ladder `{ladder}`")


def _unknown(key: str, written: str, known: Collection[str], what: str) -> Iterator[Wrong]:
    if written not in known:
        near = difflib.get_close_matches(written, known, n=1)
        listed = f"known here are {', '.join(known)}" if known else f"the policy has no {what}"
        yield (key,), f"there is no {what} `{written}`", f"did you mean `{near[0]}`?" if near else listed
