"""The summary of a policy in words."""

from collections.abc import Iterator

from schemas.trait_types import TYPES
from state.conditions.one_line import on_one_line
from state.policy.compiled import CompiledPolicy, CompiledSegment
from state.policy.compiled_ladder import CompiledStep
from state.policy.lifecycle_shape import Fixed, Lifecycle, Loyal, PAlive, Patience, Rfm, Stage, SupportRules
from state.policy.phrases import confirmed, days, leaving, minutes, somewhere, span, stay
from state.policy.shape import Policy, Segment, Step
from state.policy.value_types import RESOLUTION_MINUTES


def summarize(compiled: CompiledPolicy) -> str:
    """Return a summary of several paragraphs for people."""
    policy = compiled.policy
    return "\n".join(
        [
            f"Policy {compiled.version}",
            *basics(policy),
            "",
            "Lifecycle",
            *_lifecycle(policy),
            "",
            "Scores from 1 to 5",
            *_scores(policy.rfm, policy.money.currency),
            *_kinds(policy),
            *_measures(compiled),
            *_ladders(policy, compiled),
            "",
            f"Segments ({len(policy.segments)})",
            *(line for pair in zip(policy.segments, compiled.segments, strict=True) for line in _segment(*pair)),
            *_signals(compiled),
            "",
            "The names in these rules",
            *_names(compiled),
        ]
    )


def basics(policy: Policy) -> Iterator[str]:
    """Yield what holds for all rules: one or two sentences a line."""
    time, money = policy.time, policy.money
    if policy.subject == "account":
        yield "  It decides accounts: what is said of a customer holds for the account that the events name."
    yield f"  Days begin at midnight in {time.zone}. An event may come up to {minutes(time.lateness_minutes)} late."
    if time.zone_trait:
        yield f"  Dates, ages, tags, hours and weekdays are in the customer's zone, from traits.{time.zone_trait}."
    if time.resolution_minutes != RESOLUTION_MINUTES:
        yield f"  Windows in hours move on by {minutes(time.resolution_minutes)}."
    if time.day_seconds != 86400:
        yield f"  This is a rehearsal: a day lasts {time.day_seconds} seconds."
    rates = ", ".join(f"1 {code} = {rate:g} {money.currency}" for code, rate in sorted(money.rates.items()))
    others = f"others are converted ({rates})" if rates else "orders in others are put aside"
    yield f"  Money is counted in {money.currency}; {others}. No order may be above {money.most_per_order:,.0f}."
    if policy.traits:
        kinds = [f"{name} ({TYPES[kind]})" for name, kind in sorted(policy.traits.items())]
        yield f"  Traits that are read as what they are: {', '.join(kinds)}."
    for name, paths in sorted(policy.context.items()):
        yield f"  {name} of an event is {', otherwise '.join(paths)}."
    if excluded := policy.customers.excluded.strip():
        yield f"  Who meets {on_one_line(excluded)} does not count: no stage but excluded, and no segment."
    if policy.holdout is not None:
        yield f"  {policy.holdout.percent:g} % of the customers, at random, are held out ({policy.holdout.name})."
    yield f"  {minutes(policy.browsing.session_minutes).capitalize()} without a click ends a visit."
    yield f"  An order can be undone, updated and recognised for {days(policy.orders.undo_days)}."
    for stage, kept in policy.retention.by_stage.items():
        yield f"  Who is {stage} and is not heard of for {days(kept)} is forgotten, with all that is known of them."


def _lifecycle(policy: Policy) -> Iterator[str]:
    lifecycle = policy.lifecycle
    if lifecycle.occasion_days:
        yield f"  Orders within {days(lifecycle.occasion_days)} of the first of them are one purchase occasion."
    else:
        yield "  Each order is a purchase occasion of its own."
    silences = _one_time(lifecycle)
    if lifecycle.stages:
        yield from _stages(lifecycle.stages)
        yield f"  In these rules, silence of who has one purchase occasion: {silences}"
    else:
        yield "  prospect  has no order that stands"
        yield f"  new       has one purchase occasion; {silences}"
        yield "  repeat    has two purchase occasions or more"
    yield from _loyal(lifecycle.loyal)
    yield from _patience(lifecycle.patience)
    if lifecycle.support is not None:
        yield from _support(lifecycle.support)


