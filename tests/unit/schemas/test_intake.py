"""Who is no customer: what producers send when they know none."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.envelope import decode
from schemas.events import Browsed
from schemas.intake import NOT_CUSTOMERS, Intake
from schemas.money import Exchange
from schemas.reject import RejectedError

EXCHANGE = Exchange("USD", 1_000_000.0, {})
INTAKE = Intake(EXCHANGE)


def page(user_id: object) -> bytes:
    return json.dumps({"type": "page", "messageId": "m", "userId": user_id, "timestamp": 1740823200}).encode()


@pytest.mark.parametrize(
    "user_id",
    [
        *("guest", "Guest", " GUEST ", "null", "undefined", "None", "NaN", "N/A", "anonymous", "[object Object]", "{}"),
        *("00000000-0000-0000-0000-000000000000", "0", 0, "-1", -1, "{{user_id}}", "{{ user.id }}", "${customerId}"),
        *("<nil>", "(not set)", "\t null\n"),
    ],
)
def test_a_placeholder_is_no_customer(user_id: object) -> None:
    key = user_id.encode() if isinstance(user_id, str) else str(user_id).encode()
    with pytest.raises(RejectedError, match=r"placeholder_user: userId is .* stands for no customer: send the"):
        decode(page(user_id), key, INTAKE)


@pytest.mark.parametrize(
    "user_id",
    [
        *("Anna@Example.com", " anna@example.com", "😀🛒", "é", "e\u0301", "李雷", "مريم", "a b/c:d*?", "x\u0000y"),
        *("tab\tnew\nline", "'; DROP TABLE", "\u200bzero", "{curly}", "lifestage:customer:1", "guest1", "10", "00"),
        *("nullable", "{{", "{{}", "}}", "Ⓝone", "no", "u"),
    ],
)
def test_any_other_text_is_a_customer(user_id: str) -> None:
    event = decode(page(user_id), user_id.encode(), INTAKE)
    assert (event.user_id, event.fact) == (user_id, Browsed(1740823200000, "m", "page"))


def test_the_policy_has_the_list() -> None:
    none, own = Intake(EXCHANGE, ()), Intake(EXCHANGE, (" Test-* ", "*@SHOP.example", "ß"))
    assert not any(none.is_placeholder(it) for it in NOT_CUSTOMERS)
    assert all(map(own.is_placeholder, ("test-", "TEST-7", "anna@shop.Example", "SS", "ß", " ẞ ")))
    assert not any(map(own.is_placeholder, ("guest", "test", "a test-7", "anna@shop.example.com", "s")))


@given(st.text(min_size=1), st.lists(st.text(min_size=1).filter(lambda it: it.strip().strip("*"))))
def test_the_first_character_only_saves_time(user_id: str, listed: list[str]) -> None:
    whole = [it.replace("*", "") for it in listed if it.replace("*", "").strip()]
    intake = Intake(EXCHANGE, whole)
    is_listed = user_id.strip().casefold() in {"", *(it.strip().casefold() for it in whole)}
    assert intake.is_placeholder(user_id) == is_listed
    assert not (is_listed and user_id[0] in intake.customers_begin)


@given(st.sampled_from(NOT_CUSTOMERS), st.sampled_from([str.upper, str.lower, str.title, str.swapcase]))
def test_every_placeholder_is_one_in_any_case(listed: str, written: type[str]) -> None:
    assert INTAKE.is_placeholder(f" {written(listed)}  ")
