"""The published schemas: JSON Schema of every message and an AsyncAPI document of the topics, from the types."""

import inspect
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any, get_args

import msgspec
import orjson

from schemas.event_types import EVENT_TYPES, REPUBLISH_REQUEST, EventType
from schemas.profile import Profile
from schemas.reject import Reject
from schemas.transition import Transition
from streams.settings import Settings
from streams.topics import topics_of

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def documents() -> dict[str, bytes]:
    """Return every document by its file name."""
    schemas = {
        "event.schema.json": _events(),
        "transition.schema.json": _of(Transition, "A transition: a value of customer.transitions"),
        "reject.schema.json": _of(Reject, "A reject: a value of customer.rejects"),
        "profile.schema.json": _of(Profile, "A customer's profile"),
    }
    contents = {**_unindented(schemas), "asyncapi.json": _asyncapi()}
    return {name: orjson.dumps(content, option=orjson.OPT_INDENT_2) + b"\n" for name, content in contents.items()}


def write(folder: Path) -> Iterator[Path]:
    """Write the documents into a folder, created if missing, and yield their paths. Raises ``OSError``."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, document in documents().items():
        path = folder / name
        path.write_bytes(document)
        yield path


def _unindented(part: Any) -> Any:
    """Return a schema whose descriptions are docstrings as Python 3.13 keeps them: without indentation."""
    if isinstance(part, dict):
        return {
            name: inspect.cleandoc(value) if name == "description" and isinstance(value, str) else _unindented(value)
            for name, value in part.items()
        }
    return [_unindented(one) for one in part] if isinstance(part, list) else part


def _of(kind: Any, title: str) -> dict[str, Any]:
    return {"$schema": DIALECT, "title": title, **msgspec.json.schema(kind)}


def _events() -> dict[str, Any]:
    types = (*EVENT_TYPES.values(), REPUBLISH_REQUEST)
    properties = [kind for kind in dict.fromkeys(it.properties for it in types) if kind is not None]
    _, components = msgspec.json.schema_components(properties, ref_template="#/$defs/{name}")
    return {
        "$schema": DIALECT,
        "title": "An event: a value of the four input topics; the record's key is the userId",
        "oneOf": [*(_event(it) for it in types), *_others()],
        "$defs": components,
    }


def _event(event: EventType) -> dict[str, Any]:
    reference = {"$ref": f"#/$defs/{event.properties.__name__}"} if event.properties else {"type": "object"}
    content = {"traits" if event.name == "identify" else "properties": reference}
    name = {"event": {"const": event.name}} if event.is_track else {}
    needed = [*name, *(["properties"] if event.properties is not None else [])]
    return _object(event.name, {"const": "track" if event.is_track else event.name}, {**content, **name}, needed)


def _others() -> Iterator[dict[str, Any]]:
    """Yield the schemas of the events that lifestage knows only from a policy that counts them."""
    properties = {"properties": {"type": "object"}}
    tracks = [*(it.name for it in EVENT_TYPES.values() if it.is_track), REPUBLISH_REQUEST.name]
    types = ["track", *(it.name for it in EVENT_TYPES.values() if not it.is_track)]
    name = {"event": {"type": "string", "minLength": 1, "maxLength": 256, "not": {"enum": tracks}}}
    yield _object("Any other track", {"const": "track"}, {**properties, **name}, [*name])
    yield _object("Any other type", {"type": "string", "minLength": 1, "not": {"enum": types}}, properties, [])


def _object(title: str, kind: dict[str, Any], content: dict[str, Any], needed: list[str]) -> dict[str, Any]:
    fields: dict[str, Any] = {
        "type": kind,
        "messageId": {"type": "string", "minLength": 1, "maxLength": 256},
        "userId": {"type": "string", "minLength": 1, "maxLength": 256},
        "timestamp": {"type": "string", "format": "date-time"},
        **content,
    }
    return {
        "title": title,
        "type": "object",
        "properties": fields,
        "required": ["type", "userId", "timestamp", *needed],
    }


def _asyncapi() -> dict[str, Any]:
    topics = topics_of(Settings())
    kinds = {it.__struct_config__.tag: it for it in get_args(Transition)}
    transitions = {str(tag).lower().replace(" ", "_"): it.__name__ for tag, it in kinds.items()}
    payloads = {
        **{name: f"./{name}.schema.json" for name in ("event", "reject")},
        **{name: f"./transition.schema.json#/$defs/{kind}" for name, kind in transitions.items()},
    }
    sent = {topics.transitions: ([*transitions], "published"), topics.rejects: (["reject"], "refused")}
    received = dict.fromkeys(topics.inputs, (["event"], "read"))
    channels, operations = {}, {}
    for action, group in (("receive", received), ("send", sent)):
        for topic, (names, verb) in group.items():
            name = topic.replace(".", "_")
            channels[name] = {
                "address": topic,
                "messages": {it: {"$ref": f"#/components/messages/{it}"} for it in names},
            }
            operations[f"{verb}_{name}"] = {"action": action, "channel": {"$ref": f"#/channels/{name}"}}
    messages = {name: {"contentType": "application/json", "payload": {"$ref": path}} for name, path in payloads.items()}
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
