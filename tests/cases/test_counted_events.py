"""Counted events: any event that the policy names is counted, and makes and changes a customer."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from state.features.catalogue import catalogue
from state.policy.compiled import read_policy
from tests.cases.intake import Intake, both, event
from tests.cases.segments import memberships, policy, refusal

FIRST = datetime(2025, 1, 10, 12, tzinfo=UTC)


def day(number: float) -> str:
    return (FIRST + timedelta(days=number)).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def ms(number: float) -> int:
    return int((FIRST + timedelta(days=number)).timestamp() * 1000)


def sent(number: float, name: str = "Referral Sent", message_id: str | None = None, **more: Any) -> bytes:
    return event(name, "c", day(number), message_id or f"{name}{number}", **more)


@both
def test_an_event_that_the_policy_counts_makes_a_customer(intake: Intake) -> None:
    asked = 'count("Referral Sent", 90) >= 2'
    result = intake([sent(0), sent(5), sent(6, "Sign Sent")], policy(asked), ms(200))
    assert memberships(result) == [("Entered", day(5)), ("Exited", "2025-04-10T00:00:00.000Z")]
    assert result.unknown_names == {"Sign Sent": 1}
    assert result.transitions["c"][0]["properties"]["stage"] == "prospect"
    assert result.figure("c", 'count("Referral Sent", 90)') == 0


@both
def test_it_says_why_and_what_caused_it(intake: Intake) -> None:
    result = intake([sent(0, message_id="m1")], policy('count("referral_sent") >= 1'), ms(1))
    entered = next(it for it in result.transitions["c"] if "audience_key" in it["properties"])
    assert entered["properties"]["why"] == 'count("referral_sent") 1 >= 1'
    assert entered["properties"]["cause_event"] == "referral_sent"


@both
def test_all_spellings_of_a_name_are_one_event(intake: Intake) -> None:
    lines = [sent(0, "referral_sent"), sent(1, "Referral Sent"), sent(2, "REFERRAL-SENT"), sent(3, "Referral Sents")]
    result = intake(lines, policy('count("Referral Sent") == 3', 'count("referralSent", 30) == 3'))
    assert memberships(result) == [("Entered", day(2)), ("Entered", day(2))]


@both
def test_time_since_an_event_is_a_deadline(intake: Intake) -> None:
    conditions = ('days_since_last("App Opened") > 7', 'days_since_first("App Opened") >= 10')
    result = intake([sent(0, "App Opened"), sent(2, "App Opened")], policy(*conditions), ms(30))
    assert memberships(result) == [("Entered", "2025-01-19T12:00:00.001Z"), ("Entered", day(10))]


@both
def test_events_that_are_known_are_counted_by_their_names(intake: Intake) -> None:
    lines = [sent(0, "Product Viewed"), sent(1, "Viewed Product"), sent(2, "Product Added"), sent(3, "Product Viewed")]
    conditions = (
        'count("Product Viewed", 30) >= 3',
        'count("Product Added") >= 1 and days_since_last("page") is not known',
    )
    assert memberships(intake(lines, policy(*conditions))) == [("Entered", day(2)), ("Entered", day(3))]


@both
def test_orders_count_as_long_as_they_stand(intake: Intake) -> None:
    order: dict[str, Any] = {"order_id": "o", "total": 10}
    lines = [sent(0, "Order Completed", **order), sent(3, "Order Cancelled", order_id="o")]
    conditions = ('count("Order Completed", 60) >= 1', 'count("Order Cancelled") >= 1')
    assert memberships(intake(lines, policy(*conditions))) == [
        ("Entered", day(0)),
        ("Exited", day(3)),
        ("Entered", day(3)),
    ]


@both
def test_an_event_sent_twice_counts_once_and_one_that_is_late_in_its_place(intake: Intake) -> None:
    lines = [sent(0.01), sent(0.02, message_id="x"), sent(0.02, message_id="x"), sent(0)]
    result = intake(lines, policy('count("Referral Sent") >= 3', 'days_since_first("Referral Sent") > 1'), ms(2))
    assert memberships(result)[-1] == ("Entered", "2025-01-11T12:00:00.001Z")
    assert result.duplicates == 1


@both
def test_calls_that_are_no_track_are_counted_by_their_type(intake: Intake) -> None:
    group = json.dumps(
        {"type": "group", "userId": "c", "messageId": "g", "timestamp": day(0), "groupId": "acme", "traits": {}}
    ).encode()
    assert memberships(intake([group], policy('count("group") >= 1'))) == [("Entered", day(0))]


@pytest.mark.parametrize(
    ("condition", "told"),
    [
        ('counts("A") > 1', "there is no function `counts`. did you mean `count`"),
        ("count(Referral) > 1", '`event` is a text in quotation marks. write "Referral"'),
        ("count() > 1", "`event` is missing. write it as in `count("),
        ('count("A", 30, 60) > 1', "`count` takes 2 without a name"),
        ('count("A", days = 0) > 1', "0 days are no window. a window has 1 to 400 days"),
        ('count("A", 30.5) > 1', "`days` is a whole number of days"),
        ('count("A", true) > 1', "`days` is a whole number of days"),
        ('count("A", dayz = 3) > 1', "`count` has no argument `dayz`. did you mean `days`?"),
        ('count("A", 30, days = 30) > 1', "`days` is given twice"),
        ('count(" ") > 1', "`event` is empty"),
        ('count(*["A"]) > 1', "`event` is a text in quotation marks"),
        ('count("A")', "is a number, not a yes or no"),
        ('days_since_last("A") == 3', "for a single millisecond"),
        ('"a".count("b") > 1', "there is no function"),
    ],
)
def test_a_wrong_call_is_told_with_the_mend(condition: str, told: str) -> None:
    assert told in refusal(condition)


@both
def test_only_events_that_the_filter_accepts_are_counted(intake: Intake) -> None:
    lines = [
        sent(0, "App Opened", platform="ios", version=3),
        sent(1, "App Opened", platform="android", version=4),
        sent(2, "App Opened", platform="ios"),
        sent(3, "App Opened", platform=["ios"], version="4"),
        sent(4, "App Opened", platform="ios", version=4.5, beta=True),
    ]
    conditions = (
        'count("App Opened", 30, where = platform == "ios") >= 3',
        'count("App Opened", where = version > 3.5 and platform in ["ios", "android"]) == 2',
        'count("App Opened", where = version is not known or beta) >= 2',
        'days_since_last("App Opened", where = platform == "android") > 5',
        'days_since_first("App Opened", where=not (platform == "ios")) is known and count("App Opened") == 2',
    )
    result = intake(lines, policy(*conditions), ms(10))
    entered = {
        it["properties"]["audience_key"]: it["timestamp"] for it in result.transitions["c"] if "Entered" in it["event"]
    }
    assert entered == {
        "s0": day(4),
        "s1": day(4),
        "s2": day(4),
        "s3": "2025-01-16T12:00:00.001Z",
        "s4": day(1),
    }
    assert result.bounds == {"properties": 1}


@both
def test_numbers_are_added_up_exactly(intake: Intake) -> None:
    lines = [
        sent(0, "Points Earned", points=0.1),
        sent(1, "Points Earned", points="0.2"),
        sent(2, "Points Earned", points=-100),
        sent(3, "Points Earned", points="many"),
        sent(4, "Points Earned", points=None),
        sent(5, "Points Earned", points=1e13),
        sent(6, "Points Earned"),
    ]
    asked = 'sum("Points Earned", points, 3) == 0.3 and mean("Points Earned", points) == 0.15'
    result = intake(lines, policy(asked, 'latest("Points Earned", points) == -100', "orders == 0"), ms(20))
    assert memberships(result)[1:4] == [("Entered", day(1)), ("Exited", day(2)), ("Entered", day(2))]
    assert result.figure("c", 'sum("Points Earned", points, 3)') == 0
    assert result.figure("c", 'mean("Points Earned", points)') == pytest.approx(-33.2333)
    assert result.bounds == {"properties": 2}


@both
def test_a_number_that_its_sum_has_no_room_for_is_told(intake: Intake) -> None:
    lines = [sent(number, "Points Earned", points=it) for number, it in enumerate((1e12,) * 9 + (1, 0, -1))]
    result = intake(lines, policy('sum("Points Earned", points) == 9000000000000'))
    assert result.figure("c", 'sum("Points Earned", points)') == 9e12
    assert result.bounds == {"properties": 2}


@both
def test_an_order_that_is_stated_anew_has_the_room_of_what_it_was(intake: Intake) -> None:
    lines = [
        *(sent(number, "Order Completed", order_id=f"o{number}", total=1, points=1e12) for number in range(9)),
        sent(10, "Order Updated", order_id="o3", total=1, points=9e11),
        sent(11, "Order Completed", order_id="o10", total=1, points=1e12),
        sent(12, "Order Updated", order_id="never seen", total=1, points=1e12),
    ]
    result = intake(lines, policy('sum("Order Completed", points) > 0'))
    assert result.figure("c", 'sum("Order Completed", points)') == 8.9e12
    assert result.bounds == {"properties": 1}


@both
def test_a_window_that_loses_a_negative_number_rises_by_itself(intake: Intake) -> None:
    lines = [sent(0, "Points Earned", points=-5), sent(1, "Points Earned", points=7)]
    result = intake(lines, policy('sum("Points Earned", points, 2) >= 7'), ms(20))
    assert memberships(result) == [("Entered", "2025-01-12T00:00:00.000Z"), ("Exited", "2025-01-13T00:00:00.000Z")]


@both
def test_properties_of_known_events_can_be_read(intake: Intake) -> None:
    lines = [sent(number, "Product Viewed", category=it) for number, it in enumerate(("Shoes", "Hats", "Shoes"))]
    asked = 'count("Product Viewed", 30, where = category == "Shoes") >= 2'
    result = intake(lines, policy(asked, "views_30d >= 3"))
    assert memberships(result) == [("Entered", day(2)), ("Entered", day(2))]


@both
def test_records_of_one_event_that_differ_in_what_is_read_are_a_conflict(intake: Intake) -> None:
    lines = [sent(0, message_id="m", to="a"), sent(0, message_id="m", to="b"), sent(0, message_id="m", to="a", x=1)]
    result = intake(lines, policy('count("Referral Sent", where = to == "a") >= 1'))
    assert [reason for _, reason in result.rejects] == ["conflict"]
    assert result.duplicates == 1


@pytest.mark.parametrize(
    ("condition", "told"),
    [
        ('count("A", where = "x") > 1', "`where` is a condition on properties of the event"),
        ('count("A", where = platfrm == ios) > 1', "column 20: in `where`: two properties cannot be compared"),
        ('count("A", where = a == 1 and b > "x") > 1', "column 31: in `where`: `>` compares numbers only"),
        ('count("A", where = known == 3) > 1', "column 20: in `where`: `known` stands only after `is`"),
        ('count("A", where = a + 1 is "x") > 1', "column 20: in `where`: after `is` comes"),
        ('count("A", where = \u00b5 == 3) > 1', "the name `\u00b5` is not in Unicode's normal form"),
        ('count("A", where = context.channel == "app") > 1', "`context.channel` has a dot"),
        ('count("A", where = count("B") > 1) > 1', "is a call"),
        ('count("A", where = x > 1, where = y) > 1', "`where` is given twice"),
        ('sum("A") > 1', "`number` is missing"),
        ('sum("A", "points") > 1', "`number` is the name of a property. write points, without quotation marks"),
        ('mean("A", points, 401) > 1', "401 days are no window"),
    ],
)
def test_a_wrong_filter_or_number_is_told(condition: str, told: str) -> None:
    assert told in refusal(condition)


APP = 'count("Order Completed", 60, where = channel == "app") >= 2'


def bought(
    number: float, order_id: str, channel: str | None = "app", name: str = "Order Completed", **more: Any
) -> bytes:
    return sent(number, name, order_id=order_id, total=10, channel=channel, **more)


def undone(number: float, order_id: str, name: str = "Order Cancelled", **more: Any) -> bytes:
    return sent(number, name, f"{name}{number}", order_id=order_id, **more)


@both
def test_orders_that_a_filter_accepts_count_as_long_as_they_stand(intake: Intake) -> None:
    lines = [bought(0, "a"), bought(1, "b", "web"), bought(2, "c"), undone(5, "c"), bought(9, "d"), bought(9.5, "c")]
    result = intake(lines, policy(APP), ms(200))
    assert memberships(result) == [
        ("Entered", day(2)),
        ("Exited", day(5)),
        ("Entered", day(9)),
        ("Exited", "2025-03-11T00:00:00.000Z"),
    ]


@both
def test_what_an_update_says_of_an_order_decides_from_then_on_in_its_place(intake: Intake) -> None:
    lines = [bought(0, "a", "web"), bought(1, "b"), bought(2, "a", name="Order Updated"), bought(3, "b", None)]
    result = intake(lines, policy(APP, 'days_since_first("Order Completed", where = channel == "app") >= 4'), ms(50))
    assert memberships(result) == [("Entered", day(2)), ("Exited", day(3)), ("Entered", day(4))]


@both
def test_numbers_of_orders_are_taken_back_with_them(intake: Intake) -> None:
    lines = [
        bought(0, "a", margin=5),
        bought(1, "b", "web", margin="2.5"),
        bought(2, "c", margin=-1),
        undone(3, "c", "Order Refunded", total=4),
        undone(4, "c", "Order Refunded"),
        undone(5, "b"),
        bought(6, "d", margin="none"),
    ]
    asked = 'sum("Order Completed", margin, 30) == 6.5 or latest("Order Completed", margin) == -1'
    told = 'mean("Order Completed", margin, where = channel == "app") == 5 and count("Order Completed") == 2'
    result = intake(lines, policy(asked, told), ms(20))
    assert memberships(result) == [
        ("Entered", day(1)),
        *(("Entered", day(2)), ("Exited", day(2))),
        *(("Exited", day(4)), ("Entered", day(4))),
        ("Exited", day(5)),
        ("Entered", day(6)),
    ]
    assert result.figure("c", 'latest("Order Completed", margin)') == 5
    assert result.bounds == {"properties": 1}


@both
def test_an_order_that_can_no_longer_be_undone_goes_on_to_count(intake: Intake) -> None:
    some = "[orders]\nundo_days = 10\n"
    asked = ('count("Order Completed", where = channel == "app") >= 2', 'latest("Order Completed", margin) == 1')
    lines = [bought(0, "a", margin=1), bought(20, "b", margin=2), undone(21, "b"), undone(22, "a")]
    result = intake(lines, policy(*asked).replace("[[segments]]", some + "[[segments]]", 1), ms(40))
    assert memberships(result) == [
        ("Entered", day(0)),
        ("Entered", day(20)),
        ("Exited", day(20)),
        ("Exited", day(21)),
        ("Entered", day(21)),
    ]
    assert [reason for _, reason in result.rejects] == ["forgotten"]


@both
def test_a_sum_of_many_large_numbers_is_kept_within_64_bits(intake: Intake) -> None:
    lines = [sent(number / 100, "Points Earned", points=1e12) for number in range(19)]
    result = intake(lines, policy('sum("Points Earned", points) > 1'), ms(2))
    assert result.rejects == []
    assert result.figure("c", 'sum("Points Earned", points)') == 9e12


@both
def test_of_orders_at_one_instant_the_later_in_order_is_the_last(intake: Intake) -> None:
    lines = [
        sent(0, "Order Completed", "m1", order_id="1", total=10),
        sent(0, "Order Completed", "m2", order_id="2", total=20),
        sent(1, "Order Completed", "m3", order_id="3", total=30),
        undone(2, "3"),
        sent(3, "Order Updated", "m5", order_id="1", total=11),
    ]
    result = intake(lines, policy('latest("Order Completed", total) == 20'), ms(5))
    assert memberships(result) == [("Entered", day(0)), ("Exited", day(1)), ("Entered", day(2))]


@both
def test_a_property_that_one_condition_adds_up_is_compared_by_another_as_it_was_sent(intake: Intake) -> None:
    lines = [sent(0, code="A1"), sent(1, code="7")]
    conditions = ('count("Referral Sent", where = code == "A1") > 0', 'sum("Referral Sent", code) >= 7')
    result = intake(lines, policy(*conditions))
    assert memberships(result) == [("Entered", day(0)), ("Entered", day(1))]
    assert result.bounds == {"properties": 1}


@pytest.mark.parametrize(
    "condition",
    [
        'count("Referral" "Sent") > 1',
        'count("A", where = c in ["DE" "FR"]) > 1',
        'count("A", where = c == "DE" "FR") > 1',
        'starts_with(traits.a, "DE" "FR")',
    ],
)
def test_texts_side_by_side_are_refused_in_calls(condition: str) -> None:
    assert "two texts stand side by side" in refusal(condition)


def test_no_event_is_named_by_signs_alone_or_by_too_many_letters_or_like_a_request() -> None:
    for name in ("-", "x" * 257, "segment_republish_requested"):
        assert "no event can be named" in refusal(f'count("{name}") > 1')


def test_filters_in_two_forms_are_one() -> None:
    forms = ('x in ["a", "b"] and y >= 50 and z == true', "((x in ('a','b')) and y >= 50.0 and z == True)")
    features = read_policy(policy(*(f'count("A", where = {it}) > 1' for it in forms)), catalogue).catalogue.features
    assert len([it for it in features.values() if it.counts is not None]) == 1
