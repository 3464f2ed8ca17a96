"""A shop's usual orders, bulk imports and zones: what was right stays right."""

from tests.cases.intake import Intake, both, event


@both
def test_orders_of_two_customers(intake: Intake) -> None:
    result = intake(
        [
            event("Order Completed", "ann", "2025-03-01T10:00:00Z", order_id="a1", total=40),
            event("Order Completed", "bob", "2025-03-01T10:00:00Z", order_id="b1", total="12.50"),
            event("Order Completed", "ann", "2025-03-11T10:00:00Z", order_id="a2", total=60),
            event("Order Completed", "ann", "2025-03-11T11:00:00Z", order_id="a3"),
        ]
    )
    assert result.figure("ann", "revenue") == 100
    assert result.figure("bob", "orders") == 1
    assert result.stages("ann") == [
        ("acquired", "2025-03-01T10:00:00.000Z"),
        ("repeated", "2025-03-11T10:00:00.000Z"),
    ]
    assert result.rejects == [(4, "invalid")]
