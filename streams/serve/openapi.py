"""The description of the interface in OpenAPI 3.1, which ``/openapi.json`` serves."""

from collections.abc import Sequence
from typing import Any

import msgspec

from schemas.profile import Profile
from streams.serve.member_sets import MemberSets
from streams.serve.questions import MAX_CUSTOMERS, MAX_MEMBERS

_Json = dict[str, Any]
_PROFILE = "#/components/schemas/{name}"


def document(sets: MemberSets, features: Sequence[str]) -> _Json:
    """Return the document for the sets of a policy, and the names of the features that can be asked for."""
    (profile,), components = msgspec.json.schema_components([Profile], ref_template=_PROFILE)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "lifestage look-up",
            "version": "1",
            "summary": "Customers as they are at the moment of asking.",
        },
        "security": [{"token": []}],
        "paths": {
            "/v1/customers/{customer}": {
                "get": _operation(
                    "lookUpCustomer",
                    "Return a customer as of now, or of a later instant if nothing happens until then.",
                    {"oneOf": [profile, _ref("Values")]},
                    [_in_path("customer", "The id of the customer."), *_asked(features), _IF_NONE_MATCH],
                    {"304": {"description": "What is asked is as the tag says."}},
                )
            },
            "/v1/customers/batch": {
                "post": {
                    **_operation(
                        "lookUpCustomers",
                        "Return several customers at once; null for who is no customer.",
                        _object(customers={"type": "object", "additionalProperties": _one_or_null(profile)}),
                    ),
                    "requestBody": {"required": True, "content": {"application/json": {"schema": _ref("Batch")}}},
                }
            },
            "/v1/stages": {"get": _counts("listStages", "stage", sets.stages)},
            "/v1/stages/{stage}/members": {
                "get": _members("listStageMembers", _in_path("stage", "A stage.", sets.stages))
            },
            "/v1/segments": {"get": _counts("listSegments", "key", sets.segments)},
            "/v1/segments/{segment}/members": {
                "get": _members("listSegmentMembers", _in_path("segment", "The key of a segment.", sets.segments))
            },
            "/v1/ladders/{ladder}/steps/{step}/members": {
                "get": _members(
                    "listStepMembers",
                    _in_path("ladder", "The key of a ladder.", tuple(sets.steps)),
                    _in_path("step", "The key of one of its steps."),
                )
            },
        },
        "components": {
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
            "schemas": {
                **components,
                "Values": _object(
                    userId={"type": "string"},
                    stage={"type": "string"},
                    segments=_list({"type": "string"}),
                    steps={"type": "object", "additionalProperties": {"type": "string"}},
                    features={"type": "object", "additionalProperties": _FIGURE},
                    asOf=_INSTANT,
                    policyVersion={"type": "string"},
                ),
                "Batch": {
                    "type": "object",
                    "properties": {
                        "customers": {**_list({"type": "string"}), "minItems": 1, "maxItems": MAX_CUSTOMERS},
                        "features": _list(_named(features)),
                        "at": _INSTANT,
                    },
                    "required": ["customers"],
                    "additionalProperties": False,
                },
                "Members": _object(
                    count={"type": "integer", "minimum": 0},
                    members=_list({"type": "string"}),
                    cursor={"type": ["string", "null"]},
                ),
                "Problem": _object(
                    type={"type": "string"},
                    title={"type": "string"},
                    status={"type": "integer"},
                    detail={"type": "string"},
                ),
            },
        },
    }


_FIGURE: _Json = {"type": ["number", "string", "boolean", "null"]}
_INSTANT: _Json = {"type": "string", "description": "RFC 3339, as in 2026-12-31T23:59:59Z, or a date."}
_IF_NONE_MATCH: _Json = {
    "name": "If-None-Match",
    "in": "header",
    "schema": {"type": "string"},
    "description": "The ETag of an answer: it depends on all that is told but the instant of asking.",
}
_PROBLEMS = {
    "400": "Something asked for cannot be used.",
    "401": "There is no token, or not one of this scope.",
    "404": "There is no such customer, stage, segment or step.",
    "405": "The path takes another method.",
    "413": "The body is too large.",
    "503": "Redis does not answer, or has another policy's customers.",
}


def _operation(
    name: str, summary: str, schema: _Json, parameters: Sequence[_Json] = (), others: _Json | None = None
) -> _Json:
    problem = {"application/problem+json": {"schema": _ref("Problem")}}
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


def _members(name: str, *keys: _Json) -> _Json:
    parameters = [
        *keys,
        _in_query("cursor", "That of the page before.", {"type": "string", "pattern": "^[0-9]+$"}),
        _in_query("limit", "About so many.", {"type": "integer", "minimum": 1, "maximum": MAX_MEMBERS}),
    ]
    return _operation(
        name, "Return a page of the customers in it, and how many there are.", _ref("Members"), parameters
    )


def _counts(name: str, key: str, keys: Sequence[str]) -> _Json:
    of_one = _object(**{key: _named(keys), "count": {"type": "integer", "minimum": 0}})
    plural = "stages" if key == "stage" else "segments"
    return _operation(
        name, f"Return the {plural} with the number of customers in each.", _object(**{plural: _list(of_one)})
    )


def _asked(features: Sequence[str]) -> list[_Json]:
    names = {"type": "array", "items": _named(features)}
    return [
        {**_in_query("features", "Only these values.", names), "style": "form", "explode": False},
        _in_query("at", "The instant: not before what was decided last.", _INSTANT),
    ]


def _in_path(name: str, told: str, keys: Sequence[str] = ()) -> _Json:
    return {"name": name, "in": "path", "required": True, "description": told, "schema": _named(keys)}


def _in_query(name: str, told: str, schema: _Json) -> _Json:
    return {"name": name, "in": "query", "description": told, "schema": schema}


def _named(names: Sequence[str]) -> _Json:
    return {"type": "string", "enum": [*names]} if names else {"type": "string"}


def _one_or_null(profile: _Json) -> _Json:
    return {"oneOf": [profile, _ref("Values"), {"type": "null"}]}


def _object(**properties: _Json) -> _Json:
    return {"type": "object", "properties": properties, "required": [*properties]}


def _list(items: _Json) -> _Json:
    return {"type": "array", "items": items}


def _ref(name: str) -> _Json:
    return {"$ref": _PROFILE.format(name=name)}
