"""The queries of the dashboard and the alerts: their text, and which metrics and labels they name."""

import json
import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from tests.deploy.files import ALERTS, DASHBOARD, read

_STRING = r'"(?:\\.|[^"\\])*"'
_SELECTOR = re.compile(rf"\b(lifestage_\w+|process_\w+|up|ALERTS)\b\s*(?:\{{((?:{_STRING}|[^}}\"])*)\}})?")
_MATCHER = re.compile(rf"(\w+)\s*(=~|!~|!=|=)\s*({_STRING})")
_GROUPING = re.compile(r"\b(?:by|on|group_left|without|ignoring)\s*\(([^)]*)\)")
# What Grafana puts in for its variables; a minute holds some scrapes even on a machine that is slow.
_VARIABLES = {
    "$__rate_interval": "1m",
    "$job": "lifestage(-accounts)?",
    "$instance": ".*",
    "$partition": ".*",
}


class Selector(NamedTuple):
    """A metric in a query, with the labels that are compared; ``exact`` are those that must be equal to a value."""

    metric: str
    labels: frozenset[str]
    exact: tuple[tuple[str, str], ...]


class Query(NamedTuple):
    """A query as Prometheus gets it, where it stands, and what its legend is made of."""

    place: str
    text: str
    legend: str

    @property
    def selectors(self) -> list[Selector]:
        """The metrics in it."""
        found = []
        for metric, matchers in _SELECTOR.findall(self.text):
            parts = _MATCHER.findall(matchers)
            exact = tuple((label, json.loads(value)) for label, sign, value in parts if sign == "=")
            found.append(Selector(metric, frozenset(label for label, _, _ in parts), exact))
        return found

    @property
    def grouped_by(self) -> set[str]:
        """The labels that it groups or joins by."""
        return {label for found in _GROUPING.findall(self.text) for label in re.findall(r"\w+", found)}


def panels() -> list[dict[str, Any]]:
    """Return the panels of the dashboard, without the headings of its rows."""
    return [panel for panel in json.loads(DASHBOARD.read_text("utf-8"))["panels"] if panel["type"] != "row"]


def of_dashboard() -> Iterator[Query]:
    """Yield the queries of all panels."""
    for panel in panels():
        for target in panel["targets"]:
            yield Query(f"{panel['title']}, {target['refId']}", _filled_in(target["expr"]), target["legendFormat"])


def of_alerts() -> Iterator[Query]:
    """Yield the queries of all alerts."""
    for group in read(ALERTS)["groups"]:
        for rule in group["rules"]:
            yield Query(rule["alert"], rule["expr"], "")


def of_variables() -> Iterator[Query]:
    """Yield what the values of the dashboard's variables are taken from, as queries."""
    for variable in json.loads(DASHBOARD.read_text("utf-8"))["templating"]["list"]:
        if variable["type"] == "query":
            (inside,) = re.findall(r"^label_values\((.*), (\w+)\)$", variable["query"]["query"])
            yield Query(f"variable {variable['name']}", _filled_in(f"count by ({inside[1]}) ({inside[0]})"), "")


def _filled_in(text: str) -> str:
    for name, value in _VARIABLES.items():
        text = text.replace(name, value)
    assert "$" not in text, text
    return text
