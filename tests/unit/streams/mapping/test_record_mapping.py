"""A record into events: CSV rows, JSON objects, rows of one order."""

from typing import Any

import pytest

from schemas.envelope import open_envelope, read_event
from schemas.intake import Intake
from schemas.money import Exchange
from schemas.reject import RejectedError
from streams.mapping.columns import check_columns
from streams.mapping.record_mapping import RecordMapping
from streams.mapping.text import MappingError, read_mapping

SHOP = """
name = "shop"
customer = { column = ["Customer ID", "Email"], lower = true }
at = "Created at"
zone = "Europe/Berlin"
order_id = "Order"
currency = "Currency"
[products]
product_id = "SKU"
quantity = "Quantity"
price = "Price"
[[events]]
event = "Order Completed"
when = { Status = ["paid", "Refunded"] }
total = "Total"
[[events]]
event = "Order Refunded"
when = { Refunded = "> 0" }
at = "Refunded at"
total = "Refunded"
[[events]]
event = "Order Cancelled"
when = { "Cancelled at" = true }
at = "Cancelled at"
"""
COLUMNS = (
    "Order,Customer ID,Email,Created at,Status,Total,Currency,SKU,Quantity,Price,Refunded,Refunded at,Cancelled at"
).split(",")
CUSTOMERS = """[customers]
file = "people.csv"
key = "id"
at = "since"
[customers.traits]
"""
SPENT = 'spent = { column = "spent", type = "number", minor_units = true }'
ROW = "#1,,Ann@x.org,2025-01-02 10:00,PAID,12.50,eur,A,2,6.25,,,".split(",")


def mapping(text: str = SHOP, columns: list[str] | None = None) -> RecordMapping:
    shape, lines = read_mapping(text)
    if columns is not None:
        check_columns(shape, lines, columns)
    return RecordMapping(shape, columns)


def row(**changed: str) -> list[str]:
    names = {name.replace(" ", "_"): index for index, name in enumerate(COLUMNS)}
    found = list(ROW)
    for name, value in changed.items():
        found[names[name]] = value
    return found


def event(outcome: Any) -> dict[str, Any]:
    assert isinstance(outcome, dict), outcome
    return outcome


def rejected(outcome: Any) -> str:
    assert isinstance(outcome, RejectedError), outcome
    return str(outcome)


def test_a_row_is_an_order() -> None:
    expected = {
        "type": "track",
        "event": "Order Completed",
        "userId": "ann@x.org",
        "timestamp": "2025-01-02T09:00:00.000Z",
        "properties": {
            "order_id": "#1",
            "total": 12.5,
            "currency": "EUR",
            "products": [{"product_id": "A", "quantity": 2, "price": 6.25}],
        },
    }
    assert mapping(columns=COLUMNS).outcomes(ROW) == [expected]
    assert mapping().outcomes(dict(zip(COLUMNS, ROW, strict=True))) == [expected]


def test_one_row_can_be_several_events() -> None:
    changed = row(Refunded="2.50", Refunded_at="2025-01-03 10:00", Cancelled_at="2025-01-04 10:00")
    found = [event(it) for it in mapping(columns=COLUMNS).outcomes(changed)]
    assert [(it["event"], it["timestamp"][:10]) for it in found] == [
        ("Order Completed", "2025-01-02"),
        ("Order Refunded", "2025-01-03"),
        ("Order Cancelled", "2025-01-04"),
    ]
    assert found[1]["properties"] == {"order_id": "#1", "total": 2.5, "currency": "EUR"}


def test_a_row_that_no_rule_takes_is_no_event() -> None:
    assert mapping(columns=COLUMNS).outcomes(row(Status="pending")) == []


