"""The timelines of stored customers, from their snapshots, each with the rules that it was decided by."""

from http import HTTPStatus
from typing import NamedTuple

from state.rules.rulebook import Rulebook
from state.timeline.snapshot import SnapshotError, load, read_header
from state.timeline.stored_version import StoredVersionError
from state.timeline.timeline import Timeline
from streams.serve.problems import ProblemError
from streams.serve.served_policies import ServedPolicies


class Decided(NamedTuple):
    """A customer's timeline, and the rules that they were decided by last."""

    timeline: Timeline
    rules: Rulebook


async def timeline_of(customer: str, snapshot: bytes, policies: ServedPolicies) -> Decided:
    """Return the timeline of a snapshot. Raises ``ProblemError`` where its policy or its version cannot be read."""
    try:
        fingerprint = read_header(snapshot).fingerprint
        rules = await policies.rules_of(fingerprint)
        if rules is None:
            raise ProblemError(HTTPStatus.SERVICE_UNAVAILABLE, _told(customer, policies.unreadable(fingerprint)), 1)
        return Decided(load(snapshot, rules, customer), rules)
    except (SnapshotError, StoredVersionError):
        detail = (
            f"the workers stored {customer!r} in a form that this version cannot read: start `lifestage serve` "
            "in the version of the workers"
        )
        raise ProblemError(HTTPStatus.SERVICE_UNAVAILABLE, detail) from None


def _told(customer: str, unreadable: str) -> str:
    if unreadable:
        return f"the workers decided {customer!r} under a policy that this version does not know: {unreadable}"
    return (
        f"the workers decided {customer!r} under another policy than those that were published, or Kafka, where they "
        "are read, does not answer: wait until the workers have taken the customer over, and see /ready"
    )
