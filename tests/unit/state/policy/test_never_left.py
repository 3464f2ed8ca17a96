"""Who stays for ever as a window empties, and the events that a filter of a signal leaves out, are warned of."""

import pytest

from state.features.catalogue import catalogue
from state.policy.compiled import read_policy

SIGNAL = """
[[signals]]
key = "s"
name = "S"
[[signals.steps]]
event = "A"
where = 'channel != "app"'
[signals.unless]
events = ["B"]
where = 'hour != 3 and b not in [1]'
within_days = 1
"""


def told(text: str) -> list[tuple[int, str]]:
    return [(it.line, it.message) for it in read_policy(f'name = "p"{text}', catalogue).warnings]


def test_events_that_a_filter_of_a_signal_leaves_out_are_told() -> None:
    assert told(SIGNAL) == [
        (7, '`channel != "app"` does not hold for events whose `channel` is not known'),
        (10, "`b not in [1]` does not hold for events whose `b` is not known"),
    ]


def told_of(enter: str, leave: str) -> list[str]:
    head = "\n[intake]\nrating_scale = [0, 5]"
    rule = f"{head}\n[[segments]]\nkey = 'k'\nname = 'K'\nenter = '''{enter}'''\nleave = '''{leave}'''\n"
    return [message for _, message in told(rule)]


@pytest.mark.parametrize(
    "value",
    [
        'mean("A", n, 30)',
        'min("A", n, 30, before=9)',
        'max("A", n, hours=5)',
        "average_rating_30d",
        "average_order_value_30d",
        "discount_share_30d",
        "return_rate(30)",
        'top_share("brand", views, 30)',
    ],
)
def test_members_who_stay_as_a_window_empties_are_told(value: str) -> None:
    enter = f"{value} > 0.5"
    assert len(told_of(enter, f"{value} < 0.3")) == 1
    (found,) = told_of(enter, f"{value} > 0.9 and orders > 3")
    assert f"`{value} > 0.9` does not hold once `{value}` goes missing, as its window empties" in found
    for meant in (
        f"not {value} >= 0.3",
        f"{value} < 0.3 or {value} is not known",
        f"{value} < 0.3 or orders_30d == 0",
        f"not ({value} >= 0.3 and orders > 3)",
    ):
        assert told_of(enter, meant) == []


@pytest.mark.parametrize("lasting", ['latest("A", n)', 'mean("A", n)', "average_order_value", "traits.n", "orders_30d"])
def test_nobody_stays_by_what_does_not_go_missing_by_itself(lasting: str) -> None:
    assert told_of(f"{lasting} > 5", f"{lasting} < 3") == []
