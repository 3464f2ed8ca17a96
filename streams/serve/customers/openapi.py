"""The description of the look-up, for the OpenAPI document."""

from collections.abc import Sequence

import msgspec

from schemas.profile import Profile
from streams.serve.customers.member_sets import MemberSets
from streams.serve.customers.questions import MAX_CUSTOMERS, MAX_MEMBERS
from streams.serve.openapi import INSTANT, SCHEMAS, Json, in_path, in_query, list_of, named, object_of, operation, ref
from streams.serve.surface import Description


def description(sets: MemberSets, features: Sequence[str]) -> Description:
    """Return it for the sets of a policy, and the names of the features that can be asked for."""
    (profile,), components = msgspec.json.schema_components([Profile], ref_template=SCHEMAS)
    return Description(paths=_paths(profile, sets, features), schemas={**components, **_schemas(features)})


def _paths(profile: Json, sets: MemberSets, features: Sequence[str]) -> dict[str, Json]:
    return {
        "/v1/customers/{customer}": {
            "get": operation(
                "lookUpCustomer",
                "Return a customer as of now, or of a later instant if nothing happens until then.",
                {"oneOf": [profile, ref("Values")]},
                [in_path("customer", "The id of the customer."), *_asked(features), _IF_NONE_MATCH],
                {"304": {"description": "What is asked is as the tag says."}},
            )
        },
        "/v1/customers/batch": {
            "post": {
                **operation(
                    "lookUpCustomers",
                    "Return several customers at once; null for who is no customer, and why some cannot be told.",
                    object_of(
                        customers={"type": "object", "additionalProperties": _one_or_null(profile)},
                        problems={"type": "object", "additionalProperties": {"type": "string"}},
                    ),
                ),
                "requestBody": {"required": True, "content": {"application/json": {"schema": ref("Batch")}}},
            }
        },
        "/v1/stages": {"get": _counts("listStages", "stage", sets.stages)},
        "/v1/stages/{stage}/members": {"get": _members("listStageMembers", in_path("stage", "A stage.", sets.stages))},
        "/v1/segments": {"get": _counts("listSegments", "key", sets.segments)},
        "/v1/segments/{segment}/members": {
            "get": _members("listSegmentMembers", in_path("segment", "The key of a segment.", sets.segments))
        },
        "/v1/ladders/{ladder}/steps/{step}/members": {
            "get": _members(
                "listStepMembers",
                in_path("ladder", "The key of a ladder.", tuple(sets.steps)),
                in_path("step", "The key of one of its steps."),
            )
        },
    }


def _schemas(features: Sequence[str]) -> dict[str, Json]:
    return {
        "Values": object_of(
            userId={"type": "string"},
            stage={"type": "string"},
            segments=list_of({"type": "string"}),
            steps={"type": "object", "additionalProperties": {"type": "string"}},
            features={"type": "object", "additionalProperties": _FIGURE},
            asOf=INSTANT,
            policyVersion={"type": "string"},
        ),
        "Batch": {
            "type": "object",
            "properties": {
                "customers": {**list_of({"type": "string"}), "minItems": 1, "maxItems": MAX_CUSTOMERS},
                "features": list_of(named(features)),
                "at": INSTANT,
            },
            "required": ["customers"],
            "additionalProperties": False,
        },
        "Members": object_of(
            count={"type": "integer", "minimum": 0},
            members=list_of({"type": "string"}),
            cursor={"type": ["string", "null"]},
        ),
    }


_FIGURE: Json = {"type": ["number", "string", "boolean", "null"]}


_IF_NONE_MATCH: Json = {
    "name": "If-None-Match",
    "in": "header",
    "schema": {"type": "string"},
    "description": "The ETag of an answer: it depends on all that is told but the instant of asking.",
}


def _members(name: str, *keys: Json) -> Json:
    parameters = [
        *keys,
        in_query("cursor", "That of the page before.", {"type": "string", "pattern": "^[0-9]+$"}),
        in_query("limit", "About so many.", {"type": "integer", "minimum": 1, "maximum": MAX_MEMBERS}),
    ]
    return operation(name, "Return a page of the customers in it, and how many there are.", ref("Members"), parameters)


def _counts(name: str, key: str, keys: Sequence[str]) -> Json:
    of_one = object_of(**{key: named(keys), "count": {"type": "integer", "minimum": 0}})
    plural = "stages" if key == "stage" else "segments"
    return operation(
        name, f"Return the {plural} with the number of customers in each.", object_of(**{plural: list_of(of_one)})
    )


def _asked(features: Sequence[str]) -> list[Json]:
    names = {"type": "array", "items": named(features)}
    return [
        {**in_query("features", "Only these values.", names), "style": "form", "explode": False},
        in_query("at", "The instant: not before what was decided last.", INSTANT),
    ]


def _one_or_null(profile: Json) -> Json:
    return {"oneOf": [profile, ref("Values"), {"type": "null"}]}
