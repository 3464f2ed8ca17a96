"""The timelines of stored customers, from their snapshots."""

from http import HTTPStatus

from state.rules.rulebook import Rulebook
from state.timeline.snapshot import SnapshotError, load, read_header
from state.timeline.stored_version import StoredVersionError
from state.timeline.timeline import Timeline
from streams.serve.problems import ProblemError


def timeline_of(customer: str, snapshot: bytes, rules: Rulebook) -> Timeline:
    """Return the timeline of a snapshot. Raises ``ProblemError`` for one of another policy or another version."""
    try:
        if read_header(snapshot).fingerprint != rules.fingerprint:
            detail = (
                f"the workers decided {customer!r} under another policy than this server has: start "
                "`lifestage serve` with the LIFESTAGE_POLICY of the workers, or wait until they have taken it over"
            )
            raise ProblemError(HTTPStatus.SERVICE_UNAVAILABLE, detail, 1)
        return load(snapshot, rules, customer)
    except (SnapshotError, StoredVersionError):
        detail = (
            f"the workers stored {customer!r} in a form that this version cannot read: start `lifestage serve` "
            "in the version of the workers"
        )
        raise ProblemError(HTTPStatus.SERVICE_UNAVAILABLE, detail) from None
