"""The properties of an event, and what does not fit."""

import re
import sys
from decimal import Decimal
from typing import Any

from tests.reference_model.money import minor
from tests.reference_model.policy import Policy

MAX_ITEMS = 1_000_000
MAX_DOUBLE = Decimal(sys.float_info.max)
AMOUNTS = ("total", "revenue", "value")
REFUNDED = (
    "refund_amount",
    "refunded_amount",
    "amount_refunded",
    "total_refunded",
    "refund_total",
    "refundAmount",
    "refundedAmount",
    "amountRefunded",
    "totalRefunded",
    "refundTotal",
)
MONEY = ("amount", "total", "revenue", "value", "price")
PARTS = "sum net line lines item items quantity qty partial transaction transactions refund refunds refunded"
NOT_PARTS = "id ids at on date time reason status method number name note list code currency"
NO_ORDERS = ";null;<null>;nil;<nil>;none;(none);undefined;not set;(not set);nan;n/a;#n/a;[];{};[object object]"
PLAIN = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)", flags=re.ASCII)

Trait = float | str | bool | tuple[str, ...] | dict[str, str | None] | None


class Unusable(Exception):
    """Carries the reason of a reject."""


def text(value: Any) -> str:
    if value is None:
        return ""
    if not isinstance(value, str):
        raise Unusable("invalid")
    return readable(value)


def readable(value: str) -> str:
    """A text that was UTF-8."""
    if any("\ud800" <= letter <= "\udfff" for letter in value):
        raise Unusable("not_json")
    return value


