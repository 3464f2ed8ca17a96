"""What customers' workers passed on to accounts: of each record that they counted, the account's event, once."""

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace

from tests.chaos.verdict.findings import Findings
from tests.chaos.verdict.topics import Seen
from tests.reference_model.events import MAX_NUMBER, Several, digest, owned, parsed, unwrapped, usable
from tests.reference_model.policy import Policy
from tests.reference_model.properties import Unusable

WATERMARK_KEY = b"\x00watermark"

PassedOn = tuple[int, int, str, str, str]
"""The partition of the customers, the time of the record, the account, the ``messageId``, and what the event says."""


def events_in(records: Iterable[Seen]) -> list[Seen]:
    """The records of account topics but for those that say only how far their writer is."""
    return [it for it in records if it.key != WATERMARK_KEY]


def as_sent(policy: Policy) -> Policy:
    """The policy of accounts for events that are their accounts' own already."""
    return replace(policy, of_accounts=False)


def compare(
    counted: Iterable[Seen], passed: Iterable[Seen], writers: list[str], policy: Policy, findings: Findings
) -> None:
    """Compare what the customers' records say of accounts with the account topics.

    ``writers`` are these topics, in the order of the partitions of the customers that write them.
    """
    wanted = Counter(each for record in counted if (each := _wanted(record, policy)) is not None)
    sent = as_sent(policy)
    found = Counter(_found(record, writers.index(record.topic), sent) for record in passed)
    for kind, differing in (("lost", wanted - found), ("duplicated", found - wanted)):
        for each, times in differing.items():
            for _ in range(times):
                partition, _, account, message_id, _ = each
                findings.add(kind, f"event {message_id} of {account}, from partition {partition} of the customers")
    findings.figures["passed_on"] = found.total()


def _wanted(record: Seen, policy: Policy) -> PassedOn | None:
    value = record.value or b""
    try:
        if len(value) > MAX_NUMBER:
            return None
        own = owned(unwrapped(parsed(value)), digest(value), policy)
    except (Unusable, Several):  # the only list that the load sends is empty
        return None
    said = usable(value, own["userId"].encode(), policy)
    return record.partition, record.time, own["userId"], own["messageId"], repr(said)


def _found(record: Seen, partition: int, policy: Policy) -> PassedOn:
    value, key = record.value or b"", record.key or b""
    said = usable(value, key, policy)
    return partition, record.time, key.decode(), json.loads(value)["messageId"], repr(said)
