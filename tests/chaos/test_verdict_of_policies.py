"""The verdict on policies that follow each other finds each kind of fault. The records are made here."""

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from schemas.instant import to_text
from tests.chaos.verdict import policies
from tests.chaos.verdict.findings import Findings
from tests.chaos.verdict.policies import InForce
from tests.chaos.verdict.published import Published
from tests.chaos.verdict.stored import POSITION_KEY
from tests.chaos.verdict.topics import Seen
from tests.reference_model.agreement import POLICIES
from tests.reference_model.version import version

NOW = 1_760_000_000_000
FIRST = POLICIES["default"].read_text("utf-8")
SECOND = FIRST.replace("_30d", "_14d")
VERSIONS = version(FIRST), version(SECOND)

Marker = tuple[int, int, int]
"""``upto``, the number of the policy and since when it is in force, as of a batch."""


def publication(number: int, at: int, toml: str) -> Seen:
    instants = {"effectiveAt": to_text(at), "publishedAt": to_text(NOW if number > 1 else 0)}
    value = json.dumps({"number": number, **instants, "silent": False, "toml": toml}).encode()
    return Seen("policies", 0, number - 1, NOW, b"%08d" % number, value)


def marker(each: Marker) -> Seen:
    upto, number, since = each
    value = {"upto": upto, "positions": {}, "policy": number, "policy_at": since}
    return Seen("changelog", 0, 0, upto, POSITION_KEY, msgspec.msgpack.encode(value))


def in_force(folder: Path, markers: list[Marker], at: int = NOW + 50) -> tuple[InForce, Findings]:
    findings = Findings()
    published = policies.read([publication(1, 0, FIRST), publication(2, at, SECOND)], folder)
    return InForce(published, map(marker, markers), findings), findings


IN_TIME = [(NOW, 1, 0), (NOW + 50, 1, 0), (NOW + 50, 2, NOW + 50), (NOW + 90, 2, NOW + 50)]


@pytest.mark.parametrize(
    ("markers", "at", "found"),
    [
        (IN_TIME, NOW + 50, 0),
        ([(NOW + 60, 1, 0), (NOW + 60, 2, NOW + 60)], NOW + 50, 0),  # it was published late
        ([(NOW + 20_000, 1, 0), (NOW + 20_000, 2, NOW + 20_000)], NOW + 50, 1),  # seconds ago
        ([(NOW + 40, 1, 0), (NOW + 40, 2, NOW + 40)], NOW + 50, 2),  # too early, and so not due yet
        ([(NOW + 40, 1, 0), (NOW + 50, 2, NOW + 60), (NOW + 90, 2, NOW + 60)], NOW + 50, 1),
        ([*IN_TIME, (NOW + 99, 1, 0)], NOW + 50, 2),  # it flips, and ends under what is over
        ([*IN_TIME, (NOW + 99, 2, NOW + 51)], NOW + 50, 1),
        ([(NOW, 1, 0), (NOW + 99, 1, 0)], NOW + 50, 1),  # it never changes
    ],
)
def test_each_partition_changes_once_at_the_instant(markers: list[Marker], at: int, found: int, tmp_path: Path) -> None:
    assert in_force(tmp_path, markers, at)[1].counts.total() == found


def transition(at: int, cause: str, policy: str) -> dict[str, Any]:
    properties = {"cause": cause, "policy_version": policy}
    return {"messageId": "m", "event": "Segment Entered", "timestamp": to_text(at), "properties": properties}


@pytest.mark.parametrize(
    ("at", "cause", "policy", "found"),
    [
        (NOW + 49, "event", 0, 0),
        (NOW + 50, "deadline", 0, 0),
        (NOW + 50, "policy", 1, 0),
        (NOW + 51, "event", 1, 0),
        (NOW + 49, "event", 1, 1),
        (NOW + 50, "deadline", 1, 1),
        (NOW + 50, "policy", 0, 1),
        (NOW + 51, "event", 0, 1),
    ],
)
def test_a_transition_names_the_policy_in_force_at_its_instant(
    at: int, cause: str, policy: int, found: int, tmp_path: Path
) -> None:
    of_all, findings = in_force(tmp_path, IN_TIME)
    of_all.compare({"jane": Published(0, [transition(at, cause, VERSIONS[policy])])}, findings)
    assert findings.counts.total() == found


def test_no_fact_of_before_counts_in_a_batch_after_the_change(tmp_path: Path) -> None:
    of_all, _ = in_force(tmp_path, IN_TIME)
    assert [of_all.closed_until(0, batch) for batch in range(4)] == [0, 0, NOW + 50, NOW + 50]
    assert [(at, file.read_text("utf-8")) for at, file, _ in of_all.later(0)] == [(NOW + 50, SECOND)]
