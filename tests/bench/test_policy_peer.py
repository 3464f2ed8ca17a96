"""The policy written by hand decides what lifestage decides, and a peer that does not is found out."""

import os
import subprocess
from collections import Counter
from pathlib import Path

import orjson
import pytest

from bench.peers import java
from bench.told import Told, comparable, difference
from streams.sources import simulated
from tests.support.workers import LIFESTAGE


def _told(file: Path) -> Told:
    return Counter(comparable(orjson.loads(line)) for line in file.read_bytes().splitlines())


@pytest.mark.bench
@pytest.mark.apache
def test_the_policy_by_hand_tells_what_a_backtest_tells(tmp_path: Path) -> None:
    lacking = java.missing()
    if lacking is not None and os.environ.get("CI") != "true":
        pytest.skip(lacking)
    history, ours, theirs = (tmp_path / name for name in ("history.jsonl", "ours.jsonl", "theirs.jsonl"))
    events = simulated.events(customers=150, days=500, seed=3)
    history.write_bytes(b"".join(b"%s\n" % it.value for it in events))
    subprocess.run([*LIFESTAGE, "backtest", str(history), "--out", str(ours)], check=True, capture_output=True)
    told = ["tell", str(history), str(events[-1].instant), str(theirs)]
    subprocess.run(java.command("policy.Main", *told), check=True, capture_output=True)
    assert difference("the policy by hand", _told(theirs), _told(ours)) is None
    assert _told(ours).total() > 1000


def test_a_transition_more_or_fewer_is_told_with_the_first() -> None:
    def message(at: str, why: str) -> bytes:
        envelope = {"userId": "c1", "timestamp": at, "event": "Audience Entered", "messageId": why}
        return comparable({**envelope, "properties": {"seq": 1, "why": why}})

    first, second = message("2025-01-01T00:00:00.000Z", "a"), message("2025-01-02T00:00:00.000Z", "a")
    assert difference("a peer", Counter([message("2025-01-01T00:00:00.000Z", "b")]), Counter([first])) is None
    told = difference("a peer", Counter([first, first]), Counter([first, second]))
    assert told is not None
    assert told.startswith("a peer told 1 transitions that lifestage did not tell, and not 1 that it did")
    assert "2025-01-01" in told
