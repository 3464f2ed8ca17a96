"""Small histories in which every word of the rules counts, as the backtest and the reference model read them."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.reference_model.agreement import agreement

BEGINNING = datetime(2024, 1, 1, 12, tzinfo=UTC)
POLICY = """
name = "words"
[lifecycle]
one_time_patience_days = 60
one_time_churn_days = 100
[lifecycle.support]
shorten_to = 0.5
bad_rating = 2
rating_counts_days = 30
open_days = 3
[[segments]]
key = "coupons"
name = "Coupons"
enter = "coupons_7d >= 1"
[[segments]]
key = "tickets"
name = "Tickets"
enter = "tickets_open >= 1"
[[segments]]
key = "trait"
name = "Trait"
enter = "traits.a == 1"
"""
STAYING = """
[lifecycle.loyal]
enter = "orders >= 2"
leave = "days_since_order > 1"
min_stay_days = 30
"""
Event = dict[str, Any]


def event(name: str, days: float, number: int, **properties: Any) -> Event:
    return {
        "event": name,
        "messageId": f"m{number}",
        "userId": "u",
        "timestamp": (BEGINNING + timedelta(days=days)).isoformat(),
        "properties": properties,
    }


def order(days: float, number: int, order_id: str, total: float = 10, **more: Any) -> Event:
    return event("Order Completed", days, number, order_id=order_id, total=total, **more)


def look(days: float, number: int = 999) -> Event:
    """A transition, with the figures of the day."""
    return event("Coupon Applied", days, number)


def traits(days: float, number: int, **known: Any) -> Event:
    return {**event("", days, number), "type": "identify", "traits": known}


UNNAMED = {key: value for key, value in order(0, 0, "o").items() if key != "messageId"}
DEEP = b'{"event":"page","userId":"u","timestamp":"2024-01-01T00:00:00Z","x":' + b"[" * 5000 + b"]" * 5000 + b"}"
ENORMOUS = json.dumps(order(0, 0, "o")).replace("10", "1e400").encode()

AGREED: dict[str, list[Event | bytes]] = {
    **{
        f"refund after {days} days": [
            order(0, 1, "o1"),
            order(1, 2, "o2"),
            event("Order Refunded", days, 3, order_id="o1", total=4),
            look(days + 1),
        ]
        for days in (363, 364, 365, 399, 400)
    },
    **{
        f"completed again after {days} days": [order(0, 1, "o1"), order(days, 2, "o1", 20), look(days + 1)]
        for days in (399, 400)
    },
    **{
        f"{number} orders, the first refunded": [
            *(order(each / 10, each, f"o{each}") for each in range(number)),
            event("Order Refunded", 26, 900, order_id="o0"),
            look(27),
        ]
        for number in (256, 257)
    },
    "forgotten for ever": [
        *(order(each / 10, each, f"o{each}") for each in range(257)),
        event("Order Cancelled", 26, 900, order_id="o200"),
        event("Order Refunded", 26.5, 901, order_id="o0"),
        look(27),
    ],
    **{
        f"an order after {hours} hours is of the same occasion or not": [
            order(0, 1, "o1"),
            order(0.5, 2, "o2"),
            order(hours / 24, 3, "o3"),
            event("Order Cancelled", 3, 4, order_id="o1"),
            look(4),
            look(200),
        ]
        for hours in (23.999, 24, 36)
    },
    **{
        f"undone on day {day}, and sent again with {word}": [
            order(0, 1, "o1"),
            event("Order Refunded", day, 2, order_id="o1"),
            order(day + 1, 3, "o1", 30, reinstated=word),
            {**order(day + 2, 4, "o1", 40), "event": "Order Updated"},
            order(day + 401, 5, "o1", 50),
            look(day + 402),
        ]
        for day in (1, 399)
        for word in (True, "true", "no")
    },
    "an order sent again with its amount, and with another": [
        order(0, 1, "o1"),
        event("Order Refunded", 1, 2, order_id="o1", total=3),
        order(2, 3, "o1"),
        look(2.5),
        order(3, 4, "o1", 7),
        look(3.5),
    ],
    "what is forgotten can be undone no more": [
        order(0, 1, "o1"),
        order(300, 2, "o2"),
        event("Order Refunded", 400, 3, order_id="o1", total=4),
        event("Order Cancelled", 401, 4, order_id="nobody"),
        {**order(402, 5, "o1", 40), "event": "Order Updated"},
        order(403, 6, "o1", 40),
        event("Order Cancelled", 404, 7, order_id="o1"),
        look(405),
    ],
    "updated to less than was refunded": [
        order(0, 1, "o1"),
        event("Order Refunded", 1, 2, order_id="o1", total=6),
        event("Order Updated", 2, 3, order_id="o1", total=5),
        event("Order Updated", 2.5, 4, order_id="o1", total=20),
        look(3),
    ],
    "an order of nothing, refunded": [order(0, 1, "o1", 0), event("Order Refunded", 1, 2, order_id="o1"), look(3)],
    **{
        f"the same messageId after {minutes} minutes, {what}": [
            order(0, 1, "o1"),
            order(minutes / 1440, 1, *again),
            look(3),
        ]
        for minutes in (0, 59, 60, 61)
        for what, again in {"told otherwise": ("o1", 20.0), "of another order": ("o2", 10.0)}.items()
    },
    **{
        f"duplicates of duplicates, {step} minutes apart": [
            event("Support Ticket Rated", each * step / 1440, 1, ticket_id="t", rating=1 + each % 3)
            for each in range(7)
        ]
        for step in (0, 20, 50)
    },
    "all that befalls an order in one instant, under its number": [
        order(1, 1, "o1", 70),
        event("Order Cancelled", 1, 1, order_id="o3"),
        event("Order Refunded", 1, 1, order_id="o1", total=5),
        {**order(1, 1, "o1", 50), "event": "Order Updated"},
        order(1, 1, "o3", 90),
        order(1, 1, "o2", 80),
        traits(1, 1, a=1),
        traits(1, 1, a=True),
        look(2),
    ],
    "a ticket of one instant": [
        event("Support Ticket Solved", 1, 1, ticket_id="t"),
        event("Support Ticket Reopened", 1, 1, ticket_id="t"),
        event("Support Ticket Created", 1, 1, ticket_id="t"),
        event("Support Ticket Rated", 1, 1, ticket_id="t", rating=4),
        event("Support Ticket Rated", 1, 1, ticket_id="t", rating=4.5),
        look(2),
    ],
    "more traits than are kept": [
        traits(0, 1, **{f"z{each:02}": 1 for each in range(64)}),
        traits(1, 2, a=1, z00=None),
        traits(2, 3, a=2),
    ],
    "more traits than are kept, and named ones after them": [
        traits(0, 1, **{f"z{each:02}": 1 for each in range(64)}),
        traits(1, 2, a=1),
        traits(2, 3, b=1, z03=None),
        traits(3, 4, a=2),
    ],
    "more open tickets than are held": [
        *(event("Support Ticket Created", each / 100, each, ticket_id=f"t{each}") for each in range(70)),
        event("Support Ticket Solved", 1, 900, ticket_id="t68"),
        event("Support Ticket Solved", 2, 901, ticket_id="t0"),
    ],
    "a fact at the deadline": [order(0, 1, "o1"), order(60, 2, "o2"), look(400)],
    "the last order cancelled into silence": [
        order(0, 1, "o1"),
        order(100, 2, "o2"),
        event("Order Cancelled", 101, 3, order_id="o2"),
        look(102),
    ],
}
APART: dict[str, list[Event | bytes]] = {
    "nested beyond any reader's depth": [DEEP, order(0, 1, "o")],
    "a trait beyond 64 bits": [traits(0, 1, a=10**30)],
    "no messageId": [UNNAMED],
    "products that sum up to too much": [
        event("Order Completed", 0, 1, order_id="o", products=[{"price": 600_000}, {"price": 600_000}])
    ],
    "a price times a quantity, as decimals": [
        event("Order Completed", 0, 1, order_id="o", products=[{"price": 1.005, "quantity": 3}])
    ],
    "an amount that is not finite": [ENORMOUS],
    "a revenue of a wrong type beside a total": [order(0, 1, "o", revenue="gratis"), look(1)],
    "a product that cannot be counted": [
        order(0, 1, "o", products=[{"category": "A", "quantity": -1}, {"category": "B", "quantity": "2"}, None]),
        look(1),
    ],
    "a price that is not finite, and a quantity that is none": [
        json.dumps(
            event("Order Completed", 0, 1, order_id="o", products=[{"price": 77}, {"price": 0, "quantity": "x"}])
        )
        .replace("77", "1e400")
        .encode()
    ],
    "churned, as foretold": [
        order(0, 1, "o"),
        event("Support Ticket Created", 52, 2, ticket_id="t"),
        look(56),
    ],
    "an average between two ten-thousandths": [
        *(order(each, each, f"o{each}", 0.27 * (each == 0)) for each in range(24)),
        look(24),
    ],
}


def judged(folder: Path, history: list[Event | bytes], policy: str = POLICY) -> str:
    (folder / "policy.toml").write_text(policy, encoding="utf-8")
    usable = {"type": "page", "userId": "another", "timestamp": BEGINNING.isoformat()}  # without any, a backtest fails
    lines = [line if isinstance(line, bytes) else json.dumps(line).encode() for line in [usable, *history]]
    return agreement(folder, folder / "policy.toml", lines, None)


@pytest.mark.parametrize("history", AGREED.values(), ids=AGREED.keys())
def test_both_read_the_rules_alike(tmp_path: Path, history: list[Event | bytes]) -> None:
    assert judged(tmp_path, history) == ""


@pytest.mark.parametrize("history", APART.values(), ids=APART.keys())
def test_the_rules_are_kept_to_the_word(tmp_path: Path, history: list[Event | bytes]) -> None:
    assert judged(tmp_path, history) == ""


def test_who_must_stay_loyal_is_at_risk_before(tmp_path: Path) -> None:
    assert judged(tmp_path, [order(0, 1, "o1"), order(1, 2, "o2")], POLICY + STAYING) == ""


SCORED = """
[[segments]]
key = "scored"
name = "Scored"
enter = "monetary_score >= 3 or revenue / 3 == 1 / 3 or 0.1 * revenue + 0.2 == 0.3"
"""


@pytest.mark.parametrize("currency", ["VND", "JPY", "SEK", "USD"])
def test_defaults_follow_the_currency(tmp_path: Path, currency: str) -> None:
    totals = [1, 1, 100, 150, 2_999_999, 3_000_000, 20_000_000_000, 20_000_000_001, 1_000_001, 10_000_001]
    history: list[Event | bytes] = [order(each, each, f"o{each}", total) for each, total in enumerate(totals)]
    policy = f'name = "sized"\n[money]\ncurrency = "{currency}"\n' + SCORED
    assert judged(tmp_path, [*history, look(30)], policy) == ""


@pytest.mark.parametrize("zone", ["America/St_Johns", "Pacific/Apia", "America/Sao_Paulo", "Asia/Beirut"])
@pytest.mark.parametrize("first", ["2010-11-07T02:15:00Z", "2011-12-29T21:00:00Z", "2018-11-04T02:00:00Z"])
def test_days_that_clocks_skip_or_repeat(tmp_path: Path, zone: str, first: str) -> None:
    start = datetime.fromisoformat(first)
    policy = f'name = "zoned"\n[time]\nzone = "{zone}"\n' + POLICY.partition('name = "words"')[2] + ZONED
    history: list[Event | bytes] = [
        {**look(0, each), "timestamp": (start + timedelta(minutes=20 * each)).isoformat()} for each in range(12)
    ]
    assert judged(tmp_path, [*history, {**look(0), "timestamp": (start + timedelta(days=9)).isoformat()}], policy) == ""


ZONED = """
[[segments]]
key = "few"
name = "Few"
enter = "1 <= coupons_7d <= 7"
"""
IN_STEP = """
name = "step"
[[segments]]
key = "up"
name = "Up"
enter = "0.9 * days_since_order > 0.9 * days_since_visit + 0.9"
[[segments]]
key = "down"
name = "Down"
enter = "0.1 * days_since_order - 0.1 < 0.1 * days_since_visit or days_since_order / 3 > 1.7 - days_since_visit / 7"
leave = "days_since_order >= 3 * days_since_visit and days_since_visit > 20.3"
min_stay_days = 1.5
[[segments]]
key = "odd"
name = "Odd"
enter = 'traits.a is not known or true and traits.b in ["x", "y"] or not (days_known + days_since_order) is known'
leave = "days_known > 12.000001"
[[segments]]
key = "kinds"
name = "Kinds"
enter = 'not (traits.b == "x" or 3 <= traits.c or traits.d in [1, 2] or traits.e > 2 or traits.b + 1 > 9 or traits.c)'
leave = "days_known > 20"
"""


def test_values_that_move_in_step(tmp_path: Path) -> None:
    history: list[Event | bytes] = [
        order(0, 1, "o"),
        {**event("", 1, 2), "type": "page"},
        traits(2, 3, a=1, b='y; "z"'),
        traits(3, 4, b="y"),
        traits(15, 5, b="x\n\u2028é"),
        traits(16, 6, b=3, c="x", d=True),
        look(60),
    ]
    assert judged(tmp_path, history, IN_STEP) == ""
