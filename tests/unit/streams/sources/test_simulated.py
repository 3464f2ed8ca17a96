"""The simulated shop: the same for the same seed, usable throughout, plainly called simulated."""

from collections import Counter
from itertools import pairwise
from pathlib import Path

import orjson
import pytest
from click.testing import CliRunner

from schemas.envelope import decode
from schemas.events import OrderCompleted, OrderRefunded, OrderUpdated
from schemas.instant import from_text
from schemas.intake import Intake
from schemas.money import Exchange
from streams.cli.commands.simulate import command
from streams.sources import simulated
from streams.sources.named import open_source
from streams.sources.source import SourceEvent
from tests.unit.streams.sources import laws

SHOP_EVENTS = {
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
    assert set(names(events)) == SHOP_EVENTS


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


EUROS = Intake(Exchange("USD", 10_000_000, {"EUR": 1.1}))
OTHERS = {
    "grocery": {
        *("identify", "Trial Started", "Subscription Started", "Subscription Paused", "Subscription Resumed"),
        *("Subscription Cancelled", "Order Completed", "Parcel Delivered", "Box Skipped", "Review Written"),
        *("Payment Failed", "Referral Sent", "App Opened", "Product Viewed"),
        *("Support Ticket Created", "Support Ticket Solved"),
    },
    "software": {
        *("identify", "group", "Brochure Requested", "Trial Started", "Feature Used", "Contract Signed"),
        *("Installation Finished", "Contract Ended", "Order Completed", "Survey Answered"),
        *("Support Ticket Created", "Support Ticket Solved"),
    },
    "club": {
        *("identify", "Order Completed", "Points Earned", "Points Spent", "App Opened", "Referral Sent"),
        *("Product Shared", "Survey Answered", "Campaign Shown", "Campaign Opened"),
    },
    "cars": {
        *("identify", "Car Configured", "Brochure Requested", "Test Drive Booked", "Test Drive Taken"),
        *("Order Completed", "Car Delivered", "Service Completed", "Survey Answered"),
        *("Support Ticket Created", "Support Ticket Solved"),
    },
}


@pytest.mark.parametrize("business", OTHERS)
def test_each_business_has_its_events(business: str) -> None:
    drawn = simulated.events(customers=400, business=business)
    known = [it for it in (decode(event.value, event.key, EUROS).fact for event in drawn) if it is not None]
    assert len({it.message_id for it in known}) == len(known)
    assert all(earlier.instant <= later.instant for earlier, later in pairwise(drawn))
    assert set(names(drawn)) == OTHERS[business]
    for event in drawn:
        value = orjson.loads(event.value)
        assert value["userId"].startswith(f"sim-{business}-")
        assert value["messageId"].startswith(f"sim-{business}-")


@pytest.mark.parametrize("business", OTHERS)
def test_each_business_is_the_same_for_the_same_seed(business: str) -> None:
    few = simulated.events(customers=10, seed=3, business=business)
    keys = {event.key for event in few}
    more = simulated.events(customers=30, seed=3, business=business)
    assert few == [event for event in more if event.key in keys]
    assert list(open_source(f"simulated-{business}", customers=10).events) == simulated.events(10, business=business)


def test_users_of_an_account_sign_at_one_instant() -> None:
    signed: dict[str, set[str]] = {}
    accounts: dict[str, str] = {}
    for event in simulated.events(customers=200, business="software"):
        value = orjson.loads(event.value)
        if value["type"] == "group":
            accounts[value["userId"]] = value["groupId"]
        elif "renewal_on" in value.get("traits", {}):
            signed.setdefault(accounts[value["userId"]], set()).add(value["traits"]["renewal_on"])
    assert signed
    assert all(len(dates) == 1 for dates in signed.values())
