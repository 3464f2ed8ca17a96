"""Activity under a policy and then under another: what is new begins with it, and what is taken back was given."""

import pytest

from schemas.events import Trait
from state.customer.activity import Activity
from state.customer.counted_events import CountedEvents

APP = CountedEvents(1, accepts=lambda properties: properties.get("channel") == "app")
APP_BY_DAY = APP._replace(window_days=365)
ALL = CountedEvents(2, numbers=("margin",))
BY_APP: dict[str, Trait] = {"channel": "app", "margin": 2}


def read_again(activity: Activity) -> Activity:
    again = Activity.unpacked(activity.packed())
    for key in again.events:
        again.occurrences(key)
    return again


@pytest.fixture
def activity() -> Activity:
    return Activity({}, {})


def test_an_order_is_taken_off_a_day_only_if_it_was_counted_on_it(activity: Activity) -> None:
    activity.place_order(1, 10, 5, [APP], BY_APP)
    activity.keep([APP_BY_DAY], counts_orders=True)
    activity.place_order(2, 20, 5, [APP_BY_DAY], BY_APP)
    activity.undo_order(1, [APP])
    assert (activity.count(1), activity.count_since(1, 5)) == (1, 1)
    activity.undo_order(2, [APP])
    assert (activity.count(1), activity.count_since(1, 5)) == (0, 0)


def test_windows_that_a_policy_does_not_ask_for_begin_again(activity: Activity) -> None:
    activity.place_order(1, 10, 5, [APP_BY_DAY], BY_APP)
    activity.keep([APP], counts_orders=True)
    activity.place_order(2, 20, 6, [APP], BY_APP)
    activity.keep([APP_BY_DAY], counts_orders=True)
    activity.place_order(3, 30, 6, [APP_BY_DAY], BY_APP)
    activity.undo_order(1, [APP_BY_DAY])
    activity.undo_order(2, [APP_BY_DAY])
    assert (activity.count(1), activity.count_since(1, 0)) == (1, 1)


def test_a_sum_that_a_policy_does_not_ask_for_begins_again(activity: Activity) -> None:
    activity.add(ALL, 10, 5, {"margin": 5})
    activity.keep([ALL._replace(numbers=())], counts_orders=False)
    activity.add(ALL._replace(numbers=()), 20, 5, {"margin": 7})
    activity.keep([ALL], counts_orders=False)
    assert (activity.total(2, "margin"), activity.last_number(2, "margin"), activity.count(2)) == (0, None, 2)


def test_orders_that_a_policy_does_not_count_are_forgotten(activity: Activity) -> None:
    activity.place_order(1, 10, 5, [APP], BY_APP)
    activity.keep([ALL], counts_orders=False)
    activity.keep([APP], counts_orders=True)
    activity.restate_order(1, [APP], BY_APP)
    assert activity.count(1) == 0
    assert read_again(activity) == activity


VALUES = CountedEvents(3, window_days=365, greatest=("-margin", "margin"), distinct=("channel",))


def test_days_of_values_begin_with_the_policy_that_asks_for_windows(activity: Activity) -> None:
    forever = VALUES._replace(window_days=0, ever=frozenset(["channel"]))
    activity.add(forever, 10, 5, {"margin": 9, "channel": "app"})
    activity.keep([VALUES._replace(ever=forever.ever)], counts_orders=False)
    assert (activity.greatest(3, "margin"), activity.distinct(3, "channel")) == (9_000_000, 1)
    assert (activity.greatest_between(3, "margin", 0), activity.distinct_since(3, "channel", 0)) == (None, 0)
    activity.add(VALUES, 20, 6, {"margin": 4, "channel": "web"})
    assert (activity.greatest_between(3, "margin", 0), activity.distinct_since(3, "channel", 0)) == (4_000_000, 1)


def test_values_that_a_policy_does_not_ask_for_begin_again(activity: Activity) -> None:
    activity.place_order(1, 10, 5, [VALUES], {"margin": 9, "channel": "app"})
    activity.keep([CountedEvents(3)], counts_orders=True)
    activity.keep([VALUES], counts_orders=True)
    activity.place_order(2, 20, 6, [VALUES], {"margin": 4, "channel": "web"})
    activity.undo_order(1, [VALUES])
    assert (activity.greatest(3, "margin"), activity.greatest(3, "-margin")) == (4_000_000, -4_000_000)
    assert activity.distinct(3, "channel") == 1


def test_values_of_orders_that_can_no_longer_be_undone_stay(activity: Activity) -> None:
    activity.place_order(1, 10, 5, [VALUES], {"margin": 9, "channel": "app"})
    activity.place_order(2, 11, 5, [VALUES], {"margin": 5, "channel": "web"})
    activity.forget_orders(0, 1, [VALUES])
    assert read_again(activity) == activity
    activity.undo_order(1, [VALUES])
    activity.place_order(3, 20, 6, [VALUES], {"margin": 12, "channel": "tv"})
    activity.undo_order(2, [VALUES])
    activity.undo_order(3, [VALUES])
    assert (activity.greatest(3, "margin"), activity.greatest_between(3, "margin", 5)) == (9_000_000, 9_000_000)
    assert (activity.distinct(3, "channel"), activity.distinct_since(3, "channel", 6)) == (1, 0)
    assert read_again(activity) == activity


def test_what_can_no_longer_be_undone_stays_the_last(activity: Activity) -> None:
    activity.place_order(1, 10, 5, [ALL], {"margin": 1})
    activity.forget_orders(6, 10, [ALL])
    activity.place_order(2, 20, 6, [ALL], {"margin": 3})
    activity.undo_order(2, [ALL])
    assert (activity.first(2), activity.last(2), activity.last_number(2, "margin")) == (10, 10, 1_000_000)