def _one_time(lifecycle: Lifecycle) -> str:
    at_risk, churned = days(lifecycle.one_time_patience_days), days(lifecycle.one_time_churn_days)
    return f"at risk after {at_risk} of silence, churned after {churned}"


def _kinds(policy: Policy) -> Iterator[str]:
    for it in policy.lifecycles:
        yield ""
        yield f"For whom {on_one_line(it.applies_to)}"
        lifecycle = it.lifecycle(policy.lifecycle)
        yield f"  with one purchase occasion: {_one_time(lifecycle)}"
        yield from _patience(lifecycle.patience)
        if lifecycle.support is not None:
            yield from _support(lifecycle.support)
        yield from _scores(it.scores(policy.rfm), policy.money.currency)


def _stages(stages: tuple[Stage, ...]) -> Iterator[str]:
    yield "  A customer is in the first of these stages that fits:"
    for stage in stages[:-1]:
        yield f"    {stage.key}: from {on_one_line(stage.enter)}"
        yield f"      until {leaving(stage.leave)}"
    yield f"    {stages[-1].key}: everybody else"


def _loyal(loyal: Loyal) -> Iterator[str]:
    yield f"  loyal     from {on_one_line(loyal.enter)}"
    yield f"            until {leaving(loyal.leave)}{stay(loyal.min_stay_days)}"


def _patience(patience: Patience) -> Iterator[str]:
    match patience:
        case Fixed():
            yield f"  at risk   after {days(patience.days)} without an order"
            yield f"  churned   after {days(patience.churn_days)} without an order"
        case PAlive():
            yield f"  at risk   when the chance of still being a customer falls to {patience.limit:g} (BG/NBD)"
            least, between = days(patience.min_days), days(patience.min_at_risk_days)
            yield f"  churned   when it falls to {patience.churn_limit:g}, and at least {between} after that"
            yield f"            patience is at least {least}, at most {days(patience.max_days)}; for those who buy so"
            yield f"            often that both limits lie within {least}, they are {between} apart"
        case _:
            yield f"  at risk   when silent for {patience.multiple:g} times the customer's usual gap between orders,"
            yield f"            at least {days(patience.min_days)}, at most {days(patience.max_days)}"
            yield f"  churned   when silent for {patience.churn_multiple:g} times as long as that"


def _support(rules: SupportRules) -> Iterator[str]:
    yield (
        f"  Patience is multiplied by {rules.shorten_to:g} for {days(rules.rating_counts_days)} after a rating of "
        f"{rules.bad_rating:g} or less,"
    )
    yield f"  and while a ticket is open for more than {days(rules.open_days)}."


def _scores(rfm: Rfm, currency: str) -> Iterator[str]:
    recency = ", ".join(f"{limit:g}" for limit in rfm.recency_days)
    frequency = ", ".join(f"{limit:g}" for limit in rfm.frequency_orders)
    monetary = ", ".join(f"{limit:,.0f}" if limit.is_integer() else f"{limit:g}" for limit in rfm.monetary)
    yield f"  recency    5, and one less from each of {recency} days without an order"
    yield f"  frequency  1, and one more from each of {frequency} orders in {rfm.window_days} days"
    yield f"  monetary   1, and one more from each of {monetary} {currency} in {rfm.window_days} days"


def _measures(compiled: CompiledPolicy) -> Iterator[str]:
    measures = compiled.policy.measures
    if measures:
        yield ""
        yield f"Measures ({len(measures)})"
    kept = {it.name for it in compiled.measures}
    for it in measures:
        unread = "" if it.name in kept else " (nothing reads it, and it costs nothing)"
        yield f"  {it.name} is {on_one_line(it.value)}{unread}"
        if it.description:
            yield f"    {it.description}"


