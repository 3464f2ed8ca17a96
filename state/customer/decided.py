"""The standing: what was decided of a customer, apart from what it was decided on."""

import msgspec

from state.customer.customer import Customer


class Standing(msgspec.Struct, array_like=True, gc=False):
    """The fields of ``Customer`` of the same names."""

    stage: str
    since: int
    why: str
    cause: str
    loyal_since: int | None
    memberships: dict[str, int]
    expected: str | None
    expected_at: int | None


def standing(of: Customer) -> Standing:
    """A customer's standing at this moment; it does not change with the customer."""
    return Standing(
        stage=of.stage,
        since=of.since,
        why=of.why,
        cause=of.cause,
        loyal_since=of.loyal_since,
        memberships=of.memberships.copy(),
        expected=of.expected,
        expected_at=of.expected_at,
    )


def stand(customer: Customer, as_decided: Standing) -> None:
    """Give a customer a standing."""
    customer.stage = as_decided.stage
    customer.since = as_decided.since
    customer.why = as_decided.why
    customer.cause = as_decided.cause
    customer.loyal_since = as_decided.loyal_since
    customer.memberships = as_decided.memberships
    customer.expected = as_decided.expected
    customer.expected_at = as_decided.expected_at
