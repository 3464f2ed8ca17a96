"""CDNOW: all purchases, to the cent."""

from decimal import Decimal

from schemas.events import OrderCompleted
from streams.sources import cdnow
from streams.sources.source import package_file
from tests.unit.streams.sources import laws


def test_the_events_say_what_the_file_says() -> None:
    events = cdnow.events()
    orders = [fact for fact in laws.check(events) if isinstance(fact, OrderCompleted)]
    text = package_file("lifetimes", "datasets/CDNOW_master.txt", "cdnow").read_text()
    lines = [line.split() for line in text.splitlines()[1:]]
    assert len(orders) == len(lines) == 69_659
    assert len({event.key for event in events}) == 23_570
    assert sum(order.total for order in orders) == sum(Decimal(line[3]) for line in lines) * 100
    assert sum(order.items for order in orders) == sum(int(line[2]) for line in lines)


def test_two_purchases_of_a_day_are_two_instants() -> None:
    events = cdnow.events()
    assert len({(event.key, event.instant) for event in events}) == len(events)
