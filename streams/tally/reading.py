"""Events read without a stream: the facts of a source's lines, and the tally of all of them."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime

from agents.lateness import MAX_AHEAD_MS
from schemas import instant
from schemas.account_events import account_event
from schemas.envelope import Envelope, open_envelope, read_event
from schemas.events import AnyFact
from schemas.intake import Intake
from schemas.reject import RejectedError
from schemas.wrappings import SeveralEventsError
from streams.sources.source import Source
from streams.tally.tally import Tally

NumberedLines = Iterable[tuple[int, bytes]]
"""Lines and their numbers. A line that is one event of a list has the number that ``number_within`` gives."""

LaterIntake = tuple[int, Intake]
"""How events are read that lie after an instant (ms since 1970)."""

_LINE_BITS = 40
_EVENT_BITS = 24


def number_within(number: int, event: int) -> int:
    """Return the number of an event, counted from 1, in the list of events that a line is."""
    return number | event << _LINE_BITS


def line_and_event(number: int) -> tuple[int, int]:
    """Return the number of a line, and of the event in it; 0 if the line is one event."""
    return number & ((1 << _LINE_BITS) - 1), number >> _LINE_BITS


def place_of(line: int, event: int = 0) -> int:
    """Return the place of an event in a tally: lines are in their order, and so are the events of one."""
    return line << _EVENT_BITS | event


def read_facts(
    lines: NumberedLines,
    now: int,
    intake: Intake,
    tally: Tally,
    on_reject: Callable[[int, bytes, RejectedError], None] = lambda *_: None,
    numbered: str = "line",
    later: Sequence[LaterIntake] = (),
) -> Iterator[tuple[int, str, AnyFact]]:
    """Yield (number, userId, fact) of each line that has a fact; empty lines are skipped. All others are in the tally.

    The events of a line that is a list of events are read as if each were a line. Under a policy of accounts, an
    event is that of the account that it names.
    An event that lies more than ``MAX_AHEAD_MS`` after ``now`` (ms since 1970) is rejected. A duplicate is not known as
    such here: it counts as applied. ``numbered`` says what the numbers count. ``later`` are in the order of their
    instants: an event is read by the one in force at its own.
    """
    max_instant = now + MAX_AHEAD_MS
    facts = 0

    for number, text in lines:
        line = text.rstrip(b"\r\n")
        if not line.strip():
            continue
        try:
            value = account_event(line)[1] if intake.of_accounts else line
            envelope = open_envelope(value)
            event = read_event(envelope, value, _in_force(envelope, intake, later) if later else intake)
            fact = event.fact
            if fact is None:
                line_number, _ = line_and_event(number)
                tally.apply_unknown(event.unknown_name or "", place=line_number, example=f"{numbered} {line_number}")
                continue
            if fact.at > max_instant:
                raise RejectedError("from_the_future", "the event lies ahead of the clock")
        except RejectedError as error:
            line_number, position = line_and_event(number)
            if isinstance(error, SeveralEventsError) and not position:
                each = ((number_within(number, nth), it) for nth, it in enumerate(error.events, start=1))
                yield from read_facts(each, now, intake, tally, on_reject, numbered, later)
                continue
            told = error.within(f"event {position} of its record") if position else error
            place = place_of(line_number, position)
            tally.reject(told.reason, place=place, example=f"{numbered} {line_number}: {told.detail}")
            on_reject(number, line, told)
            continue
        for bound in event.bounds:
            line_number, _ = line_and_event(number)
            tally.hold(bound, place=line_number, example=f"{numbered} {line_number}")
        facts += 1
        yield number, event.user_id, fact
    tally.applied += facts


def _in_force(envelope: Envelope, first: Intake, later: Sequence[LaterIntake]) -> Intake:
    at = instant.from_datetime(envelope.timestamp)
    return next((intake for since, intake in reversed(later) if since < at), first)


def tally_of(source: Source, intake: Intake) -> Tally:
    """Return the tally of a source's events as they can be read now."""
    tally = Tally()
    lines = ((event.number, event.value) for event in source.events)
    numbered = "line" if source.report is None else "event"
    for _ in read_facts(lines, instant.from_datetime(datetime.now(UTC)), intake, tally, numbered=numbered):
        pass
    return tally
