"""The description of history and of what lies ahead, for the OpenAPI document."""

from streams.serve.history.flows import REMEMBERED_DAYS
from streams.serve.history.transition_log import MAX_RECENT
from streams.serve.openapi import INSTANT, Json, in_path, in_query, list_of, object_of, operation, ref
from streams.serve.surface import Description

_COUNT: Json = {"type": "integer", "minimum": 0}
_TEXT: Json = {"type": "string"}
_TEXT_OR_NULL: Json = {"type": ["string", "null"]}
_DATE: Json = {"type": "string", "format": "date"}
_FLAG: Json = {"type": "boolean"}
_VALUE: Json = {"type": ["number", "string", "boolean", "array", "null"]}
_SERIES: Json = {"type": "object", "additionalProperties": list_of(_COUNT)}
_DAYS = in_query(
    "days", "So many dates until today.", {"type": "integer", "minimum": 1, "maximum": REMEMBERED_DAYS, "default": 90}
)
_CUSTOMER = in_path("customer", "The id of the customer.")


def description() -> Description:
    """Return that of history."""
    span = [
        in_query("from", "The first date; a week before the last one if it is left out.", _DATE),
        in_query("to", "The last date; today if it is left out.", _DATE),
    ]
    limit = in_query("limit", "So many.", {"type": "integer", "minimum": 1, "maximum": MAX_RECENT, "default": 50})
    return Description(
        paths={
            "/v1/history/stages": _get(
                "listStagesByDate",
                "Return how many customers were in each stage at the end of each date; of today, now.",
                object_of(asOf=INSTANT, dates=list_of(_DATE), stages=_SERIES),
                _DAYS,
            ),
            "/v1/history/sets": _get(
                "listSetsByDate",
                "Return the members of each segment and of each step, as `ladder:step`, at the end of each date.",
                object_of(asOf=INSTANT, dates=list_of(_DATE), segments=_SERIES, steps=_SERIES),
                _DAYS,
            ),
            "/v1/history/flows": _get(
                "listFlows", "Return how many customers went from where to where.", ref("Flows"), *span
            ),
            "/v1/history/recent": _get(
                "listRecentTransitions",
                "Return the last transitions as they were published, the newest first.",
                object_of(transitions=list_of(ref("Transition"))),
                limit,
            ),
            "/v1/history/customers/{customer}": _get(
                "listCustomerTransitions",
                "Return the transitions of a customer as they were published, the oldest first.",
                object_of(userId=_TEXT, complete=_FLAG, transitions=list_of(ref("Transition"))),
                _CUSTOMER,
            ),
        },
        schemas={"Flows": _FLOWS, "Transition": _TRANSITION},
    )


def description_of_ahead() -> Description:
    """Return that of what lies ahead."""
    return Description(
        paths={
            "/v1/history/forecast": _get(
                "forecastChanges",
                "Return how many customers change on each of the next 30 dates if nothing happens.",
                ref("Forecast"),
            ),
            "/v1/history/outlook/{customer}": _get(
                "listWhatWouldChange",
                "Return what changes a customer next, and what would let them join, leave and climb.",
                ref("Outlook"),
                _CUSTOMER,
            ),
        },
        schemas={"Forecast": _FORECAST, "Outlook": _OUTLOOK, "Criterion": _CRITERION},
    )


def _get(name: str, summary: str, schema: Json, *parameters: Json) -> Json:
    return {"get": operation(name, summary, schema, parameters)}


def _ends() -> dict[str, Json]:
    return {"from": _TEXT_OR_NULL, "to": _TEXT_OR_NULL, "count": _COUNT}


_FLOWS = object_of(
    **{
        "asOf": INSTANT,
        "from": _DATE,
        "to": _DATE,
        "stages": list_of(object_of(**_ends())),
        "segments": list_of(object_of(key=_TEXT, entered=_COUNT, exited=_COUNT)),
        "steps": list_of(object_of(ladder=_TEXT, **_ends())),
        "signals": list_of(object_of(key=_TEXT, count=_COUNT)),
    }
)
_TRANSITION: Json = {
    "type": "object",
    "description": "A message of the transitions topic.",
    "properties": {"event": _TEXT, "messageId": _TEXT, "userId": _TEXT, "properties": {"type": "object"}},
    "required": ["event", "messageId", "userId", "properties"],
}
_COMING = list_of(object_of(**{"change": _TEXT, "from": _TEXT, "count": _COUNT}))
_FORECAST = object_of(
    asOf=INSTANT,
    computedAt=INSTANT,
    customers=_COUNT,
    tomorrow=_COMING,
    days=list_of(object_of(date=_DATE, changes=_COMING)),
)
_CRITERION = object_of(text=_TEXT, value=_VALUE, limit=_VALUE, holds=_FLAG)
_CRITERIA = list_of(ref("Criterion"))
_OUTLOOK = object_of(
    userId=_TEXT,
    asOf=INSTANT,
    next={"oneOf": [object_of(change=_TEXT, at=INSTANT, why=_TEXT), {"type": "null"}]},
    segments=list_of(object_of(key=_TEXT, member=_FLAG, conditions=_CRITERIA)),
    ladders=list_of(
        object_of(
            key=_TEXT,
            step=_TEXT_OR_NULL,
            since=_TEXT_OR_NULL,
            next={"oneOf": [object_of(step=_TEXT, conditions=_CRITERIA), {"type": "null"}]},
        )
    ),
)
