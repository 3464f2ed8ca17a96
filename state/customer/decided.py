"""The standing: what was decided of a customer, apart from what it was decided on."""

from typing import NamedTuple

from state.customer.customer import Customer


class Standing(NamedTuple):
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
        of.stage, of.since, of.why, of.cause, of.loyal_since, of.memberships.copy(), of.expected, of.expected_at
    )


def stand(customer: Customer, as_decided: Standing) -> None:
    """Give a customer a standing."""
    for name, value in as_decided._asdict().items():
        setattr(customer, name, value)
