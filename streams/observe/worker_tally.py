"""What a worker has read: the tally since its start for its pages, and a line in the log about each minute."""

import asyncio
import logging
from typing import Any

import msgspec

from agents.account_records import UNUSABLE_ACCOUNT
from agents.batch import Outcome, Position
from agents.observer import Committed, Customers
from schemas.event_names import nearest_name
from state.rules.bounds_told import UNKNOWN_ORDER
from streams.tally.sentence import lately, without_values
from streams.tally.tally import Counted, Tally, most_first

logger = logging.getLogger(__name__)

MAX_NAMES = 50
_MINUTE = 60.0


class _Refused(msgspec.Struct):
    reason: str
    detail: str
    topic: str
    partition: int
    offset: int


_refused = msgspec.json.Decoder(_Refused).decode


class WorkerTally:
    """An observer that keeps the tally of what is committed. It names no customer, and ``MAX_NAMES`` unknown names."""

    def __init__(self) -> None:
        self.total = _empty()
        """Everything since the start of this process."""
        self._lately = _empty()
        self._poisoned = 0

    def opened(self, partition: int, position: Position, customers: Customers) -> None:
        """Do nothing: what this worker has read stays counted."""

    def closed(self, partition: int) -> None:
        """Do nothing, as for ``opened``."""

    def committed(self, committed: Committed) -> None:
        """Count a committed batch."""
        outcome = committed.outcome
        counts = outcome.counts
        batch = Tally(applied=counts["applied"] - outcome.unknown_names.total())
        batch.duplicates.count = counts["duplicate"]
        batch.unknown_orders.count = counts[UNKNOWN_ORDER]
        batch.unusable_accounts = outcome.for_accounts[UNUSABLE_ACCOUNT]
        for reason, count in outcome.rejected.items():
            batch.reject(reason, count)
        for bound, count in outcome.bounds.items():
            batch.hold(bound, count)
        for name, count in outcome.unknown_names.items():
            batch.apply_unknown(name, count)
        if batch.rejects:
            self._add_examples(batch, outcome)
        self._poisoned += counts["poisoned"]
        self.total.add(batch)
        self._lately.add(batch)

    async def report(self) -> None:
        """Write a line about each minute in which something was put aside, until cancelled."""
        while True:
            await asyncio.sleep(_MINUTE)
            level = logging.WARNING if self._poisoned else logging.INFO
            line = self.line("the last minute")
            if line:
                logger.log(level, "%s", line)

    def line(self, span: str) -> str:
        """Return a line about what was committed since the last call, empty if nothing was put aside."""
        tally, self._lately = self._lately, _empty()
        poisoned, self._poisoned = self._poisoned, 0
        if not poisoned:
            return lately(tally, span) if tally.put_aside else ""
        return f"{lately(tally, span)}; decisions that failed for their customers, who stay as they were: {poisoned:,}"

    def document(self) -> dict[str, Any]:
        """Return the tally since the start as a JSON object."""
        tally = self.total
        return {
            "applied": tally.applied,
            "duplicates": tally.duplicates.count,
            "rejected": {reason: _with_example(it) for reason, it in most_first(tally.rejects)},
            "unknown_names": {
                name: {"count": it.count, "nearest": nearest_name(name)} for name, it in most_first(tally.unknown)
            },
            "unknown_orders": tally.unknown_orders.count,
            "unusable_accounts": tally.unusable_accounts,
            "bounds": {bound: it.count for bound, it in most_first(tally.bounds)},
        }

    def _add_examples(self, batch: Tally, outcome: Outcome) -> None:
        known = self._lately.rejects
        missing = {reason for reason in batch.rejects if reason not in known or not known[reason].example}
        for _, value, _ in outcome.rejects:
            if not missing:
                return
            refused = _refused(value)
            if refused.reason in missing:
                missing.remove(refused.reason)
                # The error of a rule may say anything of the customer.
                detail = refused.detail.partition(":")[0] if refused.reason == "poison" else refused.detail
                place = f"{refused.topic}/{refused.partition}/{refused.offset}"
                batch.reject(refused.reason, 0, example=f"{place}: {without_values(detail)}")


def _empty() -> Tally:
    return Tally(max_names=MAX_NAMES)


def _with_example(counted: Counted) -> dict[str, Any]:
    return {"count": counted.count, "example": counted.example}
