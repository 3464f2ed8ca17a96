"""Accounts: what their members do adds up under the id that the events name."""

import json
from typing import Any

import pytest

from tests.cases.intake import Intake, both, by_backtest

POLICY = """
name = "cases"
subject = "account"

[traits]
employees = "number"

[[segments]]
key = "large"
name = "Large"
enter = "traits.employees >= 100"

[[segments]]
key = "used"
name = "Used"
enter = 'count("App Opened", 30) >= 3'

[[segments]]
key = "annas"
name = "Anna's"
enter = 'count("App Opened", where = member == "anna") >= 1'
"""


def line(kind: str, day: int, **fields: Any) -> bytes:
    value = {"type": kind, "timestamp": f"2026-03-{day:02d}T10:00:00Z", "messageId": f"{kind}-{day}", **fields}
    return json.dumps(value).encode()


def opened(day: int, member: str, **fields: Any) -> bytes:
    return line("track", day, event="App Opened", userId=member, **{"context": {"groupId": "acme"}, **fields})


def order(day: int, member: str, total: float, **fields: Any) -> bytes:
    properties = {"order_id": f"o{day}", "total": total}
    context = {"groupId": "acme"}
    return line("track", day, event="Order Completed", userId=member, context=context, properties=properties, **fields)


@both
def test_the_orders_of_all_members_are_the_accounts(intake: Intake) -> None:
    lines = [order(1, "anna", 30), order(4, "bert", 20), order(9, "carl", 10)]
    found = intake(lines, POLICY)
    assert set(found.profiles) == {"acme"}
    assert (found.figure("acme", "orders"), found.figure("acme", "revenue")) == (3, 60)
    assert [name for name, _ in found.stages("acme")] == ["acquired", "repeated"]


@both
def test_a_group_event_says_the_accounts_traits_and_no_other_does(intake: Intake) -> None:
    of_anna = {"groupId": "acme", "traits": {"employees": 1}}
    lines = [
        line("group", 1, userId="anna", groupId="acme", traits={"employees": 300}),
        opened(2, "anna", context=of_anna),
        line("identify", 3, userId="anna", context=of_anna, traits={"employees": 2}),
    ]
    found = intake(lines, POLICY)
    assert found.profiles["acme"]["traits"] == {"employees": 300}
    assert "large" in found.profiles["acme"]["segments"]


@both
def test_members_are_a_field_of_the_events(intake: Intake) -> None:
    assert "annas" not in intake([opened(1, "bert")], POLICY).profiles["acme"]["segments"]
    assert "annas" in intake([opened(1, "bert"), opened(2, "anna")], POLICY).profiles["acme"]["segments"]


@both
@pytest.mark.parametrize(
    "named",
    [
        {"groupId": "acme", "context": {"groupId": "other"}},
        {"group_id": "acme", "context": {}},
        {"groupId": "", "context": {"group_id": "acme"}},
        {"context": {"groupId": "acme", "traits": {"groupId": "other"}}},
    ],
)
def test_the_event_names_its_account_itself_or_in_its_context(intake: Intake, named: dict[str, Any]) -> None:
    assert set(intake([opened(1, "anna", **named)], POLICY).profiles) == {"acme"}


@both
def test_an_account_needs_no_known_member(intake: Intake) -> None:
    nobody = {"type": "track", "event": "App Opened", "groupId": 17, "timestamp": "2026-03-01T10:00:00Z"}
    assert set(intake([json.dumps(nobody).encode()], POLICY).profiles) == {"17"}


@both
def test_the_events_of_a_list_are_each_of_their_own_account(intake: Intake) -> None:
    batch = [json.loads(opened(day, "anna", context={"groupId": name})) for day, name in ((1, "acme"), (2, "beta"))]
    assert set(intake([json.dumps({"batch": batch}).encode()], POLICY).profiles) == {"acme", "beta"}


@both
def test_messages_name_the_account(intake: Intake) -> None:
    (acquired,) = intake([order(1, "anna", 30)], POLICY).transitions["acme"]
    assert acquired["context"] == {"groupId": "acme"}
    under_customers = POLICY.replace('subject = "account"', "")
    (same,) = intake([json.dumps({**json.loads(order(1, "acme", 30))}).encode()], under_customers).transitions["acme"]
    assert "context" not in same
    assert same["messageId"] != acquired["messageId"]


def test_what_names_no_account_is_told_with_the_mend() -> None:
    found = by_backtest([opened(1, "anna", context={}), opened(2, "anna", context={"groupId": 1.5})], POLICY)
    assert found.rejects == [(1, "missing_account"), (2, "invalid")]
    assert found.details[1] == "the event names no account: send its id as groupId, in the event or in its context"
    assert found.details[2].startswith("context.groupId is 1.5: send an id as a text")
