"""The CDNOW data set: every purchase of 23,570 people who first bought CDs there in early 1997, as events.

The data have dates only. A purchase gets the time noon UTC, a second one on the same day a second later, and so on.
"""

from collections import Counter
from datetime import UTC, datetime
from functools import cache

import orjson

from schemas.event_types import PURCHASES
from schemas.instant import from_datetime, to_text
from streams.sources.source import SourceEvent, compact, package_file

_NOON = 12 * 3_600_000


def events() -> list[SourceEvent]:
    """Return all 69,659 purchases, sorted by instant; raises ``SourceError`` when the data are not installed."""
    text = package_file("lifetimes", "datasets/CDNOW_master.txt", "cdnow").read_text(encoding="ascii")
    purchases_on: Counter[tuple[str, str]] = Counter()
    events = []
    for number, line in enumerate(text.splitlines()[1:], start=1):
        customer, day, quantity, dollars = line.split()
        instant = _midnight(day) + _NOON + 1000 * purchases_on[customer, day]
        purchases_on[customer, day] += 1
        events.append(_order(number, customer, instant, int(quantity), float(dollars)))
    return sorted(events, key=lambda event: event.instant)


def _order(number: int, customer: str, instant: int, quantity: int, total: float) -> SourceEvent:
    price = round(total / quantity, 6)
    value = {
        "type": "track",
        "event": "Order Completed",
        "messageId": f"cdnow-order-{number}",
        "userId": customer,
        "timestamp": to_text(instant),
        "properties": {
            "order_id": f"cdnow-{number}",
            "total": total,
            "currency": "USD",
            "products": [{"product_id": "cd", "category": "Music", "quantity": quantity, "price": price}],
        },
    }
    return SourceEvent(instant, PURCHASES, customer.encode(), compact(orjson.dumps(value)))


@cache
def _midnight(day: str) -> int:
    return from_datetime(datetime.strptime(day, "%Y%m%d").replace(tzinfo=UTC))
