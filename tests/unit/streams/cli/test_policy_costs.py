"""The costs of a policy on a sample: bytes follow from what is remembered; nothing is asserted of the time."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from agents.batch import Record
from state.features.catalogue import catalogue
from state.policy.compiled import read_policy
from state.rules.rulebook import Rulebook
from streams.cli.main import main
from streams.cli.policy_costs import MAX_EVENTS, Costs, costs_of, read_beside
from tests.support.workers import LIFESTAGE

POLICY = """
name = "costs"
[traits]
interests = "texts"
[[measures]]
name = "fees"
value = 'sum("Plan Chosen", price, 90)'
[[measures]]
name = "unread"
value = 'sum("Plan Left", price, 90)'
[[segments]]
key = "paying"
name = "Paying"
enter = 'fees > 10 or count("Never Sent", 30) > 3'
[[segments]]
key = "active"
name = "Active"
enter = '''
in_segment("paying") and orders_30d >= 1 and "sport" in traits.interests and stage == "new"
and latest("Plan Chosen", price) > 3'''
"""


def chosen(number: int) -> dict[str, Any]:
    return {
        "event": "Plan Chosen",
        "userId": f"c{number % 4}",
        "messageId": f"m{number}",
        "timestamp": f"2026-03-{1 + number % 28:02d}T10:00:00Z",
        "properties": {"plan": f"a plan of the number {number}", "price": number},
    }


def seen(number: int) -> dict[str, Any]:
    return {**chosen(number), "event": "Product Viewed", "messageId": f"v{number}"}


EVENTS = [json.dumps(each(number)).encode() for each in (chosen, seen) for number in range(20)]


def costs(text: str, values: list[bytes]) -> Costs | None:
    compiled, records = read_policy(text, catalogue), list[Record]()
    assert list(read_beside(values, Rulebook(compiled).intake, records)) == values, "all of them are seen by others"
    return costs_of(text, compiled, records)


def measured(text: str = POLICY, values: list[bytes] = EVENTS) -> Costs:
    found = costs(text, values)
    assert found is not None
    return found


def test_each_name_costs_what_is_remembered_for_it() -> None:
    found = measured()
    assert (found.events, found.customers) == (40, 4)
    assert found.whole.bytes > found.without_rules.bytes > 0
    taken = {name: it.bytes for name, it in found.names.items()}
    assert taken['latest("Plan Chosen", price)'] > 5
    assert taken['sum("Plan Chosen", price, 90)'] > 10
    assert taken["orders_30d"] == taken["stage"] == 0, "every profile has them"
    assert taken['count("Never Sent", 30)'] == 0
    assert taken["traits.interests"] == 0
    assert found.measures.keys() == {"fees"}, "a measure that nothing reads costs nothing"
    assert found.measures["fees"].bytes == taken['sum("Plan Chosen", price, 90)']


def test_a_measure_in_profiles_costs_as_any_other() -> None:
    text = 'name = "shown"\n[[measures]]\nname = "fees"\nvalue = \'sum("Plan Chosen", price, 90)\'\n'
    shown, plain = measured(f"{text}profile = true\n"), measured('name = "shown"\n')
    assert shown.without_rules.bytes == plain.whole.bytes
    assert shown.measures["fees"].bytes > 10


def test_a_measure_of_measures_is_asked_with_these_alone() -> None:
    first = 'name = "of"\n[[measures]]\nname = "fees"\nvalue = \'sum("Plan Chosen", price, 90)\'\n'
    second = '[[measures]]\nname = "twice"\nvalue = "fees * 2"\nprofile = true\n'
    found = measured(first + second)
    assert found.measures["twice"].bytes == measured(f"{first}profile = true\n").measures["fees"].bytes


def test_a_measure_that_asks_about_other_rules_is_left_out() -> None:
    days = """[[measures]]
