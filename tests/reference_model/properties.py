"""The properties of an event, and what does not fit."""

from decimal import Decimal
from typing import Any

from tests.reference_model.money import minor
from tests.reference_model.policy import Policy

MAX_ITEMS = 1_000_000

Trait = float | str | bool | None


class Unusable(Exception):
    """Carries the reason of a reject."""


def text(value: Any) -> str:
    if value is None:
        return ""
    if not isinstance(value, str):
        raise Unusable("invalid")
    return value


def table(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise Unusable("invalid")
    return value


def number(value: Any) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise Unusable("invalid")
    return Decimal(value)


def digits(value: Any) -> str:
    """An id: a text, or a whole number as its digits."""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else text(value)


def first_id(given: dict[str, Any], *names: str) -> str:
    """The first id that is there; empty if none is. What is behind it is not looked at."""
    return next((found for name in names if (found := digits(given.get(name)))), "")


def identifier(given: dict[str, Any], *names: str) -> str:
    name = first_id(given, *names)
    if not 1 <= len(name) <= 256:
        raise Unusable("invalid")
    return name


def order_of(given: dict[str, Any]) -> str:
    return identifier(given, "order_id", "orderId")


def properties(kind: str, body: dict[str, Any], policy: Policy) -> dict[str, Any]:
    if kind == "identify":
        return {"traits": flat(table(body.get("traits", {})))}
    if kind not in ("order", "update", "refund", "cancel", "open", "solve", "rate"):
        return {}
    given = table(body.get("properties", {}))
    if kind in ("order", "update"):
        return {"order_id": order_of(given), **bought(given, policy)}
    if kind == "refund":
        order_id, total = order_of(given), given.get("total")
        text(given.get("currency"))
        return {"order_id": order_id, "amount": None if total is None else amount(number(total), given, policy)}
    if kind == "cancel":
        return {"order_id": order_of(given)}
    if kind in ("open", "solve"):
        return {"ticket_id": ticket_of(given)}
    if kind == "rate":
        rating = number(given.get("rating"))
        if not isinstance(given["rating"], int) or not 1 <= rating <= 5:
            raise Unusable("invalid")
        return {"ticket_id": ticket_of(given), "rating": int(rating)}
    return {}


def ticket_of(given: dict[str, Any]) -> str:
    return identifier(given, "ticket_id", "conversation_id", "ticketId", "conversationId")


def amount(written: Decimal, given: dict[str, Any], policy: Policy) -> int:
    """The amount in the policy's currency, whose own currency the same properties name."""
    money = policy.money
    currency = money.currency if given.get("currency") is None else text(given["currency"])
    if written < 0:
        raise Unusable("bad_amount")
    if currency != money.currency and currency not in money.rates:
        raise Unusable("unknown_currency")
    rate = Decimal(1) if currency == money.currency else money.rates[currency]
    if written * rate > money.most:
        raise Unusable("bad_amount")
    return minor(written, rate, money.places)


def bought(given: dict[str, Any], policy: Policy) -> dict[str, Any]:
    lines = given.get("products", [])
    if not isinstance(lines, list):
        raise Unusable("invalid")
    lines = [table(line) for line in lines]
    quantities = [number(line.get("quantity", 1)) for line in lines]
    prices = [None if line.get("price") is None else number(line["price"]) for line in lines]
    categories = list(dict.fromkeys(name for line in lines if (name := text(line.get("category")))))
    text(given.get("currency"))
    stated = [number(given[name]) for name in ("total", "revenue", "value") if given.get(name) is not None]
    if not stated and (not lines or None in prices):
        raise Unusable("invalid")
    if stated:
        total = amount(stated[0], given, policy)
    else:
        costs = [price * each for price, each in zip(prices, quantities, strict=True) if price is not None]
        total = sum(amount(cost, given, policy) for cost in costs)
        if Decimal(total).scaleb(-policy.money.places) > policy.money.most:
            raise Unusable("bad_amount")
    if any(not 0 <= each <= MAX_ITEMS for each in quantities):
        raise Unusable("bad_amount")
    items = sum(int(each) if each == int(each) else 1 for each in quantities)
    return {"amount": total, "items": items, "categories": tuple(categories[:32])}


def flat(traits: dict[str, Any]) -> tuple[tuple[str, Trait], ...]:
    found: dict[str, Trait] = {}
    for outer, value in traits.items():
        if isinstance(value, dict):
            found.update({f"{outer}_{inner}": scalar(each) for inner, each in value.items() if is_scalar(each)})
        elif is_scalar(value):
            found[outer] = scalar(value)
    return tuple(sorted(found.items())[:64])


def is_scalar(value: Any) -> bool:
    return not isinstance(value, list | dict)


def scalar(value: Any) -> Trait:
    if isinstance(value, str):
        return value[:256]
    return float(value) if isinstance(value, Decimal) else value
