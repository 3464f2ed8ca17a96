"""The description of the intake, for the OpenAPI document."""

from streams.serve.intake.sent_events import KINDS
from streams.serve.openapi import Json, list_of, object_of, operation, ref
from streams.serve.surface import Description

_TEXT: Json = {"type": "string"}


def description() -> Description:
    """Return it; short paths and those with a slash at the end are not listed."""
    paths = {f"/v1/{kind}": _taking(f"send{kind.title()}", f"Send a `{kind}`.", "SentEvent") for kind in KINDS}
    paths["/v1/batch"] = _taking("sendBatch", "Send several events, each with its type.", "SentBatch")
    paths["/v1/import"] = _taking(
        "sendImport", "Send events of the past: their records bear the times of the events.", "SentBatch"
    )
    return Description(paths, _SCHEMAS)


def _taking(name: str, summary: str, body: str) -> Json:
    content = {"application/json": {"schema": ref(body)}}
    answers = {it: {"description": told} for it, told in _OTHERS.items()}
    told = operation(name, f"{summary} Answered when Kafka has all of it.", ref("Taken"), others=answers)
    security: list[Json] = [{"token": []}, {"writeKey": []}]
    return {"post": {**told, "security": security, "requestBody": {"required": True, "content": content}}}


_OTHERS = {"403": "Pages of this origin may not send events."}
_SCHEMAS: dict[str, Json] = {
    "SentEvent": {
        "type": "object",
        "description": "An event of Segment's spec. Without a messageId, an event that is sent again may count twice.",
        "properties": {
            "type": _TEXT,
            "event": _TEXT,
            "userId": _TEXT,
            "anonymousId": _TEXT,
            "messageId": _TEXT,
            "timestamp": {**_TEXT, "format": "date-time"},
            "sentAt": {**_TEXT, "format": "date-time"},
            "properties": {"type": "object"},
            "traits": {"type": "object"},
            "context": {"type": "object"},
            "writeKey": {**_TEXT, "description": "The token, where no header has it. It is not passed on."},
        },
    },
    "SentBatch": {
        "type": "object",
        "properties": {
            "batch": {**list_of(ref("SentEvent")), "minItems": 1, "maxItems": 2500},
            "sentAt": {**_TEXT, "format": "date-time"},
            "writeKey": _TEXT,
        },
        "required": ["batch"],
    },
    "Taken": {
        "type": "object",
        "properties": {
            "success": {"const": True},
            "unusable": {"type": "integer", "description": "How many of the events will be among the rejects."},
            "why": list_of(object_of(event={"type": "integer"}, reason=_TEXT, detail=_TEXT)),
        },
        "required": ["success"],
    },
}
