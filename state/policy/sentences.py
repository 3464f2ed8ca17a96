"""A policy in sentences: one for each rule, with what it is about."""

from collections.abc import Iterator
from typing import NamedTuple

from state.conditions.condition import Condition
from state.conditions.in_words import in_words
from state.conditions.nodes import AllOf, Not, Test
from state.conditions.one_line import on_one_line
from state.policy.compiled import CompiledPolicy, CompiledSegment
from state.policy.compiled_ladder import CompiledStep
from state.policy.compiled_signals import CompiledEvents, CompiledSignal
from state.policy.lifecycle_shape import Fixed, Lifecycle, PAlive, Patience, Rfm, SupportRules
from state.policy.phrases import confirmed, days, somewhere, span, stay
from state.policy.shape import Segment, Step
from state.policy.signal_shape import Signal, SignalStep, Unless
from state.policy.summary import basics


class Sentence(NamedTuple):
    """A sentence; ``about`` is ``policy``, ``lifecycle``, ``scores``, or ``stage:KEY``, ``segment:KEY`` and so on."""

    about: str
    text: str


def sentences(compiled: CompiledPolicy) -> Iterator[Sentence]:
    """Yield the sentences of a policy, in the order of its sections."""
    policy = compiled.policy
    for line in basics(policy):
        yield Sentence("policy", line.strip())
    yield from _stages(compiled)
    yield from (Sentence("lifecycle", it) for it in _silences(policy.lifecycle))
    yield from (Sentence("scores", it) for it in _scores(policy.rfm, policy.money.currency))
    for kind, (applies_to, _) in zip(policy.lifecycles, compiled.lifecycles, strict=True):
        whom = f"For whom {in_words(applies_to.tree)}:"
        yield from (Sentence("lifecycle", f"{whom} {it}") for it in _silences(kind.lifecycle(policy.lifecycle)))
        yield from (
            Sentence("scores", f"{whom} {it}") for it in _scores(kind.scores(policy.rfm), policy.money.currency)
        )
    for measure in policy.measures:
        yield Sentence(f"measure:{measure.name}", f"{measure.name} is {on_one_line(measure.value)}.")
    for ladder, shown in zip(policy.ladders, compiled.ladders, strict=True):
        told = f"{ladder.name}: a customer is on the first of its steps that fits, or on none."
        yield Sentence(f"ladder:{ladder.key}", told)
        for step, rule in zip(ladder.steps, shown.steps, strict=True):
            yield Sentence(f"step:{ladder.key}:{step.key}", f"{ladder.name}, {_step(step, rule)}")
    for segment, of_segment in zip(policy.segments, compiled.segments, strict=True):
        yield Sentence(f"segment:{segment.key}", _segment(segment, of_segment))
    for signal, of_signal in zip(policy.signals, compiled.signals, strict=True):
        yield Sentence(f"signal:{signal.key}", _signal(signal, of_signal))
    if looks := sorted({window for it in compiled.conditions for window in it.windows}):
        told = f"Conditions look at the last {', '.join(map(str, looks))} days, and change by themselves as these pass."
        yield Sentence("policy", told)


def _stages(compiled: CompiledPolicy) -> Iterator[Sentence]:
    lifecycle = compiled.policy.lifecycle
    if lifecycle.stages:
        for number, stage in enumerate(compiled.stages):
            if stage.enter is None or stage.leave is None:
                told = "everybody who is in no other stage is in it."
            else:
                first = "" if number == 0 else "who is in none of the stages before it "
                left = in_words(stage.leave.tree) if stage.has_leave else "that no longer holds"
                told = f"{first}joins when {in_words(_written(stage.enter, stage.leave))}; leaves when {left}."
            yield Sentence(f"stage:{stage.key}", f"{stage.key}: {told}")
    else:
        yield Sentence("stage:prospect", "prospect: has no order that stands.")
        yield Sentence("stage:new", "new: has one purchase occasion.")
        yield Sentence("stage:repeat", "repeat: has two purchase occasions or more, and is not loyal.")
    loyal = lifecycle.loyal
    left = in_words(compiled.loyal_leave.tree) if loyal.leave.strip() else "that no longer holds"
    joins = in_words(_written(compiled.loyal_enter, compiled.loyal_leave))
    told = f"loyal: joins when {joins}; leaves when {left}{stay(loyal.min_stay_days)}."
    yield Sentence("lifecycle" if lifecycle.stages else "stage:loyal", told)


def _silences(lifecycle: Lifecycle) -> Iterator[str]:
    if lifecycle.occasion_days:
        yield f"Orders within {days(lifecycle.occasion_days)} of the first of them are one purchase occasion."
    else:
        yield "Each order is a purchase occasion of its own."
    at_risk, churned = days(lifecycle.one_time_patience_days), days(lifecycle.one_time_churn_days)
    yield f"With one purchase occasion, a customer is at risk after {at_risk} of silence and churned after {churned}."
    yield from _patience(lifecycle.patience)
    if (support := lifecycle.support) is not None:
        yield from _support(support)


