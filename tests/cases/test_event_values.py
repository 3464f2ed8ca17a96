"""The smallest and the greatest number of a property, and how many different values it had."""

import pytest

from state.customer.customer import first_seen
from state.features.catalogue import catalogue
from state.policy.compiled import read_policy
from tests.cases.days import at, midnight, ms
from tests.cases.intake import Intake, both, event
from tests.cases.segments import memberships, policy, refusal


def answered(day: float, **properties: object) -> bytes:
    return event("Survey Answered", "c", at(day), f"s{day}{properties}", **properties)


def ordered(day: float, order: str, total: float, **properties: object) -> bytes:
    return event("Order Completed", "c", at(day), f"o{order}{day}", order_id=order, total=total, **properties)


@both
def test_the_greatest_of_a_window_falls_at_midnights_and_the_smallest_rises(intake: Intake) -> None:
    answers = [answered(0, nps=9), answered(1, nps=3), answered(2, nps=6)]
    best = policy('max("Survey Answered", nps, 30) >= 7')
    assert memberships(intake(answers, best, ms(60))) == [("Entered", at(0)), ("Exited", midnight(30))]
    worst = policy('min("Survey Answered", nps, 30) > 4')
    assert memberships(intake(answers, worst, ms(60))) == [
        ("Entered", at(0)),
        ("Exited", at(1)),
        ("Entered", midnight(31)),
        ("Exited", midnight(32)),
    ]


@both
def test_they_are_missing_without_a_number_and_of_all_time_without_days(intake: Intake) -> None:
    known = policy('max("Survey Answered", nps) is known')
    result = intake([answered(0), answered(1, nps="n/a"), answered(2, nps=" -3.5 "), answered(3, nps=True)], known)
    assert memberships(result) == [("Entered", at(2))]
    assert result.figure("c", 'max("Survey Answered", nps)') == -3.5
    assert result.bounds == {"properties": 2}


@both
def test_an_order_that_is_undone_leaves_no_trace(intake: Intake) -> None:
    asked = policy('max("Order Completed", total, 90) >= 100 or distinct("Order Completed", channel) >= 2')
    bought = [ordered(0, "a", 20, channel="app"), ordered(1, "b", 100, channel="web")]
    cancelled = event("Order Cancelled", "c", at(5), "x", order_id="b")
    assert memberships(intake([*bought, cancelled], asked, ms(90))) == [("Entered", at(1)), ("Exited", at(5))]
    updated = event("Order Updated", "c", at(6), "u", order_id="b", total=99, channel="app")
    assert memberships(intake([*bought, updated], asked, ms(90))) == [("Entered", at(1)), ("Exited", at(6))]


@both
def test_the_greatest_of_one_day_is_found_again(intake: Intake) -> None:
    asked = policy('max("Order Completed", total, 90) >= 50')
    bought = [ordered(0, "a", 60), ordered(0.1, "b", 100), ordered(0.2, "c", 10)]
    undone = [event("Order Cancelled", "c", at(5 + n), f"x{n}", order_id=it) for n, it in enumerate("ba")]
    assert memberships(intake([*bought, *undone], asked, ms(90))) == [("Entered", at(0)), ("Exited", at(6))]


@both
def test_an_earlier_window_has_its_own(intake: Intake) -> None:
    asked = policy('max("Survey Answered", nps, 7) > max("Survey Answered", nps, 7, before = 7)')
    result = intake([answered(0, nps=6), answered(8, nps=7), answered(9, nps=5)], asked, ms(60))
    assert memberships(result) == [("Entered", at(8)), ("Exited", midnight(14))]
    only_app = policy('min("Survey Answered", nps, where = platform == "ios") < 5')
    answers = [answered(0, nps=1, platform="web"), answered(1, nps=4, platform="ios")]
    assert memberships(intake(answers, only_app)) == [("Entered", at(1))]


@both
def test_different_values_are_counted_and_leave_with_their_last_day(intake: Intake) -> None:
    asked = policy('distinct("Survey Answered", topic, 10) >= 2')
    topics = [(0, "price"), (1, "service"), (3, "price"), (4, "price")]
    result = intake([answered(day, topic=it) for day, it in topics], asked, ms(60))
    assert memberships(result) == [("Entered", at(1)), ("Exited", midnight(11))]


