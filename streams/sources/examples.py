"""Made-up exports in the shapes of the mappings that ship, to try a mapping on: the simulated shop's year."""

import csv
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson

from schemas.instant import EPOCH, from_text
from streams.sources import simulated

Cells = list[Any]

_GA4_NAMES = {
    "page": "page_view",
    "Product Viewed": "view_item",
    "Products Searched": "search",
    "Product Added": "add_to_cart",
    "Product Removed": "remove_from_cart",
    "Cart Viewed": "view_cart",
    "Checkout Started": "begin_checkout",
    "Order Completed": "purchase",
}


@dataclass(slots=True)
class _Order:
    """An order with all that became of it."""

    number: int
    customer: str
    at: datetime
    content: dict[str, Any]
    refunded: float = 0.0
    cancelled: datetime | None = None

    @property
    def email(self) -> str:
        return f"{self.customer}@example.org"

    @property
    def money(self) -> tuple[str, str]:
        return f"{self.content['total']:.2f}", f"{self.refunded:.2f}"


def names() -> tuple[str, ...]:
    """Return the shapes of which there is an example."""
    return tuple(_WRITERS)


def write_example(name: str, folder: Path, customers: int = 300) -> Path:
    """Write the files of one shape into a folder, and return the main one. Raises ``OSError``."""
    folder.mkdir(parents=True, exist_ok=True)
    return _WRITERS[name](folder, [orjson.loads(it.value) for it in simulated.events(customers)])


def _orders(events: Iterable[dict[str, Any]]) -> list[_Order]:
    found: dict[str, _Order] = {}
    for event in events:
        name, content = event.get("event", ""), event.get("properties", {})
        at = EPOCH + timedelta(milliseconds=from_text(event["timestamp"]))
        if name == "Order Completed":
            found[content["order_id"]] = _Order(1001 + len(found), event["userId"], at, content)
        elif name == "Order Refunded" and content["order_id"] in found:
            found[content["order_id"]].refunded = content["total"]
        elif name == "Order Cancelled" and content["order_id"] in found:
            found[content["order_id"]].cancelled = at
    return list(found.values())


def _shopify(folder: Path, events: list[dict[str, Any]]) -> Path:
    columns = (
        "Name,Email,Financial Status,Paid at,Fulfillment Status,Fulfilled at,Accepts Marketing,Currency,Subtotal,"
        "Shipping,Taxes,Total,Discount Code,Discount Amount,Shipping Method,Created at,Lineitem quantity,"
        "Lineitem name,Lineitem price,Lineitem sku,Billing City,Billing Country,Cancelled at,Refunded Amount,Vendor,Id"
    ).split(",")

    def rows() -> Iterator[Cells]:
        for order in reversed(_orders(events)):  # the newest order comes first
            (total, refunded), written = order.money, f"{order.at:%Y-%m-%d %H:%M:%S} +0000"
            state = "paid" if not order.refunded else "refunded" if total == refunded else "partially_refunded"
            cancelled = "" if order.cancelled is None else f"{order.cancelled:%Y-%m-%d %H:%M:%S} +0000"
            discount = f"{order.content['discount']:.2f}"
            code = "WELCOME" if order.content["discount"] else ""
            head: Cells = [state, written, "fulfilled", written, "no", "USD", total, "0.00", "0.00", total]
            head += [code, discount, "Standard", written]
            for place, line in enumerate(order.content["products"]):
                item = [line["quantity"], line["product_id"].title(), f"{line['price']:.2f}", line["product_id"]]
                first = ["Springfield", "US", cancelled, refunded]
                yield [
                    f"#{order.number}",
                    order.email,
                    *(head if place == 0 else [*[""] * 13, written]),
                    *item,
                    *(first if place == 0 else [""] * 4),
                    line["category"],
                    5_000_000_000 + order.number if place == 0 else "",
                ]

    return _write(folder / "orders_export.csv", columns, rows())


def _woocommerce(folder: Path, events: list[dict[str, Any]]) -> Path:
    columns = [
        *("Order Number", "Order Status", "Order Date", "City (Billing)", "Country Code (Billing)", "Email (Billing)"),
        *("Item #", "SKU", "Item Name", "Category", "Quantity", "Item Cost", "Coupon Code", "Cart Discount Amount"),
        *("Order Subtotal Amount", "Order Shipping Amount", "Order Refund Amount", "Order Total Amount"),
    ]

    def rows() -> Iterator[Cells]:
        for order in _orders(events):
            total, refunded = order.money
            state = "Cancelled" if order.cancelled else "Refunded" if refunded == total else "Completed"
            head = [order.number, state, f"{order.at:%Y-%m-%d %H:%M}", "Springfield", "US", order.email]
            code = "WELCOME" if order.content["discount"] else ""
            for place, line in enumerate(order.content["products"], start=1):
                item = [place, line["product_id"], line["product_id"].title(), line["category"]]
                amounts = [code, f"{order.content['discount']:.2f}", total, "0.00", refunded, total]
                yield [*head, *item, line["quantity"], f"{line['price']:.2f}", *amounts]

    return _write(folder / "orders.csv", columns, rows())