def _ladders(policy: Policy, compiled: CompiledPolicy) -> Iterator[str]:
    if policy.ladders:
        yield ""
        yield f"Ladders ({len(policy.ladders)})"
    for ladder, of_ladder in zip(policy.ladders, compiled.ladders, strict=True):
        yield f"  {ladder.name} ({ladder.key}), on the first step that fits"
        if ladder.description:
            yield f"    {ladder.description}"
        for step, of_step in zip(ladder.steps, of_ladder.steps, strict=True):
            yield from _step(step, of_step)


def _step(step: Step, compiled: CompiledStep) -> Iterator[str]:
    yield f"    {step.name} ({step.key})"
    if step.description:
        yield f"      {step.description}"
    yield f"      enters when {on_one_line(step.enter)}{confirmed(step.confirm_hours)}"
    lasting = f", for {days(step.grace_days)} without a break" if step.grace_days else ""
    yield f"      leaves when {leaving(step.leave)}{lasting}{stay(step.min_stay_days)}"
    if step.requalify_days:
        yield f"      and only at the end of each {days(step.requalify_days)} on this step"
    yield from _looks(compiled, "      ")


def _segment(segment: Segment, compiled: CompiledSegment) -> Iterator[str]:
    yield f"  {segment.name} ({segment.key})"
    if segment.description:
        yield f"    {segment.description}"
    yield f"    joins when  {on_one_line(segment.enter)}{confirmed(segment.confirm_hours)}"
    yield f"    leaves when {leaving(segment.leave)}{stay(segment.min_stay_days)}"
    if segment.quiet_days:
        yield f"    joins again no sooner than {days(segment.quiet_days)} after joining"
    yield from _looks(compiled, "    ")


def _looks(compiled: CompiledSegment | CompiledStep, indent: str) -> Iterator[str]:
    looks = sorted(compiled.enter.windows | compiled.leave.windows)
    if looks:
        yield f"{indent}looks at the last {', '.join(map(str, looks))} days, and changes by itself as they pass"


def _signals(compiled: CompiledPolicy) -> Iterator[str]:
    if compiled.signals:
        yield ""
        yield f"Signals ({len(compiled.signals)})"
    for it, written in zip(compiled.signals, compiled.policy.signals, strict=True):
        yield f"  {it.name} ({it.key}){f', one for each {it.per}' if it.per else ''}"
        if written.description:
            yield f"    {written.description}"
        if it.recurrence is not None:
            yield f"    every {days(written.every_days)} {somewhere(it.recurrence)}"
        for number, (step, shape) in enumerate(zip(it.steps, written.steps, strict=True)):
            times = f"{step.times} times " if step.times > 1 else ""
            words = f", {span(shape)} of each other" if number == 0 else f", {span(shape)}"
            where = f" where {on_one_line(shape.where)}" if shape.where.strip() else ""
            yield f"    {'then ' if number else ''}{times}{step.names[0]}{where}{words if step.words else ''}"
        if it.unless is not None and written.unless is not None:
            where = f" where {on_one_line(written.unless.where)}" if written.unless.where.strip() else ""
            yield f"    and no {' or '.join(it.unless.names)}{where} {span(written.unless)} after that"
        if it.condition is not None:
            yield f"    told only if {it.condition.text}"
        if written.quiet_days:
            yield f"    and not again within {days(written.quiet_days)}"


def _names(compiled: CompiledPolicy) -> Iterator[str]:
    used = {name for condition in compiled.conditions for name in condition.names}
    width = max(map(len, used), default=0)
    for name in sorted(used):
        feature = compiled.catalogue.features.get(name)
        yield f"  {name:{width}}  {feature.meaning if feature else 'what the profile says'}"