def test_what_cannot_be_used_says_its_column_and_the_mend() -> None:
    shop = mapping(columns=COLUMNS)
    assert rejected(shop.outcomes(row(Email=" "))[0]) == (
        "missing_user: Customer ID or Email is empty: say who the customer is"
    )
    assert rejected(shop.outcomes(row(Total="x"))[0]) == "bad_amount: Total: 'x' is no number: name a column of numbers"
    assert rejected(shop.outcomes(row(Created_at=""))[0]).startswith("missing_timestamp: Created at is empty")
    assert rejected(shop.outcomes(row(Created_at="1/2/2025"))[0]).startswith("bad_timestamp: Created at: '1/2/2025'")
    one, other = shop.outcomes(row(Refunded="2.50"))
    assert event(one)["event"] == "Order Completed"
    assert rejected(other).startswith("missing_timestamp: Refunded at")


@pytest.mark.parametrize("name", ["order_completed", "Completed Order", "ORDER COMPLETED"])
def test_an_event_in_another_spelling_is_that_event(name: str) -> None:
    (expected,) = mapping(columns=COLUMNS).outcomes(ROW)
    assert mapping(SHOP.replace("Order Completed", name), COLUMNS).outcomes(ROW) == [expected]
    translated = f'event = {{ column = "Status", values = {{ paid = "{name}" }} }}'
    assert mapping(SHOP.replace('event = "Order Completed"', translated), COLUMNS).outcomes(ROW) == [expected]
    as_it_stands = SHOP.replace('event = "Order Completed"\nwhen', 'event = { column = "SKU" }\nwhen')
    assert event(mapping(as_it_stands, COLUMNS).outcomes(row(SKU=name))[0])["event"] == "Order Completed"


def test_rows_of_one_order_are_its_lines() -> None:
    text = SHOP.replace('total = "Total"\n', "") + "\n"
    rows = [row(), row(SKU="B", Quantity="1", Price="-2.25"), row(SKU="", Quantity="", Price="")]
    (found,) = mapping(text, COLUMNS).outcomes_of_rows(rows)
    properties = event(found)["properties"]
    assert properties["total"] == 10.25
    assert [it["product_id"] for it in properties["products"]] == ["A", "B"]


def test_sums_go_over_all_rows_and_lists() -> None:
    text = SHOP.replace('total = "Total"\n', 'total = { sum = ["Price", "Total"], minus = "Quantity" }\n')
    rows = [row(), row(Total="", Price="1.25", Quantity="0")]
    assert event(mapping(text, COLUMNS).outcomes_of_rows(rows)[0])["properties"]["total"] == 18


def test_json_paths() -> None:
    text = """
    name = "web"
    customer = ["user.id", "user.anonymous"]
    at = "at.micros"
    order_id = "ecommerce.transaction_id"
    currency = "params[?key=='currency'].value.string | [0]"
    [products]
    each = "items"
    product_id = "item_id"
    quantity = "quantity"
    price = "price"
    [[events]]
    event = { column = "name", values = { purchase = "Order Completed", view_item = "Product Viewed" } }
    total = "ecommerce.revenue"
    properties = { device = "device.category", score = { column = "score", type = "number" } }
    """
    record = {
        "name": "purchase",
        "user": {"id": None, "anonymous": "a.1"},
        "at": {"micros": "1609459200123456"},
        "params": [{"key": "x"}, {"key": "currency", "value": {"string": "USD"}}],
        "ecommerce": {"transaction_id": 17, "revenue": 30.5},
        "items": [{"item_id": "A", "quantity": 3, "price": "10"}, {"item_id": None, "quantity": None}],
        "device": {"category": "mobile"},
        "score": "5",
    }
    (found,) = mapping(text).outcomes(record)
    assert event(found)["userId"] == "a.1"
    assert event(found)["timestamp"] == "2021-01-01T00:00:00.123Z"
    assert event(found)["properties"] == {
        "order_id": "17",
        "total": 30.5,
        "currency": "USD",
        "products": [{"product_id": "A", "quantity": 3, "price": 10}],
        "device": "mobile",
        "score": 5,
    }
    (view,) = mapping(text).outcomes({"name": "view_item", "user": {"id": "u"}, "at": {"micros": 1609459200000000}})
    assert event(view)["properties"] == {}
    assert mapping(text).outcomes({"name": "scroll"}) == []
    assert rejected(mapping(text).outcomes({"name": "purchase"})[0]).startswith("missing_user")


