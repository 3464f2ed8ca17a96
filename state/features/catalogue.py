"""The catalogue: every feature of a customer that a condition may name.

A feature is a typed function of one ``return`` and a ``Feature`` that describes it.
"""

from collections.abc import Iterator

from schemas.money import decimals
from state.calendar import Calendar
from state.conditions.catalogue import Catalogue
from state.conditions.condition import Condition, compile_condition
from state.conditions.errors import ConditionError
from state.conditions.event_filters import kinds_of_fields
from state.conditions.features import NOT_NEGATIVE, Feature, Trend
from state.conditions.formula import Formula
from state.conditions.kind import Kind
from state.customer.customer import EXCLUDED, Customer
from state.customer.engagement import Engagement
from state.customer.figures import average_order_value, gap_variation, mean_gap, time_since_order
from state.customer.own_zone import OwnZone
from state.customer.parts import DECIDED, NO_PARTS, ORDERS, SUPPORT, TRAITS, VISITS
from state.customer.purchases import Purchases
from state.customer.silence import SILENCES
from state.customer.support import Support
from state.features.activity import EventFunctions
from state.features.affinity import affinity_functions
from state.features.buckets import HOW_TO_HOLD_OUT, bucket_function, holdout_feature
from state.features.counting import Counting
from state.features.date_functions import date_functions
from state.features.history import previous_stage, stay_functions
from state.features.roll_offs import RollOffs
from state.features.scores import alive, alive_by_kind, scores, scores_by_kind
from state.features.segments import segment_functions
from state.features.steps import step_functions
from state.features.stored_dates import StoredDates
from state.features.tag_sets import tag_set
from state.features.told_signals import signal_functions
from state.features.trait_functions import trait_functions
from state.features.values import ValueFunctions
from state.features.windows import SHOWN_WINDOWS, windowed
from state.policy.shape import Policy
from state.policy.value_types import MAX_WINDOW_DAYS


def catalogue(policy: Policy) -> Catalogue:
    """Return the features under a policy, which sets the time zone, the currency's unit and the limits of scores."""
    calendar = Calendar(policy.time.zone, policy.time.day_seconds * 1000)
    unit, scale = 10 ** decimals(policy.money.currency), policy.intake.rating_scale
    kinds = {name: Kind.TEXT if kind == "zone" else Kind[kind.upper()] for name, kind in policy.trait_types.items()}
    dates = OwnZone(StoredDates, policy.time.zone, policy.time.zone_trait)
    dated = date_functions(dates.of, calendar.day_ms)
    stages = (*(it.key for it in policy.lifecycle.all_stages), EXCLUDED)
    shown = [
        *_lifetime(calendar.day_ms, unit, int(policy.lifecycle.occasion_days * calendar.day_ms)),
        *_present(calendar.day_ms, stages, scale),
        *(it for days in SHOWN_WINDOWS for it in windowed(days, unit, scale)),
        *scores(policy, calendar, unit),
        alive(policy, calendar),
        *holdout_feature(policy.holdout),
    ]
    features = {it.name: it for it in shown}
    counting = Counting(kinds_of_fields(policy.context), policy.time.slots)
    counted = EventFunctions(counting, calendar.day_ms, features, lambda days: windowed(days, unit, scale))

    of_events = (*counted.functions(), *ValueFunctions(counting).functions())
    of_stays = stay_functions(calendar.day_ms, stages, policy.segments, policy.ladders)
    groupings = (*step_functions(policy.ladders), *segment_functions(policy.segments), bucket_function())
    of_signals = signal_functions(policy.signals, calendar.day_ms)
    of_customers = (*affinity_functions(), *of_stays, *groupings, *of_signals)
    functions = (*of_events, *of_customers, *trait_functions(), *dated)
    made = Catalogue(
        title=f"policy {policy.version}",
        features=features,
        functions={it.name: it for it in functions},
        windowed=lambda days: windowed(days, unit, scale),
        max_window_days=MAX_WINDOW_DAYS,
        roll_offs=RollOffs(calendar).of,
        day_of=calendar.day_of,
        traits=kinds,
        undeclared=dict(_undeclared(policy)),
        tags={name: tag_set(name, dates.of) for name, kind in kinds.items() if kind is Kind.TAGS},
    )
    if policy.lifecycles:
        of_kinds = [_applies(it.applies_to, made) for it in policy.lifecycles]
        by_kind = [*scores_by_kind(policy, of_kinds, calendar, unit), alive_by_kind(policy, of_kinds, calendar)]
        features.update({it.name: it for it in by_kind})
    return made


def _undeclared(policy: Policy) -> Iterator[tuple[str, str]]:
    asked = {
        "step": ("a ladder first, in a table [[ladders]]", policy.ladders),
        "in_segment": ("a segment first, in a table [[segments]]", policy.segments),
        "days_since_signal": ("a signal first, in a table [[signals]]", policy.signals),
    }
    yield from ((name, f"declare {what}") for name, (what, declared) in asked.items() if not declared)
    if policy.holdout is None:
        yield "holdout", HOW_TO_HOLD_OUT


def _applies(applies_to: str, made: Catalogue) -> Condition:
    try:
        return compile_condition(applies_to, made)
    except ConditionError:  # told where the policy is read
        return compile_condition("false", made)


def _orders(purchases: Purchases) -> int:
    return purchases.count()


def _occasions(purchases: Purchases) -> int:
    return purchases.occasions


