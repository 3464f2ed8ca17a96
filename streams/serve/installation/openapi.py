"""The description of the installation, for the OpenAPI document."""

from streams.serve.openapi import INSTANT, Json, list_of, object_of, operation
from streams.serve.surface import Description

_COUNT: Json = {"type": "integer", "minimum": 0}
_TEXT: Json = {"type": "string"}
_TEXT_OR_NULL: Json = {"type": ["string", "null"]}
_FLAG: Json = {"type": "boolean"}


def description() -> Description:
    """Return it."""
    sentences = list_of(object_of(about=_TEXT, text=_TEXT))
    worker = object_of(
        instance=_TEXT,
        at=INSTANT,
        ready=_FLAG,
        missing=list_of(_TEXT),
        partitions={"type": "object"},
        lag_records=_COUNT,
        mirror={"type": ["object", "null"]},
        policy_version=_TEXT,
    )
    example = object_of(topic=_TEXT, partition=_COUNT, offset=_COUNT, at=_TEXT, detail=_TEXT, value=_TEXT_OR_NULL)
    reason = object_of(reason=_TEXT, count=_COUNT, latest=INSTANT, examples=list_of(example))
    paths = {
        "/v1/policy": operation(
            "readPolicy", "Return the policy in words.", object_of(version=_TEXT, sentences=sentences)
        ),
        "/v1/workers": operation(
            "listWorkers",
            "Return what each worker of the last hour told of itself, at the instant `at`.",
            object_of(workers=list_of(worker)),
        ),
        "/v1/rejects": operation(
            "listRejects",
            "Return the reasons for which events were rejected, with the last examples. It wants the scope admin.",
            object_of(complete=_FLAG, reasons=list_of(reason)),
        ),
    }
    return Description(paths={path: {"get": it} for path, it in paths.items()}, schemas={})
