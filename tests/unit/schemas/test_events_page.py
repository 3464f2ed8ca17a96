"""The events page agrees with the code: its examples, its table of events, and the schemas."""

import json
import re
from pathlib import Path

import jsonschema

from schemas import instant
from schemas.event_types import EVENT_TYPES
from schemas.reject import REASONS
from streams.backtest.backtest import UnusableLine, read_events, run
from streams.cli.schema_documents import documents
from streams.policy_file import load_rules

PAGE = Path("docs/events.md").read_text()


def examples(kind: str) -> list[str]:
    return re.findall(rf"```json {kind}\n(.*?)\n```", PAGE, re.DOTALL)


def test_the_events_lead_to_the_transitions() -> None:
    rules = load_rules(None)
    lines = [(number, example.encode()) for number, example in enumerate(examples("event"), start=1)]
    refused: list[UnusableLine] = []
    events = read_events(lines, instant.from_text("2026-01-01"), rules, refused.append)
    assert refused == []
    made = [json.loads(it) for it in run(events, instant.from_text("2025-05-01"), rules).transitions]
    shown = [json.loads(example) for example in examples("transition")]
    assert len(shown) == 3
    for transition in shown:
        assert transition in made


def test_the_table_of_topics_is_that_of_the_event_types() -> None:
    rows = re.findall(r"^\| `customer\.(\w+)` \| (.*) \|$", PAGE.split("## Out")[0], re.MULTILINE)
    shown = {(topic, name) for topic, names in rows for name in re.findall(r"`([^`]+)`", names)}
    assert shown == {(it.topic, it.name) for it in EVENT_TYPES.values()}


def test_the_reasons_of_rejects_are_those_of_the_code() -> None:
    table = PAGE.split("| `reason` | what was wrong |")[1].split("\n\n")[0]
    shown = [name for row in re.findall(r"^\| (`[^|]+`) \|", table, re.MULTILINE) for name in re.findall(r"\w+", row)]
    assert shown == [*REASONS]
    raised = {
        name
        for package in ("schemas", "state", "agents", "streams")
        for path in Path(package).rglob("*.py")
        for name in re.findall(r"RejectedError\(\s*\"(\w+)\"", path.read_text("utf-8"))
    }
    assert raised - {*REASONS} == set()
    assert {"late", "invalid"} <= raised


def test_the_schemas_accept_the_examples() -> None:
    made = {name: json.loads(document) for name, document in documents().items()}
    for kind in ("event", "transition"):
        found = examples(kind)
        assert found
        for example in found:
            jsonschema.validate(json.loads(example), made[f"{kind}.schema.json"])


def test_the_committed_schemas_are_those_of_the_types() -> None:
    for name, document in documents().items():
        assert Path("docs/schemas", name).read_bytes() == document, f"{name}: run lifestage schema export docs/schemas"
