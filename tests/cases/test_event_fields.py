"""Fields of events: what a name in a filter stands for, and where it is read."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from state.features.catalogue import catalogue
from state.policy.compiled import read_policy
from tests.cases.intake import Intake, Result, both, event
from tests.cases.segments import policy, refusal

END = int(datetime(2025, 12, 1, tzinfo=UTC).timestamp() * 1000)


def sent(name: str, timestamp: str = "2025-03-01T12:00:00Z", context: Any = None, **properties: Any) -> bytes:
    whole = json.loads(event(name, "c", timestamp, f"{name}{timestamp}{properties}{context}"[:256], **properties))
    return json.dumps(whole if context is None else {**whole, "context": context}).encode()


def joined(result: Result) -> set[str]:
    return {key for profile in result.profiles.values() for key in profile["segments"]}


@both
def test_what_the_context_says_is_read_where_no_property_does(intake: Intake) -> None:
    lines = [
        sent("App Opened", context={"campaign": {"name": "Spring"}, "os": {"name": "iOS"}, "channel": "mobile"}),
        sent("App Opened", channel="shop", context={"channel": "mobile"}),
        sent("App Opened", campaign={"name": "Autumn"}),
    ]
    conditions = (
        'count("App Opened", where = campaign == "Spring") == 1',
        'count("App Opened", where = os == "iOS") == 1',
        'count("App Opened", where = channel == "mobile") == 1',
        'count("App Opened", where = channel == "shop") == 1',
        'count("App Opened", where = campaign == "Autumn") == 1',
        'count("App Opened", where = channel is not known) == 1',
    )
    result = intake(lines, policy(*conditions), END)
    assert joined(result) == {"s0", "s1", "s2", "s3", "s4", "s5"}
    assert result.bounds == {}


@both
def test_a_policy_says_where_a_field_is_read(intake: Intake) -> None:
    lines = [sent("App Opened", channel="shop", context={"channel": "mobile", "shop": {"ids": [7, "b", None]}})]
    declared = '[context]\nchannel = ["context.channel", "properties.channel"]\nshops = ["context.shop.ids[]"]'
    conditions = ('count("App Opened", where = channel == "mobile" and "7" in shops and "b" in shops) == 1',)
    assert joined(intake(lines, policy(*conditions, head=declared), END)) == {"s0"}


@both
def test_a_context_of_another_shape_costs_only_the_field(intake: Intake) -> None:
    lines = [
        sent("App Opened", context="mobile"),
        sent("App Opened", context=[{"channel": "mobile"}]),
        sent("App Opened", context={"channel": ["mobile"], "campaign": "Spring"}),
    ]
    conditions = ('count("App Opened", where = channel is not known and campaign is not known) == 3',)
    result = intake(lines, policy(*conditions), END)
    assert joined(result) == {"s0"}
    assert result.rejects == []
    assert result.bounds == {"properties": 1}


@both
def test_the_context_is_found_in_what_an_event_is_wrapped_in(intake: Intake) -> None:
    one = json.loads(sent("App Opened", context={"channel": "mobile"}))
    lines = [
        json.dumps({"specversion": "1.0", "data": one}).encode(),
        json.dumps({"batch": [{**one, "messageId": "b"}]}).encode(),
        json.dumps(json.dumps({**one, "messageId": "t"})).encode(),
        b"\0\0\0\0\1" + json.dumps({**one, "messageId": "f"}).encode(),
        json.dumps({**one, "messageId": "n", "timestamp": 1740830400}).encode(),
    ]
    conditions = ('count("App Opened", where = channel == "mobile") == 5',)
    assert joined(intake(lines, policy(*conditions), END)) == {"s0"}


@both
def test_an_order_has_lists_of_brands_categories_and_products(intake: Intake) -> None:
    lines = [
        sent(
            "Order Completed",
            order_id="1",
            total=10,
            products=[
                {"product_id": 7, "brand": "Acme", "category": "Tea", "quantity": 1},
                {"product_id": "8", "brand": "Bolt", "quantity": -1},
                {"product_id": "9", "brand": "Cove", "price": "-2.50"},
                {"product_id": [1], "brand": " "},
            ],
        ),
    ]
    conditions = (
        'count("Order Completed", where = "Acme" in brands and "Tea" in categories and "7" in products) == 1',
        'count("Order Completed", where = "Bolt" in brands or "Cove" in brands) == 0',
        'count("Order Completed", where = brand is known) == 0',
    )
    result = intake(lines, policy(*conditions), END)
    assert joined(result) == {"s0", "s1", "s2"}
    assert result.bounds == {"properties": 1}


@both
def test_an_update_says_anew_what_an_order_holds(intake: Intake) -> None:
    lines = [
        sent("Order Completed", order_id="1", total=10, products=[{"brand": "Acme"}]),
        sent("Order Updated", "2025-03-02T12:00:00Z", order_id="1", total=10, products=[{"brand": "Bolt"}]),
    ]
    conditions = tuple(f'count("Order Completed", where = "{it}" in brands) == 1' for it in ("Acme", "Bolt"))
    assert joined(intake(lines, policy(*conditions), END)) == {"s1"}


@both
def test_a_text_that_is_looked_for_is_found_beyond_the_bound(intake: Intake) -> None:
    lines = [sent("Order Completed", order_id="1", total=10, products=[{"brand": f"b{it}"} for it in range(200)])]
    conditions = ('count("Order Completed", where = "b199" in brands) == 1',)
    result = intake(lines, policy(*conditions), END)
    assert joined(result) == {"s0"}
    assert result.bounds == {"properties": 1}


@both
def test_hours_and_weekdays_are_those_of_the_policys_zone(intake: Intake) -> None:
    # Clocks in Berlin go back from 3 to 2 o'clock on Sunday, 26 October 2025, and forward from 2 to 3 on 30 March.
    lines = [
        sent("App Opened", "2025-03-30T00:59:59.999Z", n=1),
        sent("App Opened", "2025-03-30T01:00:00.000Z", n=2),
        sent("App Opened", "2025-10-26T00:30:00Z", n=3),
        sent("App Opened", "2025-10-26T01:30:00Z", n=4),
        sent("App Opened", "2025-10-26T23:00:00Z", n=5),
    ]
    conditions = (
        'count("App Opened", where = n == 1 and hour == 1 and weekday == "Sunday") == 1',
        'count("App Opened", where = n == 2 and hour == 3) == 1',
        'count("App Opened", where = n in [3, 4] and hour == 2) == 2',
        'count("App Opened", where = n == 5 and hour == 0 and weekday == "Monday") == 1',
        'sum("App Opened", hour) == 8',
    )
    result = intake(lines, policy(*conditions, head='[time]\nzone = "Europe/Berlin"'), END)
    assert joined(result) == {"s0", "s1", "s2", "s3", "s4"}


@both
def test_an_order_that_is_restated_keeps_its_hour(intake: Intake) -> None:
    lines = [
        sent("Order Completed", "2025-03-01T20:00:00Z", order_id="1", total=10),
        sent("Order Updated", "2025-03-03T09:00:00Z", order_id="1", total=12),
    ]
    conditions = ('count("Order Completed", where = hour == 20 and weekday == "Saturday") == 1',)
    assert joined(intake(lines, policy(*conditions), END)) == {"s0"}


@pytest.mark.parametrize(
    ("condition", "told"),
    [
        ('count("A", where = weekday == "Sun") > 1', '`weekday` is never "Sun". did you mean "Sunday"?'),
        ('count("A", where = weekday in ["Monday", "x"]) > 1', '`weekday` is never "x"'),
        ('count("A", where = hour == "18") > 1', "`hour` is a number"),
        ('count("A", where = brands == "Acme") > 1', '`brands` is a list of texts. write `"..." in brands`'),
        ('count("A", where = "Acme" in brand) > 1', "`brand` is not a list"),
        ('sum("A", brands) > 1', "`brands` is a list of texts"),
        ('sum("A", weekday) > 1', "`weekday` is a text"),
        ('count("A", where = context.channel == "app") > 1', "has a dot. name a field of the event"),
    ],
)
def test_what_a_field_cannot_be_is_told(condition: str, told: str) -> None:
    assert told in refusal(condition)


@pytest.mark.parametrize(
    ("declared", "told"),
    [
        ('channel = ["channel"]', '`channel` has "channel", which is no path. write names with dots'),
        ('channel = ["context"]', "which is no path"),
        ('channel = ["traits.plan"]', "which is no path"),
        ('channel = ["properties.a[].b[]"]', "lists within lists"),
        ("channel = []", "`channel` has 0 paths"),
        ('channel = "context.channel"', "write a list of texts in quotation marks"),
        ('"my channel" = ["context.channel"]', 'no field can be named "my channel"'),
        ('true = ["context.channel"]', 'no field can be named "true"'),
    ],
)
def test_a_wrong_path_is_told_with_the_mend(declared: str, told: str) -> None:
    assert told in refusal("loyal", head=f"[context]\n{declared}")


def test_a_policy_without_fields_of_its_own_keeps_its_version() -> None:
    plain = read_policy(policy("loyal"), catalogue).version
    assert read_policy(policy("loyal", head="[context]"), catalogue).version == plain
    assert read_policy(policy("loyal", head='[context]\na = ["context.a"]'), catalogue).version != plain