@both
def test_values_are_one_if_their_texts_are(intake: Intake) -> None:
    asked = policy('distinct("Survey Answered", topic) >= 1')
    values = (7, "7", 7.0, "7.0", 0.5, "0.5", True, "true", "True", "", " ", None)
    lines = [answered(day, topic=it) for day, it in enumerate(values)]
    assert intake(lines, asked).figure("c", 'distinct("Survey Answered", topic)') == 5


@both
def test_of_a_list_each_text_is_a_value(intake: Intake) -> None:
    asked = policy('distinct("Order Completed", brands, 365) >= 3')
    lines = [
        ordered(0, "a", 5, products=[{"brand": "Acme"}, {"brand": "Bolt"}, {"brand": "Acme"}]),
        ordered(1, "b", 5, products=[{"brand": "Bolt"}, {"brand": "Coil"}]),
    ]
    assert memberships(intake(lines, asked)) == [("Entered", at(1))]


@both
def test_so_many_different_values_are_counted_and_more_are_told(intake: Intake) -> None:
    asked = policy('distinct("Survey Answered", page) == 1000 and distinct("Survey Answered", page, 400) == 1000')
    seen = [answered(number / 800, page=f"p{number % 1100}") for number in range(1600)]
    result = intake(seen, asked, ms(500))
    # From the 1101st on, pages come again that were forgotten for others.
    assert result.figure("c", 'distinct("Survey Answered", page)') == 1000
    assert result.bounds == {"properties": 600}
    # Without the events of the first day, 1,100 pages are left; without those of the second, 400.
    assert memberships(result) == [("Entered", at(999 / 800)), ("Exited", midnight(401))]


@both
def test_whoever_had_too_many_values_has_as_many_as_stand(intake: Intake) -> None:
    asked = policy('distinct("Order Completed", coupon_code) == 999')
    bought = [ordered(number / 1000, f"o{number}", 5, coupon_code=f"k{number}") for number in range(1001)]
    undone = [event("Order Cancelled", "c", at(5 + n), f"x{n}", order_id=f"o{n + 7}") for n in range(3)]
    entered = memberships(intake([*bought, *undone], asked))
    assert entered == [("Entered", at(0.998)), ("Exited", at(0.999)), ("Entered", at(6)), ("Exited", at(7))]


@pytest.mark.parametrize(
    ("condition", "told"),
    [
        ('max("A", brands) > 1', "`brands` is a list of texts"),
        ('min("A", "total") > 1', "`number` is the name of a property. write total, without quotation marks"),
        ('distinct("A") > 1', "`field` is missing. write it as in `distinct"),
        ('distinct("A", product, 30, before = 30) > 1', "`distinct` has no argument `before`"),
        ('maximum("A", total) > 1', "there is no function `maximum`"),
        ('max("A", total, before = 30) > 1', "`before` is given, and no window"),
    ],
)
def test_a_wrong_call_is_told_with_the_mend(condition: str, told: str) -> None:
    assert told in refusal(condition)


@pytest.mark.parametrize(("asked", "holds"), [("> 524287 / 3", True), ("<= 524287 / 3", False)])
def test_a_mean_of_many_numbers_is_compared_as_it_is(asked: str, holds: bool) -> None:
    number, count = 524287, 50_000
    total = (number * count * 1_000_000 + 1) // 3
    # A double cannot tell so many from a third, which is a millionth less than their sum says.
    assert 3 * total - number * count * 1_000_000 == 1 and total / (count * 1_000_000) == number / 3
    compiled = read_policy(policy(f'mean("Survey Answered", nps) {asked}'), catalogue)
    customer = first_seen(0)
    (counted,) = compiled.counted_events["Survey Answered"]
    customer.activity.add(counted, 0, 0, {"nps": 1})
    occurrences = customer.activity.occurrences(counted.key)
    assert occurrences is not None
    amounts = occurrences.amounts["nps"]
    amounts.count, amounts.total = count, total
    assert compiled.segments[0].enter.holds(customer, 0) is holds
