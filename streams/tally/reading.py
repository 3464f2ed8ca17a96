"""Events read without a stream: the facts of a source's lines, and the tally of all of them."""

from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime

from agents.tracker import MAX_AHEAD_MS
from schemas import instant
from schemas.envelope import open_envelope, read_event
from schemas.events import AnyFact
from schemas.intake import Intake
from schemas.reject import RejectedError
from streams.tally.tally import Tally

NumberedLines = Iterable[tuple[int, bytes]]


def read_facts(
    lines: NumberedLines,
    now: int,
    intake: Intake,
    tally: Tally,
    on_reject: Callable[[int, bytes, RejectedError], None] = lambda *_: None,
    numbered: str = "line",
) -> Iterator[tuple[int, str, AnyFact]]:
    """Yield (number, userId, fact) of each line that has a fact; empty lines are skipped. All others are in the tally.

    An event that lies more than ``MAX_AHEAD_MS`` after ``now`` (ms since 1970) is rejected. A duplicate is not known as
    such here: it counts as applied. ``numbered`` says what the numbers count.
    """
    max_instant = now + MAX_AHEAD_MS
    facts = 0

    for number, text in lines:
        line = text.rstrip(b"\r\n")
        if not line.strip():
            continue
        try:
            event = read_event(open_envelope(line), line, intake)
            fact = event.fact
            if fact is None:
                tally.apply_unknown(event.unknown_name or "", place=number, example=f"{numbered} {number}")
                continue
            if fact.at > max_instant:
                raise RejectedError("from_the_future", "the event lies ahead of the clock")
        except RejectedError as error:
            tally.reject(error.reason, place=number, example=f"{numbered} {number}: {error.detail}")
            on_reject(number, line, error)
            continue
        facts += 1
        yield number, event.user_id, fact
    tally.applied += facts


def tally_of(values: Iterable[bytes], intake: Intake) -> Tally:
    """Return the tally of a source's events, in its order of time, as they can be read now."""
    tally = Tally()
    now = instant.from_datetime(datetime.now(UTC))
    for _ in read_facts(enumerate(values, start=1), now, intake, tally, numbered="event"):
        pass
    return tally
