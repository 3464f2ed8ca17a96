"""The OpenAPI document (3.1) of a server, and what its parts are made of."""

from collections.abc import Sequence
from typing import Any

from streams.serve.surface import Description

Json = dict[str, Any]
SCHEMAS = "#/components/schemas/{name}"


def document(parts: Sequence[Description]) -> Json:
    """Return the document of a server that answers all of these parts."""
    problem = object_of(
        type={"type": "string"}, title={"type": "string"}, status={"type": "integer"}, detail={"type": "string"}
    )
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "lifestage",
            "version": "1",
            "summary": "Customers as they are at the moment of asking, their transitions as they happen, events in.",
        },
        "security": [{"token": []}],
        "paths": {path: told for part in parts for path, told in part.paths.items()},
        "components": {
            "securitySchemes": {
                "token": {"type": "http", "scheme": "bearer"},
                "writeKey": {"type": "http", "scheme": "basic", "description": "The token as the name of the user."},
            },
            "schemas": {"Problem": problem, **{name: it for part in parts for name, it in part.schemas.items()}},
        },
    }


INSTANT: Json = {"type": "string", "description": "RFC 3339, as in 2026-12-31T23:59:59Z, or a date."}


_PROBLEMS = {
    "400": "Something asked for cannot be used.",
    "401": "There is no token, or one that the server does not know.",
    "403": "The token has another scope.",
    "404": "There is no such customer, stage, segment or step.",
    "405": "The path takes another method.",
    "413": "The body is too large.",
    "429": "The token asks more often than its limit allows.",
    "503": "Redis or Kafka does not answer, or a customer's policy is not found.",
}


def operation(
    name: str, summary: str, schema: Json, parameters: Sequence[Json] = (), others: Json | None = None
) -> Json:
    """Return an operation: its name, what it does, the schema of its answer, what it takes, and other answers."""
    problem = {"application/problem+json": {"schema": ref("Problem")}}
    return {
        "operationId": name,
        "summary": summary,
        "parameters": [*parameters],
        "responses": {
            "200": {"description": "The answer.", "content": {"application/json": {"schema": schema}}},
            **(others or {}),
            **{status: {"description": told, "content": problem} for status, told in _PROBLEMS.items()},
        },
    }


def in_path(name: str, told: str, keys: Sequence[str] = ()) -> Json:
    """Return a parameter in the path."""
    return {"name": name, "in": "path", "required": True, "description": told, "schema": named(keys)}


def in_query(name: str, told: str, schema: Json) -> Json:
    """Return a parameter in the query."""
    return {"name": name, "in": "query", "description": told, "schema": schema}


def named(names: Sequence[str]) -> Json:
    """Return the schema of a text that is one of these names, or of any without names."""
    return {"type": "string", "enum": [*names]} if names else {"type": "string"}


def object_of(**properties: Json) -> Json:
    """Return the schema of an object that has all of these properties."""
    return {"type": "object", "properties": properties, "required": [*properties]}


def list_of(items: Json) -> Json:
    """Return the schema of a list."""
    return {"type": "array", "items": items}


def ref(name: str) -> Json:
    """Return the reference to a schema of the document."""
    return {"$ref": SCHEMAS.format(name=name)}
