"""Forgetting on request: who was forgotten, and what becomes of events that come after it."""

from collections.abc import Callable, Sequence

from agents.account_records import account_records
from agents.batch import Outcome, Record
from agents.forgotten_marks import ForgottenMarks, Mark, is_mark, mark_key
from schemas.change import FORGOTTEN, Cause, Change, Publication
from schemas.envelope import user_of
from schemas.forget_request import RESERVED, ForgetRequest, read_request
from schemas.reject import FORGOTTEN_CUSTOMER, RejectedError
from schemas.transition import encode
from state.rules.rulebook import Rulebook
from state.timeline.timeline import Timeline

_WAY_OUT = "to take their events again: lifestage forget --allow"


class Forgetting:
    """The customers of one partition group who were forgotten on request.

    Like the tracker it changes nothing that others can see before ``apply``: what a batch does is in its outcome.
    """

    def __init__(self, *, of_accounts: bool) -> None:
        self._of_accounts = of_accounts
        self.marks = ForgottenMarks()

    def enforce(self, rules: Rulebook) -> None:
        """Go by these rules from the next batch on."""
        self._version = rules.version
        self._lateness_ms = rules.compiled.lateness_ms

    def restore(self, key: bytes, value: bytes | None) -> bool:
        """Take over a record of the changelog, and tell whether it was a mark."""
        if not is_mark(key):
            return False
        self.marks.take(key, value)
        return True

    def apply(self, outcome: Outcome) -> None:
        """Take over the marks of an outcome that is committed."""
        for key, value in outcome.marks.items():
            self.marks.take(key, value)

    def check(self, customer: bytes, at: int, clock: int, outcome: Outcome) -> None:
        """Raise ``RejectedError`` for an event of a customer who was forgotten.

        ``at`` is the event's instant, ``clock`` that of the batch at its record.
        """
        mark = self.marks.of(customer, outcome.marks)
        if mark is None:
            return
        if mark.allowed_at is None:
            raise RejectedError(FORGOTTEN_CUSTOMER, f"the customer was forgotten on request; {_WAY_OUT}")
        if at <= mark.closed_until:
            raise RejectedError(FORGOTTEN_CUSTOMER, "the event lies before its customer's events were allowed again")
        if clock - self._lateness_ms > mark.closed_until:  # any such event is late from now on
            outcome.marks[mark_key(customer)] = None

    def tell_accounts(self, record: Record, mapped: Sequence[bytes | RejectedError] | None, outcome: Outcome) -> None:
        """Add to an outcome what a record says of accounts, without what customers did who are forgotten."""
        if self.marks.stored or outcome.marks:
            if mapped is not None:
                mapped = [it for it in mapped if isinstance(it, RejectedError) or not self._names_closed(it, outcome)]
            elif record.key is not None and self._is_closed(record.key, outcome):
                return
        outcome.account_events += account_records(record, mapped, outcome.for_accounts)

    def carry_out(
        self, record: Record, clock: int, settled: Callable[[bytes], Timeline | None], outcome: Outcome
    ) -> RejectedError | None:
        """Carry out the request in a record, unless it was before; return why it is none.

        ``settled`` takes a customer out of the outcome, and returns what is known of them.
        """
        outcome.counts["in"] += 1
        try:
            request = read_request(record.value)
        except RejectedError as error:
            return error
        outcome.counts["applied"] += 1
        key = request.customer.encode()
        mark = self.marks.of(key, outcome.marks)
        is_closed = mark is not None and mark.allowed_at is None
        if request.type == "forget" and not is_closed:
            timeline = settled(key)
            outcome.changes[key] = None
            self._forget(request, timeline, clock, outcome)
        elif request.type == "allow" and mark is not None and is_closed:
            outcome.marks[mark_key(key)] = Mark(mark.forgotten_at, clock).packed()
        return None

    def _forget(self, request: ForgetRequest, timeline: Timeline | None, clock: int, outcome: Outcome) -> None:
        key = request.customer.encode()
        # Never before what was published of the customer, which may lie some minutes ahead of the clock.
        at = clock if timeline is None else max(clock, timeline.head.at)
        outcome.marks[mark_key(key)] = Mark(at, None).packed()
        from_ = "" if timeline is None else timeline.head.stage
        cause = Cause("request", request.reason, request.id)
        change = Change(at=at, key=None, name=FORGOTTEN, from_=from_, to=FORGOTTEN, cause=cause)
        publication = Publication(change, None, (0 if timeline is None else timeline.seq) + 1)
        value = encode(publication, request.customer, self._version, of_account=self._of_accounts)
        outcome.publications.append((key, publication))
        outcome.transitions.append((key, value, at))

    def _is_closed(self, customer: bytes, outcome: Outcome) -> bool:
        mark = self.marks.of(customer, outcome.marks)
        return mark is not None and mark.allowed_at is None

    def _names_closed(self, value: bytes, outcome: Outcome) -> bool:
        user_id = user_of(value)
        return user_id is not None and self._is_closed(user_id.encode(), outcome)


def check_reserved(user_id: str) -> None:
    """Raise ``RejectedError`` for an event of lifestage's own keys."""
    if user_id[:1] == RESERVED:
        raise RejectedError("invalid", "userId begins with U+0000, as lifestage's own keys do: send another id")
