"""What every version of snapshots since 3 has written is read, and goes on as that version's own code went on."""

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from state.features.catalogue import catalogue
from state.policy.compiled import read_policy
from state.rules.rulebook import Rulebook
from state.timeline.older_versions import STEPS
from state.timeline.snapshot import READABLE, VERSION, SnapshotError, load, read_header
from state.timeline.stored_version import StoredVersionError
from tests.topology.driver import Driver
from tests.unit.state.timeline.recorder import fed, known, told

FOLDER = Path(__file__).parent / "recorded"
RECORDED = {version: json.loads((FOLDER / f"version_{version}.json").read_text()) for version in (*STEPS, 5, VERSION)}
CUSTOMERS = [
    pytest.param(version, it, id=f"{version}-{it['userId']}")
    for version, of in RECORDED.items()
    for it in of["customers"]
]


def rules_of(version: int, policy: str) -> Rulebook:
    """Return a policy as it is written today."""
    text = RECORDED[version]["policies"][policy]
    if version == 3:  # each order was an occasion
        before, lifecycle, after = text.partition("[lifecycle]\n")
        text = (
            f"{before}[lifecycle]\noccasion_days = 0\n{after}"
            if lifecycle
            else f"{text}[lifecycle]\noccasion_days = 0\n"
        )
    return Rulebook(read_policy(text, catalogue))


def bytes_of(recorded: dict[str, Any]) -> bytes:
    return base64.b64decode(recorded["snapshot"])


def plain(value: object) -> Any:
    return json.loads(json.dumps(value))


@pytest.mark.parametrize(("version", "recorded"), CUSTOMERS)
def test_a_recorded_customer_is_read_and_goes_on_as_they_did(version: int, recorded: dict[str, Any]) -> None:
    rules, user_id, snapshot = rules_of(version, recorded["policy"]), recorded["userId"], bytes_of(recorded)
    assert snapshot[0] == RECORDED[version]["version"] == version
    driver = Driver(rules, {user_id.encode(): snapshot})
    driver.tracker.upto = recorded["upto"]
    assert plain(known(driver, user_id)) == recorded["customer"]
    assert (read_header(snapshot).fingerprint == rules.fingerprint) is (version > 3)
    assert driver.snapshots[user_id.encode()] == snapshot, "it is not written again before something happens"
    fed(driver, user_id, recorded["after"])
    assert driver.rejected.keys() <= {"unknown_currency"}
    went_on = recorded["transitions"]
    named = [{name: it[name] for name in then} for it, then in zip(plain(told(driver)), went_on, strict=True)]
    assert named == went_on
    assert driver.snapshots[user_id.encode()][0] == VERSION


def test_every_version_that_is_read_is_recorded() -> None:
    assert [*RECORDED] == [*range(READABLE.oldest, VERSION + 1)]
    for version, recorded in RECORDED.items():
        customers = [it["customer"] for it in recorded["customers"]]
        assert any(it["tail"] for it in customers) and any(not it["tail"] for it in customers), version
        assert any(it["emitted"] for it in customers) and any(it["orders"] > 256 for it in customers), version
        assert sum(len(it["transitions"]) for it in recorded["customers"]) > 40, version


@pytest.mark.parametrize("version", [1, 2, VERSION + 1, 31])
def test_another_version_is_told_with_those_that_are_read_and_the_way_out(version: int) -> None:
    recorded = RECORDED[VERSION]["customers"][0]
    snapshot = bytes((version,)) + bytes_of(recorded)[1:]
    wanted = f"snapshots of version {version}, and this lifestage reads 3 to {VERSION}: .* LIFESTAGE_APP_ID"
    for read in (read_header, lambda it: load(it, rules_of(VERSION, recorded["policy"]))):
        with pytest.raises(StoredVersionError, match=wanted):
            read(snapshot)
    driver = Driver(rules_of(VERSION, recorded["policy"]), {b"c": bytes_of(recorded)})
    stages = dict(driver.tracker.stages)
    with pytest.raises(StoredVersionError):
        driver.tracker.restore(b"c", snapshot)
    assert (driver.snapshots, driver.tracker.stages) == ({b"c": bytes_of(recorded)}, stages), (
        "nothing of it is taken over"
    )


@pytest.mark.parametrize("version", RECORDED)
def test_what_is_cut_off_or_of_another_kind_is_one_customers_trouble(version: int) -> None:
    recorded = min(RECORDED[version]["customers"], key=lambda it: len(it["snapshot"]))
    rules, snapshot = rules_of(version, recorded["policy"]), bytes_of(recorded)
    for length in range(len(snapshot)):
        with pytest.raises(SnapshotError):
            load(snapshot[:length], rules)
    for planted in (b"no snapshot at all", b"\0" * 40, b"{}", b"\xff\xff"):
        with pytest.raises(SnapshotError):
            load(planted, rules)


@pytest.mark.parametrize("version", RECORDED)
def test_what_is_damaged_is_read_or_refused(version: int) -> None:
    """Bytes within a snapshot that came to be others: no error but those that callers expect."""
    recorded = min(RECORDED[version]["customers"], key=lambda it: len(it["snapshot"]))
    rules, snapshot = rules_of(version, recorded["policy"]), bytes_of(recorded)
    refused = 0
    for place, byte in enumerate(snapshot):
        for other in {0, 0x7F, 0xCF, 0xFF, byte ^ 1, byte ^ 0x80} - {byte}:
            try:
                load(snapshot[:place] + bytes((other,)) + snapshot[place + 1 :], rules)
            except (SnapshotError, StoredVersionError):
                refused += 1
    assert refused > len(snapshot)
