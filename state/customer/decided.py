"""The decided part of a customer: what was decided, apart from the aggregates that it was decided on."""

import msgspec

from state.customer.customer import EXPECTED, STAGE_NUMBERS, STAGES, Customer
from state.customer.open_signals import NO_SIGNALS, Signals
from state.customer.past_stays import PastStays


class DecidedState(msgspec.Struct, array_like=True, gc=False):
    """The fields of ``Customer`` of the same names; numbers stand for stages and for what is expected.

    Their order is that of the stored bytes.
    """

    stage: int
    since: int
    why: str
    cause: str
    previous_stage: int | None
    previous_ms: int
    past_stays: dict[str, PastStays]
    loyal_since: int | None
    memberships: dict[str, int]
    expected: int | None
    expected_at: int | None
    steps: dict[str, tuple[str, int]] = {}
    held: dict[str, int] = {}
    past_memberships: dict[str, PastStays] = {}
    signals: Signals = NO_SIGNALS
    signals_told: dict[str, int] = {}


def decided_state(customer: Customer) -> DecidedState:
    """Return a copy of what is decided of a customer."""
    return DecidedState(
        stage=STAGE_NUMBERS[customer.stage],
        since=customer.since,
        why=customer.why,
        cause=customer.cause,
        previous_stage=None if customer.previous_stage is None else STAGE_NUMBERS[customer.previous_stage],
        previous_ms=customer.previous_ms,
        past_stays=customer.past_stays,  # never changed in place
        loyal_since=customer.loyal_since,
        memberships=customer.memberships.copy(),
        expected=None if customer.expected is None else EXPECTED.index(customer.expected),
        expected_at=customer.expected_at,
        steps=customer.steps.copy(),
        held=customer.held.copy(),
        past_memberships=customer.past_memberships,  # never changed in place
        signals=customer.signals,  # never changed in place
        signals_told=customer.signals_told,  # never changed in place
    )


def restore_decided(customer: Customer, state: DecidedState) -> None:
    """Set what is decided of a customer."""
    customer.stage = STAGES[state.stage]
    customer.since = state.since
    customer.why = state.why
    customer.cause = state.cause
    customer.previous_stage = None if state.previous_stage is None else STAGES[state.previous_stage]
    customer.previous_ms = state.previous_ms
    customer.past_stays = state.past_stays
    customer.loyal_since = state.loyal_since
    customer.memberships = state.memberships
    customer.expected = None if state.expected is None else EXPECTED[state.expected]
    customer.expected_at = state.expected_at
    customer.steps = state.steps
    customer.held = state.held
    customer.past_memberships = state.past_memberships
    customer.signals = state.signals
    customer.signals_told = state.signals_told
