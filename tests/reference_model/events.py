"""An input value read into a fact, or the reason why it cannot be."""

import json
import re
from base64 import b64decode
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from hashlib import blake2b
from typing import Any

from tests.reference_model.amounts_by_value import amounts_by_value
from tests.reference_model.fields import read_by_conditions
from tests.reference_model.names import KINDS, KNOWN, bare, is_track, key_of
from tests.reference_model.policy import Policy
from tests.reference_model.properties import (
    Trait,
    Unusable,
    details,
    first_id,
    is_like,
    properties,
    table,
    text,
    traits_of,
)
from tests.reference_model.succession import Successor, in_force
from tests.reference_model.timestamps import happened
from tests.reference_model.typed_traits import with_types

MAX_NUMBER = 262_144
MAX_EVENTS = 2_500
MAX_DEPTH = 500
BRACKET = re.compile(r'"(?:[^"\\]|\\.)*"|[\[\]{}]', re.DOTALL)
ESCAPE = re.compile(
    r"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|(\\u[dD][89a-fA-F][0-9a-fA-F]{2})|\\.", re.DOTALL
)
TIMES = (("sentAt", "sent_at"), ("receivedAt", "received_at"))


@dataclass(frozen=True)
class Fact:
    user_id: str
    at: int
    message_id: str
    name: str
    kind: str
    order_id: str = ""
    amount: int | None = None
    items: int = 0
    categories: tuple[str, ...] = ()
    own: tuple[str, int] | None = None
    discount: int = 0
    coupon: bool = False
    reinstated: bool = False
    ticket_id: str = ""
    rating: float = 0
    traits: tuple[tuple[str, Trait], ...] = ()
    properties: tuple[tuple[str, Trait], ...] = ()
    segment: str = ""
    line: int = field(default=0, compare=False)


@dataclass(frozen=True)
class Reject:
    reason: str


@dataclass(frozen=True)
class Unknown:
    """An event of a name that no rule knows."""


class Several(Exception):
    """Carries the events of a list, and the times that the list says of all."""

    def __init__(self, events: list[Any], times: dict[str, Any]) -> None:
        super().__init__()
        self.events = events
        self.times = times


def usable(
    value: bytes | None, key: bytes | None, policy: Policy, later: Sequence[Successor] = ()
) -> list[Fact | Reject | Unknown]:
    """What a value says, of each event in it; a key of None is no key at all, as in a file."""
    try:
        if value is None:
            raise Unusable("tombstone")
        if len(value) > MAX_NUMBER:
            raise Unusable("too_large")
        body = value[5:] if value[:1] == b"\x00" else value
        content = parsed(body)
        try:
            return [read(owned(unwrapped(content), digest(value), policy), digest(value), key, policy, later)]
        except Several as several:
            if not several.events:
                raise Unusable("invalid") from None
            if len(several.events) > MAX_EVENTS:
                raise Unusable("too_large") from None
            return [
                one_of_several(each, several.times, digest(f"{digest(body)}#{place}".encode()), key, policy, later)
                for place, each in enumerate(several.events, 1)
            ]
    except Unusable as unusable:
        return [Reject(str(unusable))]


def one_of_several(
    content: Any, times: dict[str, Any], own_id: str, key: bytes | None, policy: Policy, later: Sequence[Successor]
) -> Fact | Reject | Unknown:
    try:
        body = unwrapped(content)
        for name, twin in TIMES:
            if name in times and body.get(name) is None and body.get(twin) is None:
                body = {**body, name: times[name]}
        return read(owned(body, own_id, policy), own_id, key, policy, later)
    except Several:
        return Reject("invalid")
    except Unusable as unusable:
        return Reject(str(unusable))


def owned(body: dict[str, Any], own_id: str, policy: Policy) -> dict[str, Any]:
    """The event as its account's own, where accounts are decided."""
    if not policy.of_accounts:
        return body
    around = body["context"] if isinstance(body.get("context"), dict) else {}
    account = first_id(body, "groupId", "group_id") or first_id(around, "groupId", "group_id")
    if not account:
        raise Unusable("missing_account")
    if len(account) > 256:
        raise Unusable("invalid")
    member = first_id(body, "userId", "user_id")
    kept = {name: it for name, it in around.items() if name not in ("traits", "member")}
    own = {name: it for name, it in body.items() if name not in ("user_id", "message_id")}
    own["userId"] = account
    own["messageId"] = first_id(body, "messageId", "message_id") or own_id
    own["context"] = {**kept, "member": member} if member else kept
    if bare(text(body.get("type"))) == "group":
        return {**own, "type": "identify"}
    return {name: it for name, it in own.items() if name != "traits"}


def digest(value: bytes) -> str:
    return blake2b(value, digest_size=12).hexdigest()


