"""The commit of a batch: the order of its effects, so that each happens exactly once, whichever process dies."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from agents.batch import Batch, Outcome
from agents.observer import Customers
from state.rules.rulebook import Rulebook

KeyedValue = tuple[bytes | None, bytes, int]
"""Key, value and timestamp (ms since 1970) of a record to be written."""


class GroupState(Customers, Protocol):
    """The customers of one partition group, what a batch does to them, and when the next deadline falls."""

    upto: int

    def enforce(self, rules: Rulebook, since: int | None, *, silently: bool = False, closes_past: bool = False) -> None:
        """Decide by these rules from the next batch on, and put every customer under them as of ``since``.

        ``closes_past``: no fact counts from then or before.
        """

    def restore(self, key: bytes, value: bytes | None) -> None:
        """Take over a snapshot from the changelog; ``None``: the customer is gone."""

    def compute(self, batch: Batch) -> Outcome:
        """Return the effects of a batch; change nothing that others can see."""

    def apply(self, outcome: Outcome) -> None:
        """Take over effects that are committed."""

    def due(self) -> int | None:
        """Return when to look again, in ms since 1970, never later than the earliest deadline; ``None``: never."""


class Transaction(Protocol):
    """One transaction at a time on the log; any method may fail, and then it must be discarded as a whole."""

    async def begin(self) -> None:
        """Open a transaction."""

    async def send_changes(self, changes: Mapping[bytes, bytes | None], marker: bytes) -> None:
        """Hand over the changelog records, None for a tombstone, and after them the position marker."""

    async def send_transitions(self, transitions: Sequence[KeyedValue]) -> None:
        """Hand over the transitions, in order."""

    async def send_rejects(self, rejects: Sequence[KeyedValue]) -> None:
        """Hand over the rejects, in order."""

    async def send_account_events(self, events: Sequence[KeyedValue], upto: int, *, final: bool) -> None:
        """Hand over the events of accounts, in order, and that none older than ``upto`` (ms since 1970) will follow.

        ``final``: nothing is known to follow at all.
        """

    async def acknowledged(self) -> None:
        """Return when the log has everything that was handed over; raise if it lacks one record of it."""

    async def commit(self) -> None:
        """Make all of it visible at once."""


def unreached(_point: str) -> None:
    """Do nothing at a point of a batch."""


async def carry_out(
    batch: Batch,
    marker: bytes,
    state: GroupState,
    transaction: Transaction,
    reached: Callable[[str], None] = unreached,
) -> Outcome:
    """Compute a batch, commit its effects in one transaction, and apply them to memory.

    ``marker`` is the encoded position after the batch. If this raises, memory is as before and the transaction may or
    may not have been committed: discard it, and read from the log whether it was. ``reached`` is called at each point
    at which a test may want the process to die.
    """
    # 1. Compute, and change nothing that others see: a batch that fails below is computed again from the same state.
    outcome = state.compute(batch)
    reached("before_begin")
    await transaction.begin()

    # 2. State and position in one transaction. In two, a crash between them would lose or repeat the batch.
    await transaction.send_changes({**outcome.changes, **outcome.marks} if outcome.marks else outcome.changes, marker)
    reached("after_changelog")

    # 3. Publications in the same transaction, or a crash could publish twice what is counted once.
    await transaction.send_transitions(outcome.transitions)
    await transaction.send_rejects(outcome.rejects)
    await transaction.send_account_events(outcome.account_events, outcome.upto, final=batch.final)

    # 4. Check that every record arrived before the commit: the client commits those that arrived even if others did
    #    not, and these would be lost for good, since the position is past them.
    await transaction.acknowledged()
    reached("after_acknowledged")

    # 5. Commit. Until this returns, its result is unknown, so memory must be unchanged.
    committing = asyncio.ensure_future(transaction.commit())
    try:
        await asyncio.sleep(0)
        reached("during_commit")
        await committing
    finally:
        committing.cancel()
    reached("after_commit")

    # 6. Change memory only now. If it changed earlier, a failed commit would leave effects in memory that the log does
    #    not have, and the next batch would write them as if they had happened.
    reached("before_apply")
    state.apply(outcome)
    return outcome