name = "paying_days"
value = 'days_since_entered(segment = "paying")'
[[segments]]
key = "new"
name = "New"
enter = "paying_days < 3 and fees > 1"
"""
    assert measured(POLICY + days).measures.keys() == {"fees"}


def test_a_signal_costs_what_it_waits_for_and_what_tells_it() -> None:
    signal = '[[signals]]\nkey = "{}"\nname = "N"\nwhile = "{}"\n{}[[signals.steps]]\nevent = "Plan Chosen"\n'
    text = POLICY + signal.format("chose", "fees > 0", "quiet_days = 3\n")
    waits = '[signals.unless]\nevents = ["Product Viewed"]\nwithin_days = 60\n'
    text += signal.format("waits", "", 'per = "plan"\n') + waits
    text += signal.format("beside", "in_segment('paying')", "")
    text += '[[signals]]\nkey = "cared"\nname = "N"\nsegment = "paying"\nevery_days = 2\n'
    found = measured(text)
    assert found.signals.keys() == {"chose", "waits"}, "the others ask about a segment"
    assert found.signals["waits"].bytes > 25, "it waits for one of each plan"
    assert found.signals["chose"].bytes > found.measures["fees"].bytes, "what is asked, and when it was told"


def test_what_can_be_asked_only_beside_other_rules_is_left_out() -> None:
    assert not any("paying" in name for name in measured().names)


def test_bytes_are_the_same_each_time() -> None:
    one, other = measured(), measured()
    assert {name: it.bytes for name, it in one.names.items()} == {name: it.bytes for name, it in other.names.items()}


def test_accounts_cost_what_their_customers_would() -> None:
    of_accounts = [json.dumps({**chosen(it), "groupId": f"g{it % 2}"}).encode() for it in range(40)]
    found = measured(f'subject = "account"\n{POLICY}', [*of_accounts, EVENTS[0]])
    assert (found.events, found.customers) == (40, 2)


def test_a_list_of_events_is_read_and_what_is_unusable_is_not() -> None:
    batch = json.dumps({"batch": [chosen(1), chosen(2), {"userId": ""}]}).encode()
    assert measured(values=[batch, b"{", EVENTS[3]]).events == 3
    assert costs(POLICY, [b"{"]) is None


def test_no_more_of_a_sample_is_measured_than_takes_seconds() -> None:
    text = 'name = "small"\n'
    many = [json.dumps({**chosen(it), "event": "page"}).encode() for it in range(MAX_EVENTS + 9)]
    assert measured(text, [b"{", *many]).events == MAX_EVENTS
    batch = json.dumps({"batch": [json.loads(it) for it in many[:9]]}).encode()
    records: list[Record] = []
    intake = Rulebook(read_policy(text, catalogue)).intake
    assert list(read_beside([*many[9:-3], batch], intake, records)) == [*many[9:-3], batch]
    assert len(records) == MAX_EVENTS


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    policy, sample = tmp_path / "policy.toml", tmp_path / "sample.jsonl"
    policy.write_text(POLICY)
    sample.write_bytes(b"\n".join(EVENTS))
    return policy, sample


def check(*arguments: object) -> Result:
    return CliRunner().invoke(main, ["policy", "check", *map(str, arguments)])


def test_costs_are_printed_below_the_policy(files: tuple[Path, Path]) -> None:
    policy, sample = files
    done = check(policy, "--events", sample, "--costs")
    assert done.exit_code == 0
    lines = done.stdout.splitlines()
    assert "What it costs, measured on 40 events of 4 customers" in lines
    assert lines[0].startswith("Policy costs@")
    assert not any("(signal)" in line for line in lines), "it has none"
    (fees,) = [line for line in lines if line.startswith("  fees (measure)")]
    assert fees.split()[2].startswith("+")


def test_costs_are_json_too(files: tuple[Path, Path]) -> None:
    policy, sample = files
    done = check(policy, "--events", sample, "--costs", "--json")
    found = json.loads(done.stdout)
    assert found.keys() == {"events", "customers", "whole", "without_rules", "names", "measures", "signals"}
    assert found["measures"]["fees"].keys() == {"bytes", "microseconds"}


@pytest.mark.parametrize("name", ["-", "/dev/stdin"])
def test_costs_of_a_pipe_are_those_of_the_file(files: tuple[Path, Path], name: str) -> None:
    policy, sample = files
    command = [*LIFESTAGE, "policy", "check", str(policy), "--costs", "--json", "--events"]
    piped = subprocess.run([*command, name], input=sample.read_bytes(), capture_output=True, check=False)
    assert piped.returncode == 0, piped.stderr
    assert f"{name}: 40 events of 2 names" in piped.stderr.decode()
    found, of_file = json.loads(piped.stdout), json.loads(check(policy, "--events", sample, "--costs", "--json").stdout)
    assert (found["events"], found["customers"]) == (40, 4)
    assert {it: cost["bytes"] for it, cost in found["names"].items()} == {
        it: cost["bytes"] for it, cost in of_file["names"].items()
    }


def test_costs_need_events(files: tuple[Path, Path], tmp_path: Path) -> None:
    policy, sample = files
    assert "give a sample of them with --events" in check(policy, "--costs").output
    assert "give --costs too" in check(policy, "--events", sample, "--json").output
    sample.write_text('{"userId": ""}\n')
    done = check(policy, "--events", sample, "--costs")
    assert (done.exit_code, "has no usable event" in done.output) == (2, True)
    sample.write_text('{"userId": "c", "event": "Never Heard Of", "timestamp": "2026-01-01T00:00:00Z"}\n')
    done = check(policy, "--events", sample, "--costs")
    assert (done.exit_code, "nothing can be measured" in done.output) == (2, True)