def test_minor_units_follow_the_currency() -> None:
    text = SHOP.replace('total = "Total"\n', 'total = { column = "Total", minor_units = true }\n')
    assert event(mapping(text, COLUMNS).outcomes(row(Total="1250"))[0])["properties"]["total"] == 12.5
    assert event(mapping(text, COLUMNS).outcomes(row(Total="1250", Currency="JPY"))[0])["properties"]["total"] == 1250


@pytest.mark.parametrize(("currency", "price"), [("eur", 10), ("JPY", 1000), ("KWD", 1), ("", 10)])
def test_minor_units_of_lines_and_properties_follow_the_currency_of_their_order(currency: str, price: float) -> None:
    text = SHOP.replace('"Price"', '{ column = "Price", minor_units = true }').replace('total = "Total"\n', "")
    text = text.replace('"Refunded"] }\n', f'"Refunded"] }}\n[events.properties]\n{SPENT.replace("spent", "Price")}\n')
    rows = [row(Price="1000", Currency=currency), row(Price="1000", Currency="")]  # said in the first row of an order
    for each in ("", 'each = "lines"\n'):
        shop = mapping(text.replace("[products]\n", f"[products]\n{each}"), None if each else COLUMNS)
        objects = [dict(zip(COLUMNS, it, strict=True)) for it in rows]
        found = event(shop.outcomes_of_rows([{**objects[0], "lines": objects}] if each else rows)[0])["properties"]
        assert [it["price"] for it in found["products"]] == [price, price]
        assert (found["total"], found["Price"]) == (4 * price, price)


def test_an_order_without_id_is_known_by_its_content() -> None:
    text = SHOP.replace('order_id = "Order"\n', "")
    ids = [
        event(mapping(text, COLUMNS).outcomes(it)[0])["properties"]["order_id"] for it in (ROW, row(), row(Total="13"))
    ]
    assert ids[0] == ids[1] != ids[2]


def test_a_refund_without_id_undoes_nothing() -> None:
    text = SHOP.replace('order_id = "Order"\n', "")
    _, refund = mapping(text, COLUMNS).outcomes(row(Refunded="2", Refunded_at="2025-01-03 10:00"))
    assert rejected(refund) == "invalid: order_id is empty: say which order the Order Refunded undoes"


def test_traits_have_types() -> None:
    text = """
    name = "people"
    customer = { column = "id", whole = true }
    at = { column = "since" }
    [[events]]
    event = "identify"
    [events.traits]
    city = "city"
    age = { column = "age", type = "number" }
    news = { column = "news", type = "boolean" }
    kind = { value = "business" }
    """
    columns = ["id", "since", "city", "age", "news"]
    (found,) = mapping(text, columns).outcomes(["17.0", "2025-01-01T00:00:00Z", "Rome", "41", "Yes"])
    assert event(found)["userId"] == "17"
    assert event(found)["traits"] == {"city": "Rome", "age": 41, "news": True, "kind": "business"}
    (wrong,) = mapping(text, columns).outcomes(["17", "2025-01-01T00:00:00Z", "Rome", "41", "perhaps"])
    assert "neither true nor false" in rejected(wrong)


