"""What a partition group of customers passes on to accounts: bytes in, bytes out, and every event counted."""

import json
from collections import Counter
from typing import Any

import pytest

from agents.batch import Batch, Outcome, Record
from agents.tracker import Tracker
from schemas.reject import RejectedError
from state.rules.rulebook import Rulebook
from streams.observe.worker_tally import WorkerTally
from streams.policy_file import load_rules
from tests.support.observed import commit
from tests.topology.driver import START, text

RULES = load_rules(None)


def seen(number: int, **fields: Any) -> dict[str, Any]:
    at = text(START + number)
    return {"type": "track", "event": "App Opened", "userId": "u", "messageId": f"m{number}", "timestamp": at, **fields}


def computed(*values: bytes | None, rules: Rulebook = RULES, for_accounts: bool = True) -> Outcome:
    tracker = Tracker(rules, 0, {}, for_accounts=for_accounts)
    records = [Record("customer.browsing", nth, START + 99, b"u", it) for nth, it in enumerate(values)]
    return tracker.compute(Batch(0, 1, records, START + 99))


@pytest.mark.parametrize("unusable", [1.5, True, ["acme"], {"id": "acme"}, "a" * 257])
@pytest.mark.parametrize("outside", [True, False])
def test_an_account_that_is_no_usable_id_is_counted_and_the_event_is_its_customers(
    unusable: object, outside: bool
) -> None:
    named = {"groupId": unusable} if outside else {"context": {"groupId": unusable}}
    outcome = computed(json.dumps(seen(1, **named)).encode())
    assert outcome.for_accounts == {"unusable_account": 1}
    assert outcome.account_events == outcome.rejects == []
    assert outcome.counts["applied"] == 1


def test_every_event_is_counted_by_what_it_became_for_accounts() -> None:
    batch = {"batch": [seen(1, groupId="acme"), seen(2), [seen(3)], seen(4, groupId=1.5), seen(5, groupId="beta")]}
    values = [json.dumps(it).encode() for it in (seen(6, groupId="acme"), seen(7), batch)]
    outcome = computed(*values, b"{", None)
    assert outcome.for_accounts == {"passed_on": 3, "no_account": 2, "unusable_account": 1, "unreadable": 3}
    assert outcome.for_accounts.total() == outcome.counts["in"]
    assert [key for key, _, _ in outcome.account_events] == [b"acme", b"acme", b"beta"]


def test_without_accounts_nothing_is_counted_for_them() -> None:
    assert computed(json.dumps(seen(1, groupId=1.5)).encode(), for_accounts=False).for_accounts == Counter()


def test_a_record_of_another_shape_is_read_once() -> None:
    value = json.dumps(seen(1, groupId="acme")).encode()
    read: list[Record] = []

    def reader(record: Record) -> list[bytes | RejectedError]:
        read.append(record)
        return [value, RejectedError("invalid", "no event")]

    tracker = Tracker(RULES, 0, {}, {"rows": reader}, for_accounts=True)
    outcome = tracker.compute(Batch(0, 1, [Record("rows", 0, START + 99, b"u", b"{}")], START + 99))
    assert len(read) == 1
    assert (outcome.counts["applied"], outcome.rejected.total()) == (1, 1)
    assert outcome.for_accounts == {"passed_on": 1, "unreadable": 1}
    assert [key for key, _, _ in outcome.account_events] == [b"acme"]


def test_the_log_and_the_page_tell_what_reaches_no_account() -> None:
    tally = WorkerTally()
    tally.committed(commit(computed(json.dumps(seen(1, groupId="a" * 300)).encode())))
    assert tally.document()["unusable_accounts"] == 1
    line = tally.line("the last minute")
    assert line.endswith("1 that reach no account, since groupId is no usable id")
    assert "aaa" not in line
