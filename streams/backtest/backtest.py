"""A backtest: the same rules applied to recorded events, customer by customer, without Kafka."""

from array import array
from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from schemas import profile, transition
from schemas.change import Change
from schemas.events import AnyFact, changes_order, event_name
from schemas.instant import to_text
from schemas.reject import RejectedError, rejected_line
from state.rules.rulebook import Rulebook
from state.timeline.history import History, LaterRules, decide_history
from streams.tally.reading import NumberedLines, line_and_event, place_of, read_facts
from streams.tally.tally import Counted, Tally

PublishedTransition = tuple[int, str, int, bytes]
"""A transition's sort key (instant, customer, seq), and its value."""

UnusableLine = tuple[int, int, bytes]
"""A line that could not be read, by its number and the place of the event in it, as JSON with the reason."""


@dataclass(slots=True)
class Events:
    """The events that a backtest has read: facts by customer, and the tally of everything.

    Duplicates, and what is refused when its customer is decided, still count as applied. ``numbers`` are those of the
    lines of the facts. ``last`` is the latest event time (ms since 1970).
    """

    by_customer: defaultdict[str, list[AnyFact]] = field(default_factory=lambda: defaultdict(list))
    numbers: defaultdict[str, "array[int]"] = field(default_factory=lambda: defaultdict(lambda: array("Q")))
    tally: Tally = field(default_factory=Tally)
    last: int | None = None


class RefusedLine(NamedTuple):
    """A line that was refused when its customer was decided, with the reason; the line itself is not kept.

    ``event`` is the place of the event in a line that is a list of events, 0 in any other.
    """

    line: int
    event: int
    reason: str
    detail: str

    def reject(self) -> bytes:
        """Return its JSON line."""
        return rejected_line(self.line, self.event, self.reason, self.detail, None)


@dataclass(slots=True)
class BacktestResult:
    """The result of a backtest: what is published, in order, and the counts.

    ``until`` in ms since 1970; ``after`` counts the facts later than that. ``by_name`` counts transitions, steps of
    ladders, and segments entered and left; ``stages`` customers by their last stage. ``refused`` are the rejects
    that are found when a customer is decided: conflicts, facts about forgotten orders, and requests to republish what
    is known of who did not exist. ``duplicates`` and ``unknown_orders`` (events about orders never seen) have the first
    line as their example; ``duplicate_lines`` has the numbers of all lines that are duplicates. ``bounds`` counts those
    that held.
    """

    until: int
    published: list[PublishedTransition] = field(default_factory=list)
    after: int = 0
    by_name: Counter[str] = field(default_factory=Counter)
    stages: Counter[str] = field(default_factory=Counter)
    refused: list[RefusedLine] = field(default_factory=list)
    duplicates: Counted = field(default_factory=Counted)
    duplicate_lines: "array[int]" = field(default_factory=lambda: array("Q"))
    unknown_orders: Counted = field(default_factory=Counted)
    bounds: Counter[str] = field(default_factory=Counter)

    @property
    def transitions(self) -> list[bytes]:
        """The values of the transitions topic, in order of (instant, customer, seq)."""
        return [value for *_, value in self.published]

    def add(self, other: "BacktestResult") -> None:
        """Add the result about other customers, until the same instant; put nothing in order."""
        self.published += other.published
        self.after += other.after
        self.by_name.update(other.by_name)
        self.stages.update(other.stages)
        self.refused += other.refused
        self.duplicates.merge(other.duplicates)
        self.duplicate_lines += other.duplicate_lines
        self.unknown_orders.merge(other.unknown_orders)
        self.bounds.update(other.bounds)


