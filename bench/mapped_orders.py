"""The same orders as events and as CSV with a mapping: what reading a file of another shape costs."""

import csv
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import NamedTuple

import orjson

_BEGIN = datetime(2025, 1, 1, tzinfo=UTC)
_YEAR_SECONDS = 364 * 86_400
_COLUMNS = ("order_id", "customer", "at", "sku", "category", "quantity", "price", "total", "currency")
_MAPPING = """
name = "orders"
customer = "customer"
at = "at"
zone = "UTC"
order_id = "order_id"
currency = "currency"
[products]
product_id = "sku"
category = "category"
quantity = "quantity"
price = "price"
[[events]]
event = "Order Completed"
total = "total"
"""


class MappedOrders(NamedTuple):
    """The two files, and the mapping of the second."""

    events: Path
    table: Path
    mapping: Path


def write_orders(folder: Path, count: int) -> MappedOrders:
    """Write so many orders of one line each, in the order of time, of one customer for seventeen orders."""
    random = Random(1)
    files = MappedOrders(folder / "orders.jsonl", folder / "orders.csv", folder / "orders.toml")
    files.mapping.write_text(_MAPPING)
    with files.events.open("wb") as events, files.table.open("w", newline="") as table:
        writer = csv.writer(table)
        writer.writerow(_COLUMNS)
        for number in range(count):
            at = _BEGIN + timedelta(seconds=_YEAR_SECONDS * number // count)
            quantity, cents = random.randint(1, 4), random.randint(100, 9900)
            customer, sku = f"c{random.randint(1, count // 17 + 1)}", f"sku-{random.randint(1, 5000)}"
            category, price, total = f"category {random.randint(1, 20)}", cents / 100, quantity * cents / 100
            written = f"{at:%Y-%m-%d %H:%M:%S}"
            writer.writerow((number, customer, written, sku, category, quantity, f"{price:.2f}", f"{total:.2f}", "USD"))
            product = {"product_id": sku, "category": category, "quantity": quantity, "price": price}
            event = {
                "type": "track",
                "event": "Order Completed",
                "messageId": f"m{number}",
                "userId": customer,
                "timestamp": f"{at:%Y-%m-%dT%H:%M:%S}.000Z",
                "properties": {"order_id": str(number), "total": total, "currency": "USD", "products": [product]},
            }
            events.write(orjson.dumps(event) + b"\n")
    return files
