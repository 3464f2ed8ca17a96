"""Short reasons: any text comes back as it was, and usual ones take little room."""

from hypothesis import example, given
from hypothesis import strategies as st

from state.customer.short_reason import in_full, shortened

USUAL = "days_since_order 63 >= 63 (churn_multiple 3 x 21, min_days 21 >= 6, multiple 3 x mean_gap_days 2)"
words = st.sampled_from(["orders ", "not loyal", "orders_365d ", " x mean_gap_days ", "churn_multiple ", ">= ", "; "])


@example("kind == '\x01'")
@example("\x1f")
@example("orders orders_365d unloyal\x1f\x02")
@given(st.lists(words | st.text(), max_size=9).map("".join))
def test_a_reason_comes_back_as_it_was(reason: str) -> None:
    assert in_full(shortened(reason)) == reason


def test_a_usual_reason_takes_a_third() -> None:
    assert len(shortened(USUAL)) * 3 < len(USUAL) + 12