def table(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise Unusable("invalid")
    return value


def object_of(value: Any) -> dict[str, Any]:
    """An object, which PHP writes as an empty list if it has no fields."""
    return {} if is_nothing(value) else table(value)


def number(value: Any) -> Decimal | None:
    """A number, or a text that is one in plain notation; None where there is none."""
    if isinstance(value, str):
        value = readable(value).strip() or None
        if value is not None and not PLAIN.fullmatch(value):
            raise Unusable("invalid")
    elif isinstance(value, bool) or not isinstance(value, int | Decimal | None):
        raise Unusable("invalid")
    return None if value is None else Decimal(value)


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


def is_like(user_id: str, placeholder: str) -> bool:
    plain = user_id.strip().casefold()
    start, star, end = placeholder.strip().casefold().partition("*")
    if not star:
        return plain == start
    return len(plain) >= len(start + end) and plain.startswith(start) and plain.endswith(end)


def order_of(given: dict[str, Any]) -> str:
    order_id = identifier(given, "order_id", "orderId")
    if order_id.strip().casefold() in NO_ORDERS.split(";"):
        raise Unusable("invalid")
    return order_id


def traits_of(kind: str, body: dict[str, Any], policy: Policy) -> dict[str, Trait]:
    """What an event says of traits, none of them read as a type."""
    known = traits_around(body, policy)
    if kind == "identify":
        own = body.get("traits")
        known |= flat(object_of(own), policy)
    return known


def properties(kind: str, body: dict[str, Any], known: dict[str, Trait], policy: Policy) -> dict[str, Any]:
    others = sorted(known.keys() - policy.named)[:256]
    kept = {name: each for name, each in known.items() if name in others or name in policy.named}
    return {"traits": tuple(sorted(kept.items())), **details(kind, body, policy)}


def details(kind: str, body: dict[str, Any], policy: Policy) -> dict[str, Any]:
    if kind not in ("order", "update", "refund", "cancel", "open", "solve", "rate", "ask"):
        return {}
    given = object_of(body.get("properties"))
    if kind in ("order", "update"):
        return {"order_id": order_of(given), **bought(given, policy), **further(given, policy)}
    if kind == "refund":
        return {"order_id": order_of(given), **given_back(given, policy)}
    if kind == "cancel":
        return {"order_id": order_of(given)}
    if kind == "ask":
        segment = text(given.get("segment"))
        if segment not in [each.key for each in policy.segments]:
            raise Unusable("invalid")
        return {"segment": segment}
    if kind in ("open", "solve"):
        return {"ticket_id": ticket_of(given)}
    if kind == "rate":
        rating = number(given.get("rating"))
        lowest, highest = policy.rating_scale
        if rating is None or not lowest <= rating <= highest:
            raise Unusable("invalid")
        rating = round(rating, 2)
        return {"ticket_id": ticket_of(given), "rating": int(rating) if rating == int(rating) else float(rating)}
    return {}


def ticket_of(given: dict[str, Any]) -> str:
    return identifier(given, "ticket_id", "conversation_id", "ticketId", "conversationId")


def named_currency(given: dict[str, Any], policy: Policy) -> str:
    currency = text(given.get("currency"))
    return currency if currency in policy.money.rates else currency.strip().upper()


def amount(written: Decimal, given: dict[str, Any], policy: Policy, smallest: Decimal = Decimal(1)) -> int:
    """The amount in the policy's currency, whose own currency the same properties name."""
    money = policy.money
    currency = named_currency(given, policy) or money.currency
    if written < 0 or written > MAX_DOUBLE:
        raise Unusable("bad_amount")
    if currency != money.currency and currency not in money.rates:
        raise Unusable("unknown_currency")
    rate = Decimal(1) if currency == money.currency else money.rates[currency]
    if written * rate * smallest > money.most:
        raise Unusable("bad_amount")
    return minor(written, rate, money.places)


def stated(given: dict[str, Any], names: tuple[str, ...]) -> Decimal | None:
    numbers = (number(given.get(name)) for name in names)
    return next((each for each in numbers if each is not None), None)


def bought(given: dict[str, Any], policy: Policy) -> dict[str, Any]:
    total = stated(given, AMOUNTS)
    text(given.get("currency"))
    lines = listed(given.get("products"))
    if total is not None:
        minor_units = amount(total, given, policy)
        counted = contents([line for line in lines if countable(line)], policy)
        return {"amount": minor_units, "own": own(total, named_currency(given, policy), policy), **counted}
    sum_of_lines = itemised(lines, given, policy)
    if sum_of_lines < 0:
        raise Unusable("bad_amount")
    cost = sum((price * count for price, count in map(priced, lines)), Decimal(0))
    return {"amount": sum_of_lines, "own": own(cost, named_currency(given, policy), policy), **contents(lines, policy)}


def own(written: Decimal | int, currency: str, policy: Policy) -> tuple[str, int] | None:
    """The amount in millionths of its own currency; none for the policy's."""
    if currency in ("", policy.money.currency):
        return None
    return currency, millionths(written)


def millionths(written: Decimal | int) -> int:
    found = minor(Decimal(written), Decimal(1), 6)
    if found >= 2**63:
        raise Unusable("bad_amount")
    return found


def further(given: dict[str, Any], policy: Policy) -> dict[str, Any]:
    """What an order says besides; what cannot be read is not there."""
    try:
        written = number(given.get("discount"))
        discount = 0 if written is None else amount(abs(written), given, policy)
    except Unusable:
        discount = 0
    word = given.get("reinstated")
    reinstated = word is True or (isinstance(word, str) and word.strip().lower() == "true")
    return {"discount": discount, "coupon": is_something(given.get("coupon")), "reinstated": reinstated}


def is_something(value: Any) -> bool:
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        return any(is_something(each) for each in value)
    return bool(value.strip() if isinstance(value, str) else value)


def given_back(given: dict[str, Any], policy: Policy) -> dict[str, Any]:
    """How much a refund gives back, an amount of None for everything; own is of the currency "" if it names none."""
    total = stated(given, REFUNDED + AMOUNTS + ("amount",))
    rates = policy.money.rates.values()
    if total is not None:
        unnamed = not text(given.get("currency")).strip()
        smallest = min([Decimal(1), *rates]) if unnamed else Decimal(1)
        minor_units = amount(abs(total), given, policy, smallest)
        return {"amount": minor_units, "own": own_refund(abs(total), given, policy)}
    if not is_nothing(given.get("products")):
        lines = listed(given["products"])
        for line in lines:
            priced(line)
        unnamed = not text(given.get("currency")).strip()
        smallest = min([Decimal(1), *rates]) if unnamed else Decimal(1)
        minor_units = abs(itemised(lines, given, policy, smallest))
        cost = abs(sum((price * count for price, count in map(priced, lines)), Decimal(0)))
        return {"amount": minor_units, "own": own_refund(cost, given, policy)}
    if any(says_part(name, value) for name, value in given.items() if name not in (*REFUNDED, *AMOUNTS, "amount")):
        raise Unusable("invalid")
    return {"amount": None}


def says_part(name: str, value: Any) -> bool:
    """Whether a property seems to say that a refund is not of everything."""
    if isinstance(value, str) and value.strip().lower() == "partial":
        return True
    words = re.sub("(?<=[a-z])(?=[A-Z])", " ", re.sub("[^A-Za-z]", " ", name)).lower().split()
    if words and words[-1] in NOT_PARTS.split():
        return False
    if not any(word in name.lower() for word in MONEY) and not any(word in PARTS.split() for word in words):
        return False
    if isinstance(value, bool):
        return value and "partial" in words
    if isinstance(value, str):
        return any(character in "0123456789" for character in value)
    return value is not None and value not in ([], {})


def own_refund(written: Decimal | int, given: dict[str, Any], policy: Policy) -> tuple[str, int] | None:
    currency = named_currency(given, policy)
    if not currency:
        return ("", millionths(written)) if policy.money.rates else None
    return own(written, currency, policy)


def is_nothing(value: Any) -> bool:
    return value is None or value == [] or (isinstance(value, str) and not value.strip(" \t\r\n"))


def priced(line: Any) -> tuple[Decimal, Decimal]:
    price, count = number(table(line).get("price")), quantity(line)
    if price is None:
        raise Unusable("invalid")
    return price, count


def itemised(lines: list[Any], given: dict[str, Any], policy: Policy, smallest: Decimal = Decimal(1)) -> int:
    """The sum of lines that make up an amount: every line must be right."""
    if not lines:
        raise Unusable("invalid")
    pairs = [priced(line) for line in lines]
    if any(abs(price) > MAX_DOUBLE or abs(count) > MAX_ITEMS for price, count in pairs):
        raise Unusable("bad_amount")
    costs = [price * count for price, count in pairs]
    total = sum(amount(abs(cost), given, policy, smallest) * (-1 if cost < 0 else 1) for cost in costs)
    if Decimal(abs(total)).scaleb(-policy.money.places) * smallest > policy.money.most:
        raise Unusable("bad_amount")
    return total


def listed(lines: Any) -> list[Any]:
    return lines if isinstance(lines, list) else []


def quantity(line: dict[str, Any]) -> Decimal:
    count = number(line.get("quantity"))
    return Decimal(1) if count is None else count


def countable(line: Any) -> bool:
    """Whether a line's quantity can be counted."""
    try:
        return abs(quantity(table(line))) <= MAX_ITEMS
    except Unusable:
        return False


def is_item(line: dict[str, Any]) -> bool:
    """A return or a discount is none."""
    try:
        price = number(line.get("price"))
    except Unusable:
        price = None
    return quantity(line) >= 0 and not (price is not None and -MAX_DOUBLE <= price < 0)


def contents(lines: list[dict[str, Any]], policy: Policy) -> dict[str, Any]:
    lines = [line for line in lines if is_item(line)]
    counts = [quantity(line) for line in lines]
    names = [readable(line["category"]) for line in lines if isinstance(line.get("category"), str)]
    categories = list(dict.fromkeys(name for name in names if name))
    items = sum(int(each) if each == int(each) else 1 for each in counts)
    others = [name for name in categories if name not in policy.named_categories][:32]
    kept = [name[:256] for name in categories if name in others or name in policy.named_categories]
    return {"items": items, "categories": tuple(kept)}


def traits_around(body: dict[str, Any], policy: Policy) -> dict[str, Trait]:
    """The traits in the event's context."""
    context = body.get("context")
    traits = context.get("traits") if isinstance(context, dict) else None
    return flat(traits, policy) if isinstance(traits, dict) else {}


def flat(traits: dict[str, Any], policy: Policy) -> dict[str, Trait]:
    """Every scalar under its flat name; what stands in tags is none of its own."""
    found: dict[str, Trait] = {}
    for outer, value in traits.items():
        if policy.traits.get(outer[:256]) == "tags":
            continue
        inside = {f"{outer}_{inner}": each for inner, each in value.items()} if isinstance(value, dict) else None
        for name, each in ({outer: value} if inside is None else inside).items():
            if is_scalar(each):
                found[name[:256]] = scalar(each)
    return found


def is_scalar(value: Any) -> bool:
    if isinstance(value, int):
        return -(2**63) <= value < 2**63
    if isinstance(value, Decimal):
        return abs(value) <= MAX_DOUBLE
    return not isinstance(value, list | dict)


def scalar(value: Any) -> Trait:
    if isinstance(value, str):
        return readable(value)[:256]
    return float(value) if isinstance(value, Decimal) else value
