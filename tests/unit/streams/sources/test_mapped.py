"""Files of another shape: each example of a shipped mapping, groups, joins, returns, customers, and what is told."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest

from schemas.envelope import open_envelope, read_event
from schemas.intake import Intake
from schemas.money import Exchange
from streams.mapping_file import MappingFileError, load_mapping, shipped_mappings
from streams.sources import examples, order_rows
from streams.sources.mapped import MappedFile
from streams.sources.named import open_source
from streams.sources.source import SourceError

ORDERS = """
name = "orders"
customer = "who"
at = "when"
zone = "UTC"
order_id = "no"
[products]
product_id = "what"
quantity = "many"
price = "each"
[[events]]
event = "Order Completed"
"""
ROWS = [
    "no,who,when,what,many,each",
    "1,ann,2025-01-01 10:00,A,2,5",
    "2,bob,2025-01-02 10:00,A,1,5",
    "1,ann,2025-01-01 10:00,B,1,2.50",
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path


def mapped(folder: Path, rows: list[str], mapping: str = ORDERS) -> MappedFile:
    (folder / "orders.csv").write_text("\n".join(rows) + "\n")
    (folder / "orders.toml").write_text(mapping)
    return MappedFile(str(folder / "orders.csv"), load_mapping(str(folder / "orders.toml")))


def orders(file: MappedFile) -> list[tuple[str, float]]:
    return [(it["properties"]["order_id"], it["properties"]["total"]) for _, it in file.events()]


@pytest.mark.parametrize("shape", examples.names())
def test_every_shipped_mapping_reads_its_example_whole(folder: Path, shape: str) -> None:
    path = examples.write_example(shape, folder, customers=40)
    file = MappedFile(str(path), load_mapping(shape))
    intake = Intake(Exchange("USD", 1e6, {"GBP": 1.0, "BRL": 1.0}))
    counts: Counter[str] = Counter()
    for _, line in file.lines():
        fact = read_event(open_envelope(line), line, intake).fact
        assert fact is not None, line
        counts[fact.name] += 1
    assert counts["Order Completed"] > 100
    assert counts["Order Refunded"] > 0 or shape in ("olist", "ga4")
    assert not file.report.rejects
    assert file.report.made == counts.total()


def test_every_shipped_mapping_has_an_example() -> None:
    assert set(examples.names()) == set(shipped_mappings())
    assert [load_mapping(name).shape.name for name in shipped_mappings()] == list(shipped_mappings())


def test_an_example_is_the_same_each_time(folder: Path) -> None:
    one, two = (examples.write_example("shopify", folder / name, customers=5) for name in ("one", "two"))
    assert one.read_bytes() == two.read_bytes()


def test_the_picture_of_the_examples_is_that_of_the_shop(folder: Path) -> None:
    totals = {}
    for shape in ("shopify", "woocommerce", "stripe"):
        path = examples.write_example(shape, folder / shape, customers=30)
        source = open_source(str(path), mapping=shape)
        values = [orjson.loads(it.value) for it in source.events]
        cancelled = {it["properties"]["order_id"] for it in values if it.get("event") == "Order Cancelled"}
        totals[shape] = round(
            sum(
                it["properties"]["total"]
                for it in values
                if it.get("event") == "Order Completed" and it["properties"]["order_id"] not in cancelled
            ),
            2,
        )
    assert len(set(totals.values())) == 1, totals


@pytest.mark.parametrize(
    ("shape", "state", "amount"),
    [("stripe", "Status", "Amount Refunded"), ("shopify", "Financial Status", "Refunded Amount")],
)
@pytest.mark.parametrize(("written", "given_back"), [("", None), ("0.00", None), ("3.00", 3)])
def test_an_order_in_the_state_refunded_is_given_back_whole_unless_told(
    folder: Path, shape: str, state: str, amount: str, written: str, given_back: float | None
) -> None:
    order = {
        "Customer ID": "c",
        "Email": "a@x.org",
        "Created (UTC)": "2025-01-01 10:00",
        "Created at": "2025-01-01 10:00",
    }
    order |= {"id": "1", "Name": "1", "Currency": "USD", "Amount": "9.00", "Total": "9.00", "Cancelled at": ""}
    order |= {
        "Lineitem sku": "A",
        "Lineitem quantity": "1",
        "Lineitem price": "9.00",
        state: "refunded",
        amount: written,
    }
    file = MappedFile(_as_csv(folder, order), load_mapping(shape))
    events = [it for _, it in file.events() if it["type"] == "track"]
    assert [it["event"] for it in events] == ["Order Completed", "Order Refunded"]
    assert events[1]["properties"].get("total") == given_back


def test_the_coupon_of_analytics_is_that_of_the_order(folder: Path) -> None:
    coupon = {"key": "coupon", "value": {"string_value": "SPRING"}}
    event = {"event_name": "purchase", "event_timestamp": 1735725600000000, "user_pseudo_id": "1.2", "items": []}
    event |= {"ecommerce": {"transaction_id": "T1", "purchase_revenue": 9}, "event_params": [coupon]}
    (folder / "events.json").write_bytes(orjson.dumps(event) + b"\n")
    [(_, found)] = MappedFile(str(folder / "events.json"), load_mapping("ga4")).events()
    assert found["properties"] == {"order_id": "T1", "total": 9, "coupon": "SPRING"}


def _as_csv(folder: Path, record: dict[str, str]) -> str:
    (folder / "export.csv").write_text(",".join(record) + "\n" + ",".join(record.values()) + "\n")
    return str(folder / "export.csv")


def test_rows_of_one_order_are_one_order_wherever_they_stand(folder: Path) -> None:
    file = mapped(folder, ROWS, 'group_by = "no"\n' + ORDERS)
    assert orders(file) == [("1", 12.5), ("2", 5)]
    assert (file.report.records, file.report.made) == (3, 0)


def test_a_row_without_an_order_belongs_to_the_one_above(folder: Path) -> None:
    rows = [*ROWS[:2], ",,,B,1,2.50", ROWS[2]]
    assert orders(mapped(folder, rows, 'group_by = "no"\n' + ORDERS)) == [("1", 12.5), ("2", 5)]
    assert orders(mapped(folder, rows, 'group_by = "no"\nsorted = true\n' + ORDERS)) == [("1", 12.5), ("2", 5)]


TOTALS = (
    ",,,,,Total",
    ",,,Total,,",
    ",,,,3,",
    "Total,,,,,12.50",
    ",Total,,,,12.50",
    ",,,,,12.50",
    ",,,,3,12.50",
    ",,,Total,,12.50",
)


@pytest.mark.parametrize("total", TOTALS)
@pytest.mark.parametrize("first", ['group_by = "no"\n', 'group_by = "no"\nsorted = true\n'])
def test_a_total_below_the_rows_is_a_reject_of_its_own(folder: Path, total: str, first: str) -> None:
    file = mapped(folder, [*ROWS[:2], ROWS[3], ROWS[2], "", total], first + ORDERS)
    assert orders(file) == [("1", 12.5), ("2", 5)]
    [(number, detail)] = file.report.first.values()
    assert (number, "orders.csv:6 " in detail, " is empty: say " in detail) == (6, True, True), detail


@pytest.mark.parametrize("total", [",,,17.50", ",,Total,17.50", "Total,,,17.50", ",Total,,17.50"])
def test_a_total_is_not_added_to_the_last_order(folder: Path, total: str) -> None:
    rows = ["no,who,when,paid", "1,ann,2025-01-01,10", "1,ann,2025-01-01,2.50", "2,bob,2025-01-02,5", total]
    mapping = 'group_by = "no"\n' + ORDERS.replace(ORDERS[ORDERS.index("[products]") : ORDERS.index("[[events]]")], "")
    file = mapped(folder, rows, mapping + 'total = { sum = "paid" }\n')
    assert orders(file) == [("1", 12.5), ("2", 5)]
    assert [number for number, _ in file.report.first.values()] == [5]


def test_further_lines_of_a_shop_have_no_columns_of_the_order(folder: Path) -> None:
    rows = [
        "Order Number,Email (Billing),Order Date,Order Status,Order Total Amount,Order Refund Amount,Item Name,Quantity"
    ]
    rows += ["1,a@x.org,2025-01-01 10:00,completed,12.50,,A,2", ",,,,,,B,1"]
    (folder / "woo.csv").write_text("\n".join(rows) + "\n")
    [(_, order), *others] = MappedFile(str(folder / "woo.csv"), load_mapping("woocommerce")).events()
    assert (order["properties"]["total"], len(order["properties"]["products"]), others) == (12.5, 2, [])


def test_sorted_rows_are_grouped_at_once(folder: Path) -> None:
    mapping = 'group_by = "no"\nsorted = true\n' + ORDERS
    assert orders(mapped(folder, [*ROWS[:2], ROWS[3], ROWS[2]], mapping)) == [("1", 12.5), ("2", 5)]
    with pytest.raises(SourceError, match=r"orders.csv:4: order '1' stands in two places: leave out sorted = true"):
        list(mapped(folder, ROWS, mapping).events())


def test_grouping_keeps_within_its_memory() -> None:
    def records() -> Iterator[tuple[int, Any]]:
        yield from ((number, [f"{number % 97}", "x" * 50]) for number in range(5000))

    held = dict(map(_keyed, order_rows.grouped(records(), lambda row: row[0], bool)))
    spilled = dict(map(_keyed, order_rows.grouped(records(), lambda row: row[0], bool, max_held=20_000)))
    assert held == spilled
    assert len(held) == 97


def _keyed(group: order_rows.Group) -> tuple[str, order_rows.Group]:
    return group[1][0][0], group


def test_what_came_back_is_matched_with_earlier_orders(folder: Path) -> None:
    mapping = (
        ORDERS.replace('event = "Order Completed"', 'event = "Order Completed"\nwhen = { no = "! C*" }')
        + '[[events]]\nevent = "Order Refunded"\nwhen = { no = "C*" }\nreturns = true\n'
    )
    rows = [
        ROWS[0],
        "1,ann,2025-01-01 10:00,A,2,5",
        "2,ann,2025-01-02 10:00,A,1,5",
        "C3,ann,2025-01-03 10:00,A,-2,5",
        "C4,ann,2025-01-04 10:00,A,-5,5",
        "C5,bob,2025-01-04 10:00,A,-1,5",
        "C6,ann,2025-01-01 09:00,A,-1,5",
        "C7,ann,2025-01-05 10:00,Z,-1,5",
    ]
    file = mapped(folder, rows, 'group_by = "no"\n' + mapping)
    refunds = [
        (it["properties"]["order_id"], it["properties"]["total"])
        for _, it in file.events()
        if it["event"] == "Order Refunded"
    ]
    assert refunds == [("2", 5), ("1", 5), ("1", 5)]
    assert file.report.rejects == {"invalid": 4}
    assert "no earlier order of this customer in the file has what came back (A)" in file.report.first["invalid"][1]


def test_traits_of_a_file_of_customers(folder: Path) -> None:
    (folder / "people.csv").write_text("id,city,news,since\nann,Rome,yes,\nbob,Oslo,perhaps,\ncy,Bern,no,\n")
    mapping = ORDERS + (
        '[customers]\nfile = "people.csv"\nkey = "id"\n'
        'traits = { city = "city", news = { column = "news", type = "boolean" } }\n'
    )
    file = mapped(folder, ROWS, mapping)
    found = [it for _, it in file.events() if it["type"] == "identify"]
    assert found == [
        {
            "type": "identify",
            "userId": "ann",
            "timestamp": "2025-01-01T09:59:59.000Z",
            "traits": {"city": "Rome", "news": True},
        }
    ]
    assert file.report.rejects == {"invalid": 1}
    assert file.report.silent == 1
    assert "1 customers have none" in file.report.told()


def test_rows_that_cannot_be_used_are_told_with_their_lines(folder: Path) -> None:
    rows = [*ROWS, "3,,2025-01-01 10:00,A,1,5", "4,ann,soon,A,1,5", "5,ann,2025-01-01 10:00,A,1,free", "6,a,b,c,1,2,3"]
    file = mapped(folder, rows)
    assert len(list(file.lines())) == 3
    assert file.report.rejects == {"missing_user": 1, "bad_timestamp": 1, "bad_amount": 1, "invalid": 1}
    refused = [orjson.loads(line) for line in file.report.refused]
    assert [(it["line"], it["reason"]) for it in refused] == [
        (5, "missing_user"),
        (6, "bad_timestamp"),
        (7, "bad_amount"),
        (8, "invalid"),
    ]
    assert refused[2]["detail"].endswith("orders.csv:7 each: 'free' is no number: name a column of numbers")
    assert file.report.told().endswith("7 records became 3 events by " + str(folder / "orders.toml"))


def test_the_same_row_is_the_same_event(folder: Path) -> None:
    lines = [line for _, line in mapped(folder, [*ROWS[:2], ROWS[1]]).lines()]
    assert lines[0] == lines[1]


def test_json_and_parquet_are_mapped_alike(folder: Path) -> None:
    import pyarrow as pa
    from pyarrow import parquet

    records = [dict(zip(ROWS[0].split(","), row.split(","), strict=True)) for row in ROWS[1:]]
    (folder / "orders.toml").write_text(ORDERS)
    (folder / "lines.jsonl").write_bytes(b"\n".join(map(orjson.dumps, records)))
    (folder / "array.json").write_bytes(orjson.dumps(records, option=orjson.OPT_INDENT_2))
    (folder / "answer.json").write_bytes(orjson.dumps({"orders": records}, option=orjson.OPT_INDENT_2))
    table = pa.Table.from_pylist([{**it, "many": int(it["many"]), "each": float(it["each"])} for it in records])
    parquet.write_table(table, folder / "table.parquet")
    mapping = load_mapping(str(folder / "orders.toml"))
    csv = list(mapped(folder, ROWS).events())
    for name in ("lines.jsonl", "array.json", "answer.json", "table.parquet"):
        assert [it for _, it in MappedFile(str(folder / name), mapping).events()] == [it for _, it in csv], name


def test_mistakes_are_one_sentence_with_the_place(folder: Path) -> None:
    with pytest.raises(SourceError, match=r"orders.toml:3: .*orders.csv: there is no column `whom`; did you"):
        list(mapped(folder, ROWS, ORDERS.replace('"who"', '"whom"')).events())
    with pytest.raises(SourceError, match="there are 2 columns `what`; rename all but one"):
        list(mapped(folder, [ROWS[0] + ",what"], ORDERS).events())
    with pytest.raises(SourceError, match=r"people\.csv is not there: the mapping wants people\.csv beside"):
        list(mapped(folder, ROWS, ORDERS + '[customers]\nfile = "people.csv"\nkey = "id"\ntraits = {}\n').events())
    with pytest.raises(MappingFileError, match=r"did you mean shopify\?"):
        load_mapping("shopifi")
    with pytest.raises(SourceError, match="needs no mapping"):
        open_source("cdnow", mapping="shopify")
