"""The simulated shop: the same for the same seed, usable throughout, plainly called simulated."""

from collections import Counter
from pathlib import Path

import orjson
import pytest
from click.testing import CliRunner

from schemas.events import OrderCompleted, OrderRefunded, OrderUpdated
from schemas.instant import from_text
from streams.cli.commands.simulate import command
from streams.sources import simulated
from streams.sources.named import open_source
from streams.sources.source import SourceEvent
from tests.unit.streams.sources import laws

EXPECTED = {
    "identify",
    "page",
    *("Order Completed", "Order Updated", "Order Refunded", "Order Cancelled", "Coupon Applied"),
    *("Product Viewed", "Product Added", "Product Removed", "Products Searched", "Cart Viewed", "Checkout Started"),
    *("Support Ticket Created", "Support Ticket Solved", "Support Ticket Reopened", "Support Ticket Rated"),
    *("Live Chat Conversation Started", "Live Chat Conversation Ended"),
}


@pytest.fixture(scope="module")
def events() -> list[SourceEvent]:
    return simulated.events(customers=300, days=365, seed=7)


def names(events: list[SourceEvent]) -> Counter[str]:
    values = (orjson.loads(event.value) for event in events)
    return Counter(value.get("event") or value["type"] for value in values)


def test_every_event_is_usable_and_in_order(events: list[SourceEvent]) -> None:
    laws.check(events)


def test_all_kinds_occur(events: list[SourceEvent]) -> None:
    assert set(names(events)) == EXPECTED


def test_nobody_takes_it_for_real(events: list[SourceEvent]) -> None:
    for event in events:
        value = orjson.loads(event.value)
        assert value["messageId"].startswith("sim-")
        assert value["userId"].startswith("sim-")
        assert value["traits" if value["type"] == "identify" else "properties"]["simulated"] is True


def test_it_stays_within_its_days(events: list[SourceEvent]) -> None:
    assert events[0].instant >= from_text("2025-01-01")
    assert events[-1].instant < from_text("2026-01-01")


def test_refunds_are_not_more_than_was_paid(events: list[SourceEvent]) -> None:
    paid: dict[str, int] = {}
    for fact in laws.check(events):
        if isinstance(fact, OrderCompleted | OrderUpdated):
            paid[fact.order_id] = fact.total
        elif isinstance(fact, OrderRefunded):
            assert fact.total is not None
            assert 0 < fact.total <= paid[fact.order_id]


def test_more_customers_change_nothing_about_the_first(events: list[SourceEvent]) -> None:
    few = simulated.events(customers=20, days=365, seed=7)
    keys = {event.key for event in few}
    assert len(keys) == 20
    assert few == [event for event in events if event.key in keys]


def test_another_seed_is_another_shop() -> None:
    assert simulated.events(customers=3, seed=1) != simulated.events(customers=3, seed=2)


@pytest.mark.parametrize("name", ["events.jsonl", "events.jsonl.gz"])
def test_the_same_seed_gives_the_same_bytes(tmp_path: Path, name: str) -> None:
    written = []
    for folder in ("first", "second"):
        path = tmp_path / folder / name
        path.parent.mkdir()
        asked = ["--customers", "20", "--days", "60", "--seed", "3", "--start", "2024-06-01", "--out", str(path)]
        result = CliRunner().invoke(command, asked)
        assert result.exit_code == 0, result.output
        written.append(path.read_bytes())
    assert written[0] == written[1]
    assert [it._replace(number=0) for it in open_source(str(path)).events] == simulated.events(
        20, 60, 3, from_text("2024-06-01")
    )


def test_a_wrong_instant_is_said_plainly(tmp_path: Path) -> None:
    result = CliRunner().invoke(command, ["--start", "yesterday", "--out", str(tmp_path / "events.jsonl")])
    assert result.exit_code == 2
    assert "write it like" in result.output
