"""Split carts and several orders a day are one decision to buy."""

from tests.cases.intake import Intake, both, event

BGNBD = """
name = "bgnbd"
[lifecycle.patience]
method = "p_alive"
unit_days = 7
r = 0.243
alpha = 4.414
a = 0.793
b = 2.426
limit = 0.5
churn_limit = 0.1
min_days = 14
max_days = 3650
[[segments]]
key = "fading"
name = "Fading"
enter = "p_alive < 0.2"
leave = "p_alive > 0.3"
"""
RHYTHM = """
name = "rhythm"
[lifecycle.patience]
method = "rhythm"
multiple = 3
churn_multiple = 3
min_days = 21
max_days = 120
"""


def order(customer: str, timestamp: str, order_id: str, total: float) -> bytes:
    return event("Order Completed", customer, timestamp, order_id=order_id, total=total)


SPLIT = [
    order("split", "2025-03-01T10:00:00Z", "1-A", 30),
    order("split", "2025-03-01T10:00:04Z", "1-B", 20),
    order("split", "2025-03-01T10:20:00Z", "2", 5),
    order("whole", "2025-03-01T10:20:00Z", "3", 55),
]
AFTER_200_DAYS = 1_740_823_200_000 + 200 * 86_400_000


@both
def test_a_split_cart_is_one_occasion(intake: Intake) -> None:
    for policy in (RHYTHM, BGNBD):
        result = intake(SPLIT, policy, until=AFTER_200_DAYS)
        assert [name for name, _ in result.stages("split")] == ["acquired", "at_risk", "churned"]
        assert result.stages("split")[1:] == result.stages("whole")[1:]
        assert result.stages("whole")[1:] == [
            ("at_risk", "2025-04-30T10:20:00.000Z"),
            ("churned", "2025-08-28T10:20:00.000Z"),
        ]
        for figure in ("revenue", "occasions", "mean_gap_days", "days_since_order", "p_alive"):
            assert result.figure("split", figure) == result.figure("whole", figure), figure
        assert (result.figure("split", "orders"), result.figure("split", "occasions")) == (3, 1)
        assert result.figure("split", "average_order_value") < result.figure("whole", "average_order_value")


@both
def test_the_policy_says_what_an_occasion_is(intake: Intake) -> None:
    none = RHYTHM + "[lifecycle]\noccasion_days = 0"
    each = intake(SPLIT, none)
    assert each.figure("split", "occasions") == 3
    assert [name for name, _ in each.stages("split")] == ["acquired", "repeated"]
    ten_minutes = RHYTHM + "[lifecycle]\noccasion_days = 0.00694"
    assert intake(SPLIT, ten_minutes).figure("split", "occasions") == 2


@both
def test_an_occasion_is_undone_when_nothing_of_it_stands(intake: Intake) -> None:
    lines = [*SPLIT[:3], order("split", "2025-03-05T10:00:00Z", "4", 9)]
    one = event("Order Cancelled", "split", "2025-03-06T10:00:00Z", order_id="1-A")
    all_three = [
        event("Order Cancelled", "split", f"2025-03-0{6 + number}T10:00:00Z", order_id=it)
        for number, it in enumerate(("1-A", "1-B", "2"))
    ]
    assert intake(lines).figure("split", "occasions") == 2
    assert intake([*lines, one]).figure("split", "occasions") == 2
    result = intake([*lines, *all_three])
    assert result.figure("split", "occasions") == 1
    assert result.stages("split")[-1] == ("reverted", "2025-03-08T10:00:00.000Z")


@both
def test_a_further_order_of_an_occasion_brings_a_customer_back(intake: Intake) -> None:
    policy = RHYTHM + "[lifecycle]\noccasion_days = 365"
    lines = [order("u", "2025-03-01T10:00:00Z", "1", 5), order("u", "2025-05-11T10:00:00Z", "2", 5)]
    result = intake(lines, policy)
    assert [name for name, _ in result.stages("u")] == ["acquired", "at_risk", "recovered"]
    assert (result.profiles["u"]["stage"], result.figure("u", "occasions")) == ("new", 1)


@both
def test_the_evenness_of_the_rhythm(intake: Intake) -> None:
    days = {"even": (1, 8, 15, 22), "uneven": (1, 2, 3, 22), "two": (1, 8)}
    lines = [
        order(name, f"2025-03-{each:02}T10:00:00Z", f"{name}{each}", 5)
        for name, every in days.items()
        for each in every
    ]
    again = order("even", "2025-03-15T11:00:00Z", "same occasion", 5)
    cancelled = event("Order Cancelled", "uneven", "2025-03-22T11:00:00Z", order_id="uneven22")
    result = intake([*lines, again])
    assert [result.figure(name, "gap_variation") for name in days] == [0, 1.2121, None]
    assert intake([*lines, cancelled]).figure("uneven", "gap_variation") == 0
    asked = "[[segments]]\nkey = 'regular'\nname = 'Regular'\nenter = 'gap_variation <= 0.3'"
    profiles = intake(lines, f"name = 'r'\n{asked}").profiles
    assert {name for name, it in profiles.items() if it["segments"]} == {"even"}
