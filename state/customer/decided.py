"""The decided part of a customer: what was decided, apart from the aggregates that it was decided on."""

import msgspec

from state.customer.customer import Customer


class DecidedState(msgspec.Struct, array_like=True, gc=False):
    """The fields of ``Customer`` of the same names. Their order is that of the stored bytes."""

    stage: str
    since: int
    why: str
    cause: str
    loyal_since: int | None
    memberships: dict[str, int]
    expected: str | None
    expected_at: int | None


def decided_state(customer: Customer) -> DecidedState:
    """Return a copy of what is decided of a customer."""
    return DecidedState(
        stage=customer.stage,
        since=customer.since,
        why=customer.why,
        cause=customer.cause,
        loyal_since=customer.loyal_since,
        memberships=customer.memberships.copy(),
        expected=customer.expected,
        expected_at=customer.expected_at,
    )


def restore_decided(customer: Customer, state: DecidedState) -> None:
    """Set what is decided of a customer."""
    customer.stage = state.stage
    customer.since = state.since
    customer.why = state.why
    customer.cause = state.cause
    customer.loyal_since = state.loyal_since
    customer.memberships = state.memberships
    customer.expected = state.expected
    customer.expected_at = state.expected_at