def whole_number(digits: str) -> int | Decimal:
    """A zero with a sign is a number, and not a whole one."""
    return Decimal("-0.0") if digits == "-0" else int(digits)


def parsed(value: bytes) -> Any:
    """JSON, or what is nearly JSON; bytes that are no UTF-8 become lone surrogates, which must not be read."""
    text = value.removeprefix(b"\xef\xbb\xbf").decode("utf-8", "surrogateescape")
    if depth(text) > MAX_DEPTH:
        raise Unusable("not_json")
    text = ESCAPE.sub(lambda it: r"\ufffd" if it[1] else it[0], text)
    try:
        return json.loads(text, parse_float=Decimal, parse_int=whole_number, parse_constant=str)
    except (ValueError, RecursionError):
        raise Unusable("not_json") from None


def depth(text: str) -> int:
    deepest = level = 0
    for mark in BRACKET.findall(text):
        level += (mark in ("[", "{")) - (mark in ("]", "}"))
        deepest = max(deepest, level)
    return deepest


def read(
    body: dict[str, Any], own_id: str, key: bytes | None, first: Policy, later: Sequence[Successor]
) -> Fact | Unknown:
    texts = fields(body)
    user_id = texts["userId"]
    if not user_id:
        raise Unusable("missing_user")
    if len(user_id) > 256:
        raise Unusable("invalid")
    at = happened(body)
    policy = in_force(at, first, later)
    if any(is_like(user_id, each) for each in ("", *policy.not_customers)):
        raise Unusable("placeholder_user")
    sent_as = texts["event"] if is_track(texts["type"]) else texts["type"]
    name = KNOWN.get(bare(sent_as)) if len(sent_as) <= 256 else None
    if name is None:
        name = (
            next((each for each in policy.counted if bare(each) == bare(sent_as)), None)
            if len(sent_as) <= 256
            else None
        )
    if name is None:
        keyed(user_id, key)
        return Unknown()
    message_id = texts["messageId"] or own_id
    if len(message_id) > 256:
        raise Unusable("invalid")
    kind = KINDS.get(name, "counted")
    if kind == "ask":
        asked = details(kind, body, policy)
        keyed(user_id, key)
        return Fact(user_id, at, message_id, name, kind, **asked)
    known = with_types(traits_of(kind, body, policy), kind, body, policy)
    said = properties(kind, body, known, policy)
    keyed(user_id, key)
    read = read_by_conditions(policy, policy.read_of(key_of(name)), body)
    if kind in ("order", "update"):
        read |= amounts_by_value(policy, read, body)
    return Fact(user_id, at, message_id, name, kind, **said, properties=tuple(sorted(read.items())))


def unwrapped(content: Any) -> dict[str, Any]:
    """The object that is the event, out of at most four wrappings."""
    for _ in range(5):
        if isinstance(content, str):
            content = held(content)
            continue
        if isinstance(content, list):
            raise Several(content, {})
        body = table(content)
        if body.get("specversion") is not None:
            content = cloud_data(body)
        elif body.get("userId") is not None or body.get("user_id") is not None:
            return body
        elif body.get("op") is not None and (body.get("before") is not None or body.get("after") is not None):
            raise Unusable("missing_user")
        elif "schema" in body and "payload" in body:
            if body["payload"] is None:
                raise Unusable("missing_user")
            content = body["payload"]
        elif isinstance(body.get("batch"), list):
            given = {
                name: next((body[it] for it in (name, twin) if is_time(body.get(it))), None) for name, twin in TIMES
            }
            raise Several(body["batch"], {name: it for name, it in given.items() if it is not None})
        else:
            return body
    raise Unusable("invalid")


def is_time(value: Any) -> bool:
    """Whether a value may be a time, by its length as it was written."""
    return value is not None and len(json.dumps(value, ensure_ascii=False, default=str).encode()) <= 64


def held(content: str) -> Any:
    try:
        return parsed(content.encode())
    except Unusable:
        raise Unusable("invalid") from None


def cloud_data(body: dict[str, Any]) -> Any:
    if body.get("data") is not None:
        return body["data"]
    encoded = text(body.get("data_base64"))
    if body.get("data_base64") is None:
        raise Unusable("missing_user")
    try:
        return parsed(b64decode(encoded, validate=True))
    except ValueError:
        raise Unusable("invalid") from None


def fields(body: dict[str, Any]) -> dict[str, str]:
    call = text(body.get("type")) or "track"
    return {
        "type": call,
        "event": text(body.get("event")) if is_track(call) else "",
        "messageId": first_id(body, "messageId", "message_id"),
        "userId": first_id(body, "userId", "user_id"),
    }


def keyed(user_id: str, key: bytes | None) -> None:
    if key is not None and key != user_id.encode():
        raise Unusable("key_mismatch")
