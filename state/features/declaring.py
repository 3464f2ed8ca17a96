"""Policies that declare what another one does not: what conditions could ask then is told of by example."""

from collections.abc import Iterator

import msgspec

from state.policy.shape import Holdout, Ladder, Policy, Segment, Step
from state.policy.signal_shape import Signal, SignalStep

_LADDER = Ladder("tier", "Tier", steps=(Step("core", "Core", "orders >= 9"),))
_SEGMENT = Segment("vip", "VIP", "orders >= 9")
_SIGNAL = Signal(key="cart", name="Cart", steps=(SignalStep(event="Product Added"),))
_HOLDOUT = Holdout("2026", 5)


def declaring(policy: Policy) -> Iterator[tuple[str, Policy]]:
    """Yield each kind of table that a policy lacks, and that conditions ask about, with the policy that has one."""
    if not policy.ladders:
        yield "[[ladders]]", msgspec.structs.replace(policy, ladders=(_LADDER,))
    if not policy.segments:
        yield "[[segments]]", msgspec.structs.replace(policy, segments=(_SEGMENT,))
    if not policy.signals:
        yield "[[signals]]", msgspec.structs.replace(policy, signals=(_SIGNAL,))
    if policy.holdout is None:
        yield "[holdout]", msgspec.structs.replace(policy, holdout=_HOLDOUT)
