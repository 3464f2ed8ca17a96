"""Numbers that come as decimal texts are numbers; an order with a good amount counts whatever its lines look like."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.envelope import decode
from schemas.events import AnyFact, OrderCompleted, OrderRefunded, TicketOpened, TicketRated
from schemas.intake import Intake
from schemas.money import Exchange
from schemas.reject import RejectedError

INTAKE = Intake(Exchange("USD", 1_000_000.0, {"EUR": 1.08}))
AT = 1740823200000
LINE = {"product_id": "p", "price": 20, "quantity": 1, "category": "Shoes"}


def track(name: str, properties: str) -> bytes:
    outside = {"type": "track", "event": name, "messageId": "m", "userId": "u", "timestamp": "2025-03-01T10:00:00Z"}
    return json.dumps({**outside, "properties": None}).replace("null", properties).encode()


def read(name: str, properties: str) -> AnyFact | None:
    return decode(track(name, properties), b"u", INTAKE).fact


def order(properties: str) -> tuple[int, int, tuple[str, ...]]:
    fact = read("Order Completed", f'{{"order_id":"1",{properties}}}')
    assert isinstance(fact, OrderCompleted)
    return fact.total, fact.items, fact.categories


def told(name: str, properties: str) -> str:
    with pytest.raises(RejectedError) as refused:
        read(name, properties)
    return str(refused.value)


@pytest.mark.parametrize(
    ("written", "minor"),
    [
        ('"total":"409.94","currency":"USD"', 40994),
        ('"total":"","revenue":25.5', 2550),
        ('"total":null,"revenue":" ","value":"+7."', 700),
        ('"total":" .5 "', 50),
        ('"total":"12.345"', 1234),
        ('"total":1e3', 100_000),
        ('"total":-0.0', 0),
        ('"total":"-0"', 0),
        ('"total":20,"currency":"usd"', 2000),
        ('"total":20,"currency":" Eur "', 2160),
        ('"total":20,"currency":""', 2000),
        ('"total":20,"currency":" "', 2000),
        ('"total":20,"revenue":"gratis","value":[1]', 2000),
        ('"total":20,"value":1e400', 2000),
        ('"products":[{"price":"10.00","quantity":"2"},{"price":"0.125"}]', 2012),
        ('"products":[{"price":50},{"price":-10,"quantity":1}]', 4000),
        ('"products":[{"price":50},{"price":10,"quantity":-2},{"price":"-5"}]', 2500),
        ('"products":[{"price":50},{"price":-25,"quantity":2}]', 0),
    ],
)
def test_an_amount_is_read(written: str, minor: int) -> None:
    assert order(written)[0] == minor


@pytest.mark.parametrize(
    ("lines", "items", "categories"),
    [
        ('[{"product_id":"p","price":"10.00","quantity":"2","category":"Tea"}]', 2, ("Tea",)),
        ('[{"quantity":2.0},{"quantity":0.5},{"quantity":null},{"quantity":""}]', 5, ()),
        ('[{"quantity":-1,"category":"Gone"},{"quantity":1,"category":"Tea"}]', 1, ("Tea",)),
        ('[{"quantity":"many","category":"Gone"},{"quantity":1000001},{"quantity":1e400},"p",null,[]]', 0, ()),
        ('[{"category":["Shoes","Men"],"quantity":3},{"category":5},{"category":null}]', 5, ()),
        ('[{"price":"free","category":"Tea"}]', 1, ("Tea",)),
        ('[{"price":50,"category":"Tea"},{"price":-10,"category":"Discount"}]', 1, ("Tea",)),
        ('[{"price":"50","category":"Tea"},{"price":"-10.00","category":"Discount"}]', 1, ("Tea",)),
        ('[{"price":50,"quantity":3},{"price":-10,"quantity":-1,"category":"Discount"}]', 3, ()),
        ("null", 0, ()),
        ("[]", 0, ()),
        ('{"0":{"product_id":"p","price":20}}', 0, ()),
        ('"p"', 0, ()),
    ],
)
@pytest.mark.parametrize("amount", ['"total":20', '"revenue":"20.00"'])
def test_a_stated_amount_counts_whatever_the_lines_look_like(
    amount: str, lines: str, items: int, categories: tuple[str, ...]
) -> None:
    assert order(f'{amount},"products":{lines}') == (2000, items, categories)


@pytest.mark.parametrize(
    ("properties", "detail"),
    [
        ('"total":"1.234,56"', 'invalid: properties.total is "1.234,56": send a number, or a plain decimal text like'),
        ('"total":"$5"', 'invalid: properties.total is "$5": send a number'),
        ('"total":"1,000"', 'invalid: properties.total is "1,000": send a number'),
        ('"total":"1e3"', 'invalid: properties.total is "1e3": send a number'),
        ('"total":"NaN"', 'invalid: properties.total is "NaN": send a number'),
        ('"total":"\u0663"', "invalid: properties.total is"),
        ('"total":true', "invalid: properties.total is true: send a number"),
        ('"total":[20],"revenue":20', "invalid: properties.total is [20]: send a number"),
        ('"total":{"amount":20,"currency":"USD"}', "invalid: properties.total is {"),
        ('"total":"-1"', "bad_amount: total is -1.0: send refunds as Order Refunded"),
        ('"total":1e400', "bad_amount: an amount of the order is inf: an amount is a finite number"),
        ('"total":"1000000.01"', "bad_amount: total 1000000.01 is over the policy's most_per_order 1000000.0"),
        ('"total":1,"currency":5', "invalid: properties.currency is 5: send a text"),
        ('"total":1,"currency":"xxx"', "unknown_currency: currency 'XXX' is neither the policy's USD"),
        ('"products":null', "invalid: properties.total is missing, and properties.products is missing: send the total"),
        ('"products":{"0":{}}', 'invalid: properties.total is missing, and properties.products is {"0":{}}: send'),
        ('"products":[]', "invalid: properties.total is missing, and there are no products to make it up"),
        ('"products":[{"price":1},null]', "invalid: properties.products[1] is null: send a JSON object"),
        (
            '"products":[{"price":-1},{}]',
            "invalid: properties.total is missing, and properties.products[1] has no price",
        ),
        ('"products":[{"price":1,"quantity":"two"}]', 'invalid: properties.products[0].quantity is "two": send'),
        (
            '"products":[{"price":1,"quantity":-1}]',
            "bad_amount: the products add up to -1.0: send what is given back as Order Refunded",
        ),
    ],
)
def test_what_could_be_two_amounts_is_told(properties: str, detail: str) -> None:
    assert told("Order Completed", f'{{"order_id":"1",{properties}}}').startswith(detail)


@pytest.mark.parametrize(
    ("written", "minor"),
    [
        ('"total":"5.50"', 550),
        ('"total":"5","currency":"eur"', 540),
        ('"revenue":20', 2000),
        ('"total":null,"value":"20"', 2000),
        ('"total":"","revenue":null,"value":7,"amount":9', 700),
        ('"amount":20', 2000),
        ('"refund_amount":"20.00"', 2000),
        ('"refundAmount":20', 2000),
        ('"total_refunded":-20', 2000),
        ('"total":-20', 2000),
        ('"total":"-20.00","currency":"EUR"', 2160),
        ('"total":0', 0),
        ('"products":[{"price":20,"quantity":2},{"price":"0.125"}]', 4012),
        ('"products":[{"price":20,"quantity":-1}]', 2000),
        ('"products":[{"price":-20},{"price":5}]', 1500),
        ('"total":20,"products":[{"product_id":"p"}]', 2000),
        ('"amount":0,"products":[{"price":2.5,"quantity":3}],"tax_amount":1', 0),
        ('"products":[{"price":2.5,"quantity":3}],"tax_amount":1', 750),
        ('"total":"20","products":"all"', 2000),
    ],
)
def test_a_refund_says_its_amount_like_an_order(written: str, minor: int) -> None:
    refund = read("Order Refunded", f'{{"order_id":"1",{written}}}')
    assert isinstance(refund, OrderRefunded)
    assert refund.total == minor


@pytest.mark.parametrize(
    "written",
    [
        '"currency":5',
        '"total":null,"revenue":"","products":[]',
        '"products":null,"amount":null,"refund_total":""',
        '"refund_reason":"too late","refund_id":7,"tax":0,"refunded":true,"amount":" ","products":[ ]',
    ],
)
def test_only_a_refund_that_says_no_amount_gives_everything_back(written: str) -> None:
    assert read("Order Refunded", f'{{"order_id":"1",{written}}}') == OrderRefunded(AT, "m", "1", None)


@pytest.mark.parametrize(
    ("properties", "detail"),
    [
        ('"total":"all"', 'invalid: properties.total is "all": send a number'),
        ('"total":"abc","revenue":20', 'invalid: properties.total is "abc": send a number'),
        ('"revenue":{"amount":20}', 'invalid: properties.revenue is {"amount":20}: send a number'),
        ('"amount":true', "invalid: properties.amount is true: send a number"),
        ('"amount":20,"currency":5', "invalid: properties.currency is 5: send a text"),
        ('"products":[{"product_id":"q","quantity":1}]', "invalid: properties.total is missing, and properties.produc"),
        (
            '"products":[{"price":1},{}]',
            "invalid: properties.total is missing, and properties.products[1] has no price",
        ),
        ('"products":{"0":{"price":20}}', 'invalid: properties.total is missing, and properties.products is {"0":'),
        ('"products":[{"price":20,"quantity":1e7}]', "bad_amount: a product's quantity is 10000000.0: the most is"),
        ('"order_value":20', "invalid: properties.order_value is 20, and may be how much was given back: send that"),
        ('"Refund Amount":"20"', 'invalid: properties.Refund Amount is "20", and may be how much was given back'),
        ('"total":1e400', "bad_amount: an amount of the order is inf"),
        ('"total":1000000.01', "bad_amount: total 1000000.01 is over the policy's most_per_order"),
    ],
)
def test_a_refund_whose_amount_cannot_be_read_is_told(properties: str, detail: str) -> None:
    assert told("Order Refunded", f'{{"order_id":"1",{properties}}}').startswith(detail)


@pytest.mark.parametrize(
    ("rating", "stars"),
    [
        ("2", 2),
        ('"2"', 2),
        ("3.0", 3),
        ('"4.0"', 4),
        ("5e0", 5),
        ("4.5", 4.5),
        ('" 1.125 "', 1.12),
        ("4.999", 5),
        ("1.0000001", 1),
    ],
)
def test_a_rating_is_a_number_of_at_most_two_decimals(rating: str, stars: float) -> None:
    rated = read("Support Ticket Rated", f'{{"ticket_id":12345,"rating":{rating}}}')
    assert rated == TicketRated(AT, "m", "12345", stars)


@pytest.mark.parametrize("rating", ['"bad"', '"5 stars"', "9", "0", "5.001", "0.999", "true", "1e400", "[5]"])
def test_what_is_no_rating_is_told(rating: str) -> None:
    assert told("Support Ticket Rated", f'{{"ticket_id":"1","rating":{rating}}}').startswith(
        "invalid: properties.rating"
    )


def test_ratings_on_the_scale_of_the_policy() -> None:
    def rated(rating: str, lowest: float, highest: float) -> AnyFact | None:
        intake = Intake(INTAKE.exchange, rating_scale=(lowest, highest))
        value = track("Support Ticket Rated", f'{{"ticket_id":"t","rating":{rating}}}')
        return decode(value, b"u", intake).fact

    assert rated("0", 0, 10) == TicketRated(AT, "m", "t", 0)
    assert rated('"9.5"', 0, 10) == TicketRated(AT, "m", "t", 9.5)
    assert rated("-1", -1, 1) == TicketRated(AT, "m", "t", -1)
    with pytest.raises(RejectedError, match=r"properties.rating is 11, and the policy's scale is 0 to 10: set rating_"):
        rated("11", 0, 10)


def test_a_field_that_is_not_used_is_not_judged() -> None:
    opened = read("Support Ticket Created", '{"ticket_id":"1","rating":"none yet","conversation_id":[]}')
    assert opened == TicketOpened(AT, "m", "1", "Support Ticket Created")
    assert told("Support Ticket Rated", '{"ticket_id":"1"}').endswith("is missing: send a number")


@given(st.decimals(min_value=-10, max_value=1_000_001, places=4, allow_nan=False))
def test_a_decimal_text_is_the_number_that_it_shows(amount: Any) -> None:
    as_text, as_number = (f'{{"order_id":"1","total":{written}}}' for written in (f'"{amount}"', f"{amount}"))
    check_read_alike(as_number, as_text)


def check_read_alike(written: str, other: str) -> None:
    """Check that two ways of writing an order give the same fact, or the same sentence of refusal."""
    try:
        expected = read("Order Completed", written)
    except RejectedError as refused:
        assert told("Order Completed", other) == str(refused)
    else:
        assert read("Order Completed", other) == expected


lines = st.fixed_dictionaries(
    {},
    optional={
        "price": st.sampled_from([0, 0.125, 19.99, 600_000, -5]),
        "quantity": st.sampled_from([0, 1, 2.5, 3, -1]),
        "category": st.sampled_from(["", "Tea", "Coffee"]),
    },
)


@given(st.lists(lines, min_size=1, max_size=3), st.none() | st.just(20.5), st.sampled_from([None, "USD", "EUR"]))
def test_what_the_strict_decoder_reads_is_read_alike(
    products: list[Any], total: float | None, currency: str | None
) -> None:
    order = {"order_id": "7", "total": total, "currency": currency, "products": products}
    strict, coerced = (json.dumps({**order, "order_id": order_id}) for order_id in ("7", 7))
    check_read_alike(strict, coerced)
