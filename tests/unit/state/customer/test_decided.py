"""What is decided of a customer: all that is stored of it is compared."""

from state.customer.customer import first_seen
from state.customer.decided import DecidedState, decided_of


def test_all_that_is_stored_is_compared() -> None:
    # ``standing`` is two fields of a customer.
    assert len(decided_of(first_seen(0))) == len(DecidedState.__struct_fields__) + 1
