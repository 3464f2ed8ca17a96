"""Lateness: which facts still count when their record comes, and which are too old or of the future."""

from schemas.reject import RejectedError
from state.rules.rulebook import Rulebook

MAX_AHEAD_MS = 300_000
"""So far may a fact lie ahead of its record."""


class Lateness:
    """The instants whose facts are taken in by one partition group."""

    def enforce(self, rules: Rulebook, closed_until: int | None) -> None:
        """Go by these rules; no fact counts that lies at ``closed_until`` (ms since 1970) or before."""
        self._allowed_ms = rules.compiled.lateness_ms
        self._closed_until = -1 if closed_until is None else closed_until

    def check(self, at: int, record_time: int, clock: int) -> None:
        """Raise ``RejectedError`` for a fact that does not count; ``clock`` is that of the batch at its record."""
        if at > record_time + MAX_AHEAD_MS:
            raise RejectedError("from_the_future", f"the event is {at - record_time} ms ahead of its record")
        horizon = clock - self._allowed_ms
        if at < horizon:
            raise RejectedError("late", f"the event is {horizon - at} ms older than the allowed lateness")
        if at <= self._closed_until:
            raise RejectedError("late", "a new policy has closed the past until its instant")