def _stripe(folder: Path, events: list[dict[str, Any]]) -> Path:
    columns = (
        "id,Description,Seller Message,Created (UTC),Amount,Amount Refunded,Currency,Converted Amount,Fee,Mode,Status,"
        "Statement Descriptor,Customer ID,Customer Email,Captured,Card Issue Country"
    ).split(",")

    def rows() -> Iterator[Cells]:
        for order in _orders(events):
            total, refunded = order.money
            state = "Refunded" if refunded == total else "Paid"
            customer = f"cus_{order.customer.removeprefix('sim-')}"
            if order.cancelled:
                state = "Failed"
            yield [
                *(f"ch_{order.number:014d}", f"Order {order.number}", "Payment complete."),
                *(f"{order.at:%Y-%m-%d %H:%M:%S}", total, refunded, "usd", total, "0.59", "Live", state),
                *("SHOP", customer, order.email, "true", "US"),
            ]

    return _write(folder / "payments.csv", columns, rows())


def _uci(folder: Path, events: list[dict[str, Any]]) -> Path:
    columns = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country".split(",")

    def rows() -> Iterator[Cells]:
        for order in _orders(events):
            customer = int(order.customer.removeprefix("sim-")) + 12_000
            written = f"{order.at.month}/{order.at.day}/{order.at.year} {order.at.hour}:{order.at.minute:02}"
            number, lines = 535_000 + order.number, order.content["products"]
            for line in lines:
                goods = [line["product_id"], line["product_id"].upper(), line["quantity"], written]
                yield [number, *goods, f"{line['price']:.2f}", customer, "United Kingdom"]
            if order.refunded or order.cancelled:
                goods = [lines[0]["product_id"], lines[0]["product_id"].upper(), -lines[0]["quantity"], written]
                yield [f"C{number}", *goods, f"{lines[0]['price']:.2f}", customer, "United Kingdom"]

    return _write(folder / "online_retail.csv", columns, rows())


def _olist(folder: Path, events: list[dict[str, Any]]) -> Path:
    orders: list[Cells] = []
    customers: list[Cells] = []
    payments: list[Cells] = []
    items: list[Cells] = []
    for order in _orders(events):
        order_id, person = f"order{order.number:08d}", f"customer{order.number:08d}"
        state, written = "canceled" if order.cancelled else "delivered", f"{order.at:%Y-%m-%d %H:%M:%S}"
        orders.append([order_id, person, state, written, written, "", "", written])
        customers.append([person, order.customer, "01310", "sao paulo", "SP"])
        payments.append([order_id, 1, "credit_card", 1, order.money[0]])
        for place, line in enumerate(order.content["products"], start=1):
            items.append([order_id, place, line["product_id"], "seller", written, f"{line['price']:.2f}", "0.00"])
    times = [f"order_{name}" for name in ("purchase_timestamp", "approved_at")]
    times += [f"order_{name}" for name in ("delivered_carrier_date", "delivered_customer_date")]
    times.append("order_estimated_delivery_date")
    people = ["customer_id", "customer_unique_id", "customer_zip_code_prefix", "customer_city", "customer_state"]
    paid = ["order_id", "payment_sequential", "payment_type", "payment_installments", "payment_value"]
    goods = ["order_id", "order_item_id", "product_id", "seller_id", "shipping_limit_date", "price", "freight_value"]
    _write(folder / "olist_customers_dataset.csv", people, customers)
    _write(folder / "olist_order_payments_dataset.csv", paid, payments)
    _write(folder / "olist_order_items_dataset.csv", goods, items)
    return _write(folder / "olist_orders_dataset.csv", ["order_id", "customer_id", "order_status", *times], orders)


def _ga4(folder: Path, events: list[dict[str, Any]]) -> Path:
    path = folder / "events.json"
    with path.open("wb") as file:
        for event in events:
            name = _GA4_NAMES.get(event.get("event", event["type"]))
            if name is None:
                continue
            micros = from_text(event["timestamp"]) * 1000
            content = event["properties"]
            found: dict[str, Any] = {
                "event_date": f"{datetime.fromtimestamp(micros / 1e6, UTC):%Y%m%d}",
                "event_timestamp": str(micros),  # whole numbers are texts in an export of BigQuery's
                "event_name": name,
                "event_params": [{"key": "ga_session_id", "value": {"int_value": "1"}}],
                "user_id": None,
                "user_pseudo_id": event["userId"].removeprefix("sim-") + ".1700000000",
                "geo": {"country": "United States"},
                "items": [],
            }
            if name == "purchase":
                found["event_params"].append({"key": "currency", "value": {"string_value": "USD"}})
                found["ecommerce"] = {"purchase_revenue": content["total"], "transaction_id": content["order_id"]}
                found["items"] = [
                    {
                        "item_id": line["product_id"],
                        "item_category": line["category"],
                        "quantity": str(line["quantity"]),
                        "price": line["price"],
                    }
                    for line in content["products"]
                ]
            file.write(orjson.dumps(found) + b"\n")
    return path


def _write(path: Path, columns: list[str], rows: Iterable[Cells]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(columns)
        writer.writerows(rows)
    return path


_WRITERS: dict[str, Callable[[Path, list[dict[str, Any]]], Path]] = {
    "shopify": _shopify,
    "woocommerce": _woocommerce,
    "stripe": _stripe,
    "uci-online-retail": _uci,
    "olist": _olist,
    "ga4": _ga4,
}
