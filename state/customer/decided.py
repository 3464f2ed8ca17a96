"""The decided part of a customer: what was decided, apart from the aggregates that it was decided on."""

from operator import attrgetter

import msgspec

from state.customer.customer import Customer
from state.customer.open_signals import NO_SIGNALS, Signals
from state.customer.past_stays import PastStays
from state.customer.stored_names import (
    Stored,
    expected_of,
    stage_of,
    standing_of,
    stored_expected,
    stored_stage,
    stored_standing,
)


class DecidedState(msgspec.Struct, array_like=True, gc=False):
    """The fields of ``Customer`` of the same names; ``standing`` is stage and silence. Names are as they are stored.

    Their order is that of the stored bytes.
    """

    standing: Stored
    since: int
    why: str
    cause: str
    previous_stage: Stored | None
    previous_ms: int
    past_stays: dict[str, PastStays]
    loyal_since: int | None
    memberships: dict[str, int]
    expected: Stored | None
    expected_at: int | None
    steps: dict[str, tuple[str, int]] = {}
    held: dict[str, int] = {}
    past_memberships: dict[str, PastStays] = {}
    signals: Signals = NO_SIGNALS
    signals_told: dict[str, int] = {}
    past_steps: dict[str, PastStays] = {}


Decided = tuple[object, ...]
"""All that is decided of a customer, to be compared."""


_CHANGED_IN_PLACE = ("memberships", "steps", "held")
_others = attrgetter(
    "stage", "silence", *(it for it in DecidedState.__struct_fields__ if it not in ("standing", *_CHANGED_IN_PLACE))
)


def decided_of(customer: Customer) -> Decided:
    """Return what is decided of a customer, for less than ``decided_state`` costs."""
    return *_others(customer), customer.memberships.copy(), customer.steps.copy(), customer.held.copy()


def decided_state(customer: Customer) -> DecidedState:
    """Return a copy of what is decided of a customer."""
    return DecidedState(
        standing=stored_standing(customer.stage, customer.silence),
        since=customer.since,
        why=customer.why,
        cause=customer.cause,
        previous_stage=None if customer.previous_stage is None else stored_stage(customer.previous_stage),
        previous_ms=customer.previous_ms,
        past_stays=customer.past_stays,  # never changed in place
        loyal_since=customer.loyal_since,
        memberships=customer.memberships.copy(),
        expected=stored_expected(customer.expected),
        expected_at=customer.expected_at,
        steps=customer.steps.copy(),
        held=customer.held.copy(),
        past_memberships=customer.past_memberships,  # never changed in place
        signals=customer.signals,  # never changed in place
        signals_told=customer.signals_told,  # never changed in place
        past_steps=customer.past_steps,  # never changed in place
    )


def restore_decided(customer: Customer, state: DecidedState) -> None:
    """Set what is decided of a customer."""
    customer.stage, customer.silence = standing_of(state.standing)
    customer.since = state.since
    customer.why = state.why
    customer.cause = state.cause
    customer.previous_stage = None if state.previous_stage is None else stage_of(state.previous_stage)
    customer.previous_ms = state.previous_ms
    customer.past_stays = state.past_stays
    customer.loyal_since = state.loyal_since
    customer.memberships = state.memberships
    customer.expected = expected_of(state.expected)
    customer.expected_at = state.expected_at
    customer.steps = state.steps
    customer.held = state.held
    customer.past_memberships = state.past_memberships
    customer.signals = state.signals
    customer.signals_told = state.signals_told
    customer.past_steps = state.past_steps