def read_events(
    lines: NumberedLines,
    now: int,
    rules: Rulebook,
    on_reject: Callable[[UnusableLine], None],
    later: Sequence[LaterRules] = (),
) -> Events:
    """Read numbered lines; ``on_reject`` gets each line that cannot be used.

    ``now`` in ms since 1970: what lies ahead of it is rejected. ``later`` rules follow in the order of their instants.
    """
    intakes = [(it.at, it.rules.intake) for it in later]
    events = Events()
    by_customer, numbers = events.by_customer, events.numbers
    last = -1

    def reject(number: int, line: bytes, error: RejectedError) -> None:
        place = line_and_event(number)
        on_reject((*place, rejected_line(*place, error.reason, error.detail, line)))

    for number, user_id, fact in read_facts(lines, now, rules.intake, events.tally, reject, later=intakes):
        if fact.at > last:
            events.last = last = fact.at
        by_customer[user_id].append(fact)
        numbers[user_id].append(number)
    return events


def run(
    events: Events,
    until: int | None,
    rules: Rulebook,
    on_history: Callable[[str, History], None] = lambda *_: None,
    later: Sequence[LaterRules] = (),
) -> BacktestResult:
    """Decide every customer's history until an instant (ms since 1970); None: until the last event.

    ``later`` rules take the place of ``rules`` and of each other, in the order of their instants.
    Consumes ``events.by_customer``, to bound the peak memory.
    """
    end = until if until is not None else events.last or 0
    result = BacktestResult(end)
    versions = [rules.version, *(it.rules.version for it in later)]
    while events.by_customer:
        customer, facts = events.by_customer.popitem()
        numbers = events.numbers.pop(customer)
        history = decide_history(facts, end, rules, customer, later)
        if history is None:
            result.after += len(facts)
            continue
        result.after += history.after
        result.bounds.update(history.bounds)
        if history.duplicates or history.conflicts or history.refused or history.unknown_orders:
            _add_put_aside(result, history, {id(fact): number for fact, number in zip(facts, numbers, strict=True)})
        for place, it in enumerate(history.published):
            result.by_name[_name_of(it.change)] += 1
            version = versions[bisect_right(history.adopted, place)]
            value = transition.encode(it, customer, version, of_account=rules.intake.of_accounts)
            result.published.append((it.change.at, customer, place, value))
        if history.existing is not None:
            result.stages[history.existing.stage] += 1
            on_history(customer, history)
    result.published.sort()
    result.refused.sort()
    return result


def _name_of(change: Change) -> str:
    if change.key is None:
        return change.name
    if change.is_signal:
        return f"{change.key} occurred"
    if change.is_republished:
        return f"{change.key} republished"
    return f"{change.key} {change.from_} -> {change.to}" if change.direction else f"{change.key} {change.to}"


def _add_put_aside(result: BacktestResult, history: History, numbers: Mapping[int, int]) -> None:
    for conflict in history.conflicts:
        place = line_and_event(numbers[id(conflict.fact)])
        result.refused.append(RefusedLine(*place, "conflict", conflict.detail()))
    for fact, error in history.refused:
        result.refused.append(RefusedLine(*line_and_event(numbers[id(fact)]), error.reason, error.detail))
    result.duplicate_lines.extend(line_and_event(numbers[id(fact)])[0] for fact in history.duplicates)
    _count(result.duplicates, history.duplicates, numbers, _duplicate)
    _count(result.unknown_orders, history.unknown_orders, numbers, _unknown_order)


def _count(
    counted: Counted, facts: Iterable[AnyFact], numbers: Mapping[int, int], tell: Callable[[AnyFact], str]
) -> None:
    for fact in facts:
        line, event = line_and_event(numbers[id(fact)])
        place = place_of(line, event)
        example = "" if counted.stands_before(place) else f"line {line}: {tell(fact)}"
        counted.add(1, place, example)


def _duplicate(fact: AnyFact) -> str:
    return f"{event_name(fact)} of {to_text(fact.at)} again, messageId {fact.message_id}"


def _unknown_order(fact: AnyFact) -> str:
    order_id = fact.order_id if changes_order(fact) else ""
    return f"{event_name(fact)} of order {order_id!r}, which was not seen before"


def profile_of(customer: str, history: History, at: int, rules: Rulebook) -> bytes:
    """Return a customer's encoded profile at the end of a history, at the instant ``at`` (ms since 1970)."""
    built = rules.profiles.profile(history.customer, user_id=customer, seq=history.seq, at=at)
    return profile.encode(built)