def _revenue(purchases: Purchases, unit: int) -> float:
    return purchases.revenue() / unit


def _items(purchases: Purchases) -> int:
    return purchases.item_count()


def _days_since_first_order(purchases: Purchases, at: int, day_ms: int) -> float | None:
    return None if (first := purchases.first()) is None else (at - first) / day_ms


def _gap_variation(purchases: Purchases, occasion_ms: int) -> float | None:
    return None if (variation := gap_variation(purchases, occasion_ms)) is None else variation / 10_000


def _days_since_visit(engagement: Engagement, at: int, day_ms: int) -> float | None:
    return None if (visit := engagement.last_visit) is None else (at - visit) / day_ms


def _days_known(customer: Customer, at: int, day_ms: int) -> float:
    return (at - customer.first_event_at) / day_ms


def _oldest_ticket_days(support: Support, at: int, day_ms: int) -> float | None:
    return None if (opened := support.oldest_open()) is None else (at - opened) / day_ms


def _stage(customer: Customer) -> str:
    return customer.stage


def _days_in_stage(customer: Customer, at: int, day_ms: int) -> float:
    return (at - customer.since) / day_ms


def _silence(customer: Customer) -> str:
    return customer.silence


def _loyal(customer: Customer) -> bool:
    return customer.loyal_since is not None


def _kind(customer: Customer) -> str | None:
    return kind if isinstance(kind := customer.traits.get("kind"), str) else None


def _categories(purchases: Purchases) -> tuple[str, ...]:
    return purchases.categories()


def _tickets_open(support: Support) -> int:
    return len(support.open)


def _last_rating(support: Support) -> float | None:
    return support.last_rating


def _constant(
    name: str, unit: str, meaning: str, parts: int, formula: Formula, limits: tuple[float, float] = NOT_NEGATIVE
) -> Feature:
    within = limits if formula.kind is Kind.NUMBER else None
    return Feature(name=name, unit=unit, meaning=meaning, parts=parts, formula=formula, limits=within)


def _rising(name: str, meaning: str, parts: int, formula: Formula) -> Feature:
    return Feature(
        name=name,
        unit="days",
        meaning=meaning,
        parts=parts,
        formula=formula,
        trend=Trend.RISING,
        limits=NOT_NEGATIVE,
    )


def _lifetime(day_ms: int, unit: int, occasion_ms: int) -> Iterator[Feature]:
    average = Formula(average_order_value, unit=unit)
    gap = Formula(mean_gap, unit=day_ms)
    variation = Formula(_gap_variation, occasion_ms=occasion_ms)
    since_order = Formula(time_since_order, unit=day_ms)
    since_first = Formula(_days_since_first_order, day_ms=day_ms)
    since_visit = Formula(_days_since_visit, day_ms=day_ms)
    known = Formula(_days_known, day_ms=day_ms)
    ticket = Formula(_oldest_ticket_days, day_ms=day_ms)
    yield _constant("orders", "orders", "orders that stand, of all time", ORDERS, Formula(_orders))
    yield _constant("occasions", "occasions", "purchase occasions, of all time", ORDERS, Formula(_occasions))
    yield _constant("revenue", "currency", "what orders brought in, less refunds", ORDERS, Formula(_revenue, unit=unit))
    yield _constant("items", "items", "items bought", ORDERS, Formula(_items))
    yield _constant("average_order_value", "currency", "revenue per order, of all time", ORDERS, average)
    yield _constant("mean_gap_days", "days", "mean time between occasions; unknown before the second", ORDERS, gap)
    uneven = "how uneven the gaps between occasions are, 0 if all are equal; unknown before the third"
    yield _constant("gap_variation", "of the mean gap", uneven, ORDERS, variation)
    yield _rising("days_since_order", "time since the last order", ORDERS, since_order)
    yield _rising("days_since_first_order", "time since the first order", ORDERS, since_first)
    yield _rising("days_since_visit", "time since the last browsing", VISITS, since_visit)
    yield _rising("days_known", "time since the first event", NO_PARTS, known)
    yield _rising("oldest_ticket_days", "how long the oldest open ticket is open", SUPPORT, ticket)


def _present(day_ms: int, stages: tuple[str, ...], rating_scale: tuple[float, float]) -> Iterator[Feature]:
    yield Feature(
        name="stage", unit="", meaning="lifecycle stage", parts=DECIDED, formula=Formula(_stage), allowed=stages
    )
    yield _rising("days_in_stage", "time since the stage began", DECIDED, Formula(_days_in_stage, day_ms=day_ms))
    yield previous_stage(stages)
    silence = Formula(_silence)
    meaning = "the limit that the time since the last order has reached, if it has reached one"
    yield Feature(name="silence", unit="", meaning=meaning, parts=DECIDED, formula=silence, allowed=SILENCES)
    yield _constant("loyal", "", "meets the policy's loyalty", DECIDED, Formula(_loyal))
    yield _constant("kind", "", "trait kind: consumer, business, channel, internal", TRAITS, Formula(_kind))
    yield _constant("categories", "", "categories of the last ten orders", ORDERS, Formula(_categories))
    yield _constant("tickets_open", "tickets", "tickets open now", SUPPORT, Formula(_tickets_open))
    last = Formula(_last_rating)
    yield _constant("last_rating", "the policy's scale", "the last support rating", SUPPORT, last, rating_scale)
