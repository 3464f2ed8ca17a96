"""CDNOW: all purchases, to the cent."""

from decimal import Decimal

import pytest

from schemas.events import OrderCompleted
from streams.sources import cdnow
from streams.sources.source import SourceEvent, package_file
from tests.unit.streams.sources import laws


@pytest.fixture(scope="module")
def events() -> list[SourceEvent]:
    return cdnow.events()


def test_the_events_say_what_the_file_says(events: list[SourceEvent]) -> None:
    orders = [fact for fact in laws.check(events) if isinstance(fact, OrderCompleted)]
    text = package_file("lifetimes", "datasets/CDNOW_master.txt", "cdnow").read_text()
    lines = [line.split() for line in text.splitlines()[1:]]
    assert len(orders) == len(lines) == 69_659
    assert len({event.key for event in events}) == 23_570
    assert sum(order.total for order in orders) == sum(Decimal(line[3]) for line in lines) * 100
    assert sum(order.items for order in orders) == sum(int(line[2]) for line in lines)


def test_two_purchases_of_a_day_are_two_instants(events: list[SourceEvent]) -> None:
    assert len({(event.key, event.instant) for event in events}) == len(events)
