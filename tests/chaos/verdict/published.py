"""The published transitions of each customer, and which of them stand."""

import json
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from tests.chaos.verdict.findings import Findings
from tests.chaos.verdict.topics import Seen

FORGOTTEN = "Customer Forgotten"

Transition = dict[str, Any]


@dataclass
class Published:
    """All of one customer's transitions in the order of the log."""

    partition: int
    values: list[Transition] = field(default_factory=list)

    def lives(self) -> list[list[Transition]]:
        """Those of each life: all but the last were ended by a request. The last may have none."""
        lives: list[list[Transition]] = [[]]
        for value in self.values:
            lives[-1].append(value)
            if is_by_request(value):
                lives.append([])
        return lives

    def standing(self) -> list[Transition]:
        """Those that were not retracted, in order of time."""
        gone = Counter(it["properties"]["corrects"] for it in self.values if it["properties"]["retracted"])
        return [it for it in self.values if not it["properties"]["retracted"] and not gone[it["messageId"]]]


def is_by_request(value: Transition) -> bool:
    """Whether a transition says that its customer was forgotten, and not by the policy."""
    return bool(value["event"] == FORGOTTEN and value["properties"]["reason"] != "retention")


def collect(records: Iterable[Seen], findings: Findings) -> dict[str, Published]:
    """By customer; an id or a number that appears twice, or is missing, is a finding."""
    found: dict[str, Published] = {}
    ids: Counter[str] = Counter()
    for record in records:
        assert record.value is not None
        value = json.loads(record.value)
        ids[value["messageId"]] += 1
        if ids[value["messageId"]] > 1:
            findings.add(
                "duplicated", f"{value['messageId']} of {value['userId']} at {record.partition}:{record.offset}"
            )
        if record.key != value["userId"].encode():
            findings.add("wrong_transitions", f"{value['messageId']} of {value['userId']} under the key {record.key!r}")
        found.setdefault(value["userId"], Published(record.partition)).values.append(value)
    for user_id, published in found.items():
        for values in published.lives():
            _in_sequence(user_id, values, findings)
    findings.figures["transitions"] = sum(ids.values())
    return found


def _in_sequence(user_id: str, values: list[Transition], findings: Findings) -> None:
    numbers = [value["properties"]["seq"] for value in values]
    if numbers != list(range(1, len(numbers) + 1)):
        gaps = [place for place, number in enumerate(numbers, 1) if place != number][:3]
        findings.add("wrong_transitions", f"the numbers of {user_id} are not 1, 2, 3, ... at {gaps}")
    known: dict[str, int] = defaultdict(int)
    for value in values:
        properties = value["properties"]
        known[value["messageId"]] += 1
        if properties["retracted"]:
            findings.figures["retracted"] += 1
            if not known[properties["corrects"]] or value["messageId"] != f"{properties['corrects']}.retracted":
                findings.add("wrong_transitions", f"{value['messageId']} of {user_id} retracts what was not published")