def test_a_mapped_event_is_read_as_any_other() -> None:
    import orjson

    intake = Intake(Exchange("EUR", 1e6, {}))
    for outcome in mapping(columns=COLUMNS).outcomes(ROW):
        line = orjson.dumps(outcome)
        fact = read_event(open_envelope(line), line, intake).fact
        assert fact is not None and fact.message_id


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('total = "Total"', 'totl = "Total"', "line 15: there is no `totl` here. did you mean `total`?"),
        ("Order Refunded", "Order Refund", "line 17: there is no event `Order Refund`. did you mean `Order Refunded`?"),
        ('"Europe/Berlin"', '"Berlin"', "line 5: there is no time zone `Berlin`. write it as in"),
        ('at = "Created at"', "", "line 12: no `at` says when it happened. write it at the top"),
        ('name = "shop"', "name = 5", "line 2: `name` is 5. write a text in quotation marks"),
        ('"Created at"', "5", 'line 4: `at` is 5. write the name of a column, or { value = "..." }'),
        ('["paid", "Refunded"]', "3", 'line 14: `when` is {"Status":3}. write conditions'),
        ('zone = "Europe/Berlin"', 'formats = ["%d/%m"]', "line 5: `%d/%m` names no full date."),
        ('order_id = "Order"', 'order_id = "a[?"', "line 6: `a[?` is no path:"),
        ('order_id = "Order"', "order_id = ", "line 6: this is not TOML:"),
        ('Refunded = "> 0"', '"items[" = "> 0"', "line 18: `items[` is no path:"),
        ('order_id = "Order"', 'group_by = "a["', "line 6: `a[` is no path:"),
        ('product_id = "SKU"', 'each = "a["', "line 9: `a[` is no path:"),
        ("[products]", CUSTOMERS + 'city = "a["\n[products]', "line 13: `a[` is no path:"),
        ('"Quantity"', '{ column = "Quantity", minor_units = true }', "line 10: `quantity` is in minor units"),
        ("[products]", CUSTOMERS + SPENT + "\n[products]", "line 13: `spent` is in minor units, and has no currency."),
        ("[products]", CUSTOMERS + "city = {}\n[products]", "line 13: `city` names no column."),
        ("[products]", CUSTOMERS.replace('"since"', '"a["') + "[products]", "line 11: `a[` is no path:"),
    ],
)
def test_a_mistake_in_a_mapping_is_one_sentence(old: str, new: str, told: str) -> None:
    with pytest.raises(MappingError) as error:
        read_mapping(SHOP.replace(old, new, 1))
    assert told in str(error.value)


def test_a_column_that_the_file_has_not() -> None:
    shape, text = read_mapping(SHOP)
    with pytest.raises(MappingError, match=r"line 14: there is no column `Status`. did you mean `Statu`\?"):
        check_columns(shape, text, ["Statu" if name == "Status" else name for name in COLUMNS])
    check_columns(shape, text, [name for name in COLUMNS if name != "Customer ID"])
    check_columns(shape, text, [name.upper() for name in COLUMNS])


def test_an_optional_instant_may_have_no_column() -> None:
    text = SHOP.replace('at = "Created at"', 'at = { column = "Paid at", optional = true }')
    (found,) = mapping(text, COLUMNS).outcomes(ROW)
    assert rejected(found) == "missing_timestamp: Paid at is empty: say when it happened"


@pytest.mark.parametrize("name", ["Preis [EUR]", "Preis [€]", "Preis {netto}", "Preis(€)"])
def test_a_name_with_a_unit_is_no_path(name: str) -> None:
    text = SHOP.replace('"Total"', f'"{name}"').replace("Status =", f'"{name}" = true, Status =')
    columns = [name if it == "Total" else it for it in COLUMNS]
    for found in (
        mapping(text, columns).outcomes(ROW)[0],
        mapping(text).outcomes(dict(zip(columns, ROW, strict=True)))[0],
    ):
        assert event(found)["properties"]["total"] == 12.5


@pytest.mark.parametrize("path", ["items[name]", "items [?name='x']", "items [name"])
def test_a_broken_path_is_no_name(path: str) -> None:
    with pytest.raises(MappingError, match="is no path"):
        read_mapping(SHOP.replace('"Total"', f'"{path}"'))


def test_a_constant_that_was_written_as_a_column() -> None:
    shape, text = read_mapping(SHOP.replace('"Currency"', '"EUR"'))
    with pytest.raises(MappingError, match=r'if it is meant as it stands, write \{ value = "EUR" \}'):
        check_columns(shape, text, COLUMNS)
