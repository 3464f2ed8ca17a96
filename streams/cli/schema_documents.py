"""The published schemas: JSON Schema of every message and an AsyncAPI document of the topics, from the types."""

from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

import msgspec
import orjson

from schemas.event_types import CARTS, COUPONS, OTHER_INTEREST, SEARCHES, VIEWS
from schemas.profile import Profile
from schemas.properties import CancelProperties, OrderProperties, RefundProperties, TicketProperties
from schemas.reject import Reject
from schemas.transition import Transition
from streams.settings import Settings
from streams.topics import topics_of

DIALECT = "https://json-schema.org/draft/2020-12/schema"
TICKETS = (
    "Support Ticket Created",
    "Support Ticket Solved",
    "Support Ticket Reopened",
    "Support Ticket Rated",
    "Live Chat Conversation Started",
    "Live Chat Conversation Ended",
)
PROPERTIES: dict[str, type | None] = {
    "Order Completed": OrderProperties,
    "Order Updated": OrderProperties,
    "Order Refunded": RefundProperties,
    "Order Cancelled": CancelProperties,
    **dict.fromkeys(TICKETS, TicketProperties),
    **dict.fromkeys(sorted((VIEWS | SEARCHES | CARTS | COUPONS | OTHER_INTEREST) - {"page", "screen"})),
}


def documents() -> dict[str, bytes]:
    """Return every document by its file name."""
    schemas = {
        "event.schema.json": _events(),
        "transition.schema.json": _of(Transition, "A transition: a value of customer.transitions"),
        "reject.schema.json": _of(Reject, "A reject: a value of customer.rejects"),
        "profile.schema.json": _of(Profile, "A customer's profile"),
    }
    contents = {**schemas, "asyncapi.json": _asyncapi()}
    return {name: orjson.dumps(content, option=orjson.OPT_INDENT_2) + b"\n" for name, content in contents.items()}


def write(folder: Path) -> Iterator[Path]:
    """Write the documents into a folder, created if missing, and yield their paths. Raises ``OSError``."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, document in documents().items():
        path = folder / name
        path.write_bytes(document)
        yield path


def _of(kind: Any, title: str) -> dict[str, Any]:
    return {"$schema": DIALECT, "title": title, **msgspec.json.schema(kind)}


def _events() -> dict[str, Any]:
    kinds = [kind for kind in dict.fromkeys(PROPERTIES.values()) if kind is not None]
    _, components = msgspec.json.schema_components(kinds, ref_template="#/$defs/{name}")
    tracks = [_event("track", name, kind) for name, kind in PROPERTIES.items()]
    others = [_event("page", None, None), _event("screen", None, None), _identify()]
    return {
        "$schema": DIALECT,
        "title": "An event: a value of the four input topics; the record's key is the userId",
        "oneOf": [*tracks, *others],
        "$defs": components,
    }


def _event(kind: str, name: str | None, properties: type | None) -> dict[str, Any]:
    reference = {"$ref": f"#/$defs/{properties.__name__}"} if properties else {"type": "object"}
    fields: dict[str, Any] = {
        "type": {"const": kind},
        "messageId": {"type": "string", "minLength": 1, "maxLength": 256},
        "userId": {"type": "string", "minLength": 1, "maxLength": 256},
        "timestamp": {"type": "string", "format": "date-time"},
        "properties": reference,
    }
    required = ["type", "userId", "timestamp"]
    if name is not None:
        fields["event"] = {"const": name}
        required.append("event")
    if properties is not None:
        required.append("properties")
    return {"title": name or kind, "type": "object", "properties": fields, "required": required}


def _identify() -> dict[str, Any]:
    event = _event("identify", None, None)
    del event["properties"]["properties"]
    event["properties"]["traits"] = {"type": "object"}
    return event


def _asyncapi() -> dict[str, Any]:
    topics = topics_of(Settings())
    sent = {topics.transitions: ("transition", "published"), topics.rejects: ("reject", "refused")}
    received = dict.fromkeys(topics.inputs, ("event", "read"))
    channels, operations = {}, {}
    for action, group in (("receive", received), ("send", sent)):
        for topic, (message, verb) in group.items():
            name = topic.replace(".", "_")
            channels[name] = {"address": topic, "messages": {message: {"$ref": f"#/components/messages/{message}"}}}
            operations[f"{verb}_{name}"] = {"action": action, "channel": {"$ref": f"#/channels/{name}"}}
    messages = {
        name: {"contentType": "application/json", "payload": {"$ref": f"./{name}.schema.json"}}
        for name in ("event", "transition", "reject")
    }
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "lifestage",
            "version": version("lifestage"),
            "description": "Keys are customer ids in UTF-8.",
        },
        "channels": channels,
        "operations": operations,
        "components": {"messages": messages},
    }
