"""The description of the push, for the OpenAPI document."""

from streams.serve.openapi import Json, in_query, list_of, named, operation
from streams.serve.surface import Description
from streams.serve.transitions.filters import Filters
from streams.serve.transitions.start import HEADER, PARAMETER

_ID = "The id of the last event that was received: the stream goes on behind it."
_GONE = "What follows the id is gone from the topic by its retention, or the topic was made anew."
_ABOUT = {
    "event": "Only events with this name.",
    "stage": "About customers who enter or leave this stage.",
    "segment": "About this segment.",
    "ladder": "About this ladder.",
    "signal": "About this signal.",
}


def description(filters: Filters) -> Description:
    """Return it for the filters of a policy."""
    told = operation(
        "streamTransitions",
        "Send transitions as they happen, as server-sent events.",
        {"type": "string"},
        [
            *(_several(name, text, filters.keys[name]) for name, text in _ABOUT.items()),
            _several("step", "About this step of the one ladder that is named.", ()),
            _several("customer", "Only of this customer.", ()),
            in_query("members", "First an event `member` for each present member.", named(("yes", "no"))),
            in_query("from", "`now`, `beginning`, or an instant.", {"type": "string"}),
            in_query(PARAMETER, _ID, {"type": "string"}),
            {"name": HEADER, "in": "header", "description": _ID, "schema": {"type": "string"}},
        ],
    )
    responses = told["responses"]
    responses["200"]["content"] = {"text/event-stream": {"schema": {"type": "string"}}}
    responses["410"] = {**responses["400"], "description": _GONE}
    return Description(paths={"/v1/transitions": {"get": told}}, schemas={})


def _several(name: str, text: str, keys: tuple[str, ...]) -> Json:
    return {**in_query(name, text, list_of(named(keys))), "style": "form", "explode": True}