def _patience(patience: Patience) -> Iterator[str]:
    match patience:
        case Fixed():
            at_risk, churned = days(patience.days), days(patience.churn_days)
            yield f"With more, a customer is at risk after {at_risk} without an order and churned after {churned}."
        case PAlive():
            yield (
                f"With more, a customer is at risk when the chance of still being one falls to {patience.limit:g}, but "
                f"after {days(patience.min_days)} at least and {days(patience.max_days)} at most, and churned when it "
                f"falls to {patience.churn_limit:g}, at least {days(patience.min_at_risk_days)} after that."
            )
        case _:
            yield (
                f"With more, a customer is at risk when silent for {patience.multiple:g} times their usual gap between "
                f"orders, but after {days(patience.min_days)} at least and {days(patience.max_days)} at most, and "
                f"churned when silent for {patience.churn_multiple:g} times as long as that."
            )


def _support(rules: SupportRules) -> Iterator[str]:
    yield (
        f"These times are multiplied by {rules.shorten_to:g} for {days(rules.rating_counts_days)} after a rating of "
        f"{rules.bad_rating:g} or less, and while a ticket is open for more than {days(rules.open_days)}."
    )


def _scores(rfm: Rfm, currency: str) -> Iterator[str]:
    recency, frequency, monetary = (
        ", ".join(f"{limit:g}" for limit in it) for it in (rfm.recency_days, rfm.frequency_orders, rfm.monetary)
    )
    yield f"The recency score is 5, and one less from each of {recency} days without an order."
    yield f"The frequency score is 1, and one more from each of {frequency} orders in {rfm.window_days} days."
    yield f"The monetary score is 1, and one more from each of {monetary} {currency} in {rfm.window_days} days."


def _segment(segment: Segment, compiled: CompiledSegment) -> str:
    quiet = f"; joins again no sooner than {days(segment.quiet_days)} after joining" if segment.quiet_days else ""
    return (
        f"{segment.name}: {_joins(compiled)}{confirmed(segment.confirm_hours)}; "
        f"{_leaves(segment, compiled)}{stay(segment.min_stay_days)}{quiet}."
    )


def _step(step: Step, compiled: CompiledStep) -> str:
    grace = f", for {days(step.grace_days)} without a break" if step.grace_days else ""
    asked = f", and only at the end of each {days(step.requalify_days)} on this step" if step.requalify_days else ""
    return (
        f"{step.name}: {_joins(compiled)}{confirmed(step.confirm_hours)}; "
        f"{_leaves(step, compiled)}{grace}{stay(step.min_stay_days)}{asked}."
    )


def _joins(compiled: CompiledSegment | CompiledStep) -> str:
    return f"joins when {in_words(_written(compiled.enter, compiled.leave))}"


def _written(enter: Condition, leave: Condition) -> Test:
    """Return a condition for entering as it is written: compiled, it says that the one for leaving does not hold."""
    match enter.tree:
        case AllOf((written, Not(part))) if part == leave.tree:
            return written
        case tree:
            return tree


def _leaves(written: Segment | Step, compiled: CompiledSegment | CompiledStep) -> str:
    return f"leaves when {in_words(compiled.leave.tree) if written.leave.strip() else 'that no longer holds'}"


def _signal(written: Signal, compiled: CompiledSignal) -> str:
    each = f", once for each {compiled.per}" if compiled.per else ""
    if compiled.recurrence is not None:
        when = f"told every {days(written.every_days)} {somewhere(compiled.recurrence)}"
    else:
        steps = zip(compiled.steps, written.steps, strict=True)
        events = ", then ".join(_event(it, shape, number) for number, (it, shape) in enumerate(steps))
        when = f"told when there is {events}"
    unless = "" if compiled.unless is None or written.unless is None else _unless(compiled.unless, written.unless)
    asked = "" if compiled.condition is None else f", only if {in_words(compiled.condition.tree)}"
    quiet = f", and not again within {days(written.quiet_days)}" if written.quiet_days else ""
    return f"{written.name}: {when}{unless}{each}{asked}{quiet}."


def _event(step: CompiledEvents, shape: SignalStep, number: int) -> str:
    times = f"{step.times} times " if step.times > 1 else ""
    where = f" where {on_one_line(shape.where)}" if shape.where.strip() else ""
    within = "" if not step.words else f" {span(shape)}{' of each other' if number == 0 else ''}"
    return f"{times}{step.names[0]}{where}{within}"


def _unless(unless: CompiledEvents, shape: Unless) -> str:
    where = f" where {on_one_line(shape.where)}" if shape.where.strip() else ""
    return f" and no {' or '.join(unless.names)}{where} {span(shape)} after that"
