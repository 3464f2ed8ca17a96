"""Histories: made-up facts of one customer, and the order in which they arrive."""

from copy import copy
from dataclasses import dataclass

from hypothesis import strategies as st

from schemas.event_types import EVENT_TYPES
from schemas.events import (
    AnyFact,
    Browsed,
    OrderCancelled,
    OrderCompleted,
    OrderDetails,
    OrderRefunded,
    OrderUpdated,
    OwnAmount,
    RepublishRequested,
    TicketOpened,
    TicketRated,
    TicketSolved,
    Tracked,
    Trait,
    TraitsIdentified,
)
from state.customer.customer import Customer
from state.features.catalogue import catalogue
from state.policy.compiled import read_policy
from state.rules.rulebook import Rulebook
from state.timeline.existence import makes_exist
from state.timeline.history import decide_history

# One event of each count, and one without a count.
BROWSING_EVENTS = (
    *{it.counted_as: it.name for it in EVENT_TYPES.values() if it.counted_as}.values(),
    "Product Removed",
)
DAY = 86_400_000
READ: tuple[dict[str, Trait] | None, ...] = (
    None,
    {"channel": "app"},
    {"channel": "web", "margin": 2.5, "brands": ("Acme", "Bolt")},
    {"channel": "web", "margin": -1, "brands": ("Coil",)},
    {"channel": "web", "brands": ("Bolt", "Acme"), "amounts of brands": ("900", "300")},
)
LABELS: tuple[Trait | None, ...] = (
    {"trial": "2020-10-24", "invited": None},
    {"trial": "2020-10-25T00:30:00.000Z", "invited": "2020-10-30"},
    {"invited": "2020-10-05", "sport": "2020-09-20"},
    {},
    None,
)
START = 1_600_000_000_000
_AGGREGATED = {"first_event_at", "last_event_at", "at", "due", "traits", "user_id"}
_DECIDED = [
    it for it in Customer.__struct_fields__ if it not in _AGGREGATED and not it.startswith(("stored_", "read_"))
]
POLICIES = {
    "rhythm": """
name = "rhythm"
[time]
zone = "Europe/Berlin"
zone_trait = "timezone"
lateness_minutes = 10080
[traits]
born_on = "date"
renewal_at = "instant"
[lifecycle]
one_time_patience_days = 20
one_time_churn_days = 50
[lifecycle.patience]
method = "rhythm"
multiple = 1.5
min_days = 3
max_days = 30
[lifecycle.support]
rating_counts_days = 10
open_days = 2
[lifecycle.loyal]
enter = "orders_30d >= 3"
leave = "orders_30d < 2"
min_stay_days = 5
[[segments]]
key = "spender"
name = "Spender"
enter = "revenue_30d >= 80"
leave = "revenue_30d < 40"
min_stay_days = 4
[[segments]]
key = "drifting"
name = "Drifting"
enter = "days_since_order > 6 and orders >= 1"
leave = "days_since_order < 1"
[[segments]]
key = "birthday"
name = "Of age, and a birthday is near"
enter = "age(traits.born_on) >= 18 and days_until_anniversary(traits.born_on) <= 14"
leave = "days_until_anniversary(traits.born_on) > 20"
min_stay_days = 1.5
[[segments]]
key = "renews"
name = "Renews soon"
enter = "days_until(traits.renewal_at) <= 10 and days_since(traits.renewal_at) < 5"
[[segments]]
key = "fan"
name = "Fan"
enter = 'sessions_7d >= 2 or "shoes" in categories'
min_stay_days = 2
[[segments]]
key = "risky_spender"
name = "Spender at risk"
enter = 'stage == "at_risk" and revenue_90d > 60'
[[segments]]
key = "average"
name = "By averages"
enter = "average_order_value_30d > 30 and not tickets_open > 0"
[[segments]]
key = "by_app"
name = "Buys by app"
enter = 'count("Order Completed", 20, where = channel == "app") >= 2 or sum("Order Completed", margin) > 4'
leave = 'latest("Order Completed", margin) > 2 and days_since_last("Order Completed", where = channel == "app") > 5'
[[segments]]
key = "by_values"
name = "By the smallest, the greatest, and how many different ones"
enter = '''
max("Order Completed", margin, 15) > 2 or min("Order Completed", margin, 9, before = 6) < 0
or distinct("Order Completed", brands, 25) >= 3'''
leave = '''
min("Order Completed", margin, 12) < 2 or distinct("Order Completed", brands) < 2
or max("Order Completed", margin, where = channel == "web") is not known'''
[[segments]]
key = "by_brand"
name = "Buys a brand on weekends, or in the evening"
enter = '''
count("Order Completed", 20, where = "Acme" in brands and weekday in ["Saturday", "Sunday"]) >= 1
or count("Order Completed", 30, where = hour >= 18 and brands is known) >= 2'''
leave = 'days_since_last("Order Completed", where = "Acme" in brands) > 4'
[[segments]]
key = "by_taste"
name = "Favours a brand, or the app"
enter = 'top("brand", orders, 25) == "Acme" or share("channel", "app", views, 10) >= 0.5'
leave = 'share("brand", "Bolt", revenue, 20) > 0.6 or top_share("brand", revenue, 30) < 0.5 or return_rate(20) > 0.4'
min_stay_days = 1.5
[[segments]]
key = "promoter"
name = "Promoter"
enter = 'count("Referral Sent", 12) >= 2 or days_since_first("referral_sent") > 20'
leave = 'days_since_last("Referral Sent") > 9 and count("Product Viewed", 5) == 0'
min_stay_days = 1
[[segments]]
key = "cooling"
name = "Less than before"
enter = '''
count("Product Viewed", 5) < 0.5 * count("Product Viewed", 5, before = 5)
or orders_12d < count("Order Completed", 12, before = 12)
'''
leave = 'mean("Order Completed", margin, 9, before = 4) > 2 or sum("Order Completed", margin, 9, before = 40) == 0'
min_stay_days = 1.5
[[segments]]
key = "discounted"
name = "Buys at a discount"
enter = "discount_share_30d >= 0.2 and orders_with_coupon_90d >= 1 and occasions >= 2"
leave = "coupons_30d == 0 or discount_90d < 1"
""",
    "fixed": """
name = "fixed"
[time]
lateness_minutes = 10080
[orders]
undo_days = 15
[traits]
interests = "texts"
labels = "tags"
[lifecycle]
occasion_days = 0
one_time_patience_days = 10
one_time_churn_days = 30
[lifecycle.patience]
method = "fixed"
days = 12
churn_days = 25
[lifecycle.loyal]
enter = "orders_90d >= 4 and days_since_first_order > 10"
leave = "orders_30d < 1"
min_stay_days = 0
[[segments]]
key = "known"
name = "Known"
enter = 'traits.country == "DE" and days_known >= 3'
[[segments]]
key = "sporty"
name = "Interested in sport"
enter = '"sport" in traits.interests and starts_with(traits.country, "D")'
leave = '"sport" not in traits.interests'
[[segments]]
key = "tagged"
name = "On trial, or invited"
enter = '"trial" in traits.labels or "invited" in traits.labels'
min_stay_days = 0.5
[[segments]]
key = "untagged"
name = "No more on trial"
enter = '"trial" not in traits.labels and orders >= 1'
[[segments]]
key = "rf"
name = "Recent and frequent"
enter = "recency_score >= 4 and frequency_score >= 2"
[rfm]
recency_days = [2, 5, 9, 20]
frequency_orders = [2, 3, 4, 5]
monetary = [10, 50, 100, 200]
window_days = 30
""",
    "p_alive": """
name = "alive"
[time]
lateness_minutes = 10080
[lifecycle]
occasion_days = 2.5
[lifecycle.patience]
method = "p_alive"
limit = 0.6
churn_limit = 0.2
r = 0.243
alpha = 4.414
a = 0.793
b = 2.426
min_days = 2
max_days = 60
[lifecycle.support]
[lifecycle.loyal]
enter = "orders >= 3"
leave = "orders < 3"
[[segments]]
key = "fading"
name = "Fading"
enter = "p_alive < 0.5"
leave = "p_alive > 0.7"
min_stay_days = 1
""",
}
POLICIES["staying"] = """
name = "staying"
[time]
lateness_minutes = 10080
[lifecycle]
one_time_patience_days = 10
one_time_churn_days = 200
[lifecycle.patience]
method = "fixed"
days = 60
churn_days = 90
[lifecycle.loyal]
enter = "orders >= 2 and sessions_30d >= 1"
leave = "orders < 2"
min_stay_days = 30
[[segments]]
key = "helped"
name = "Helped"
enter = "tickets_open >= 1"
min_stay_days = 20
[[segments]]
key = "buyers"
name = "Buyers"
enter = "orders >= 3"
min_stay_days = 40
[[segments]]
key = "seen"
name = "Seen"
enter = "days_since_visit <= 2"
leave = "days_since_visit > 5"
min_stay_days = 100
[[segments]]
key = "settled"
name = "Settled in a stage"
enter = 'stage == "new" and days_in_stage >= 3 and views_7d == 0'
[[segments]]
key = "warm"
name = "Warm by points"
enter = '''
at_most(4 * views_7d + 3 * views_30d, 12) + at_most(5 * orders_30d, 10) + at_least(3 - days_since_visit, 0) >= 11
'''
"""
POLICIES["remembering"] = """
name = "remembering"
[time]
lateness_minutes = 10080
[lifecycle]
occasion_days = 0
one_time_patience_days = 4
one_time_churn_days = 9
[lifecycle.patience]
method = "fixed"
days = 6
churn_days = 12
[lifecycle.support]
rating_counts_days = 10
open_days = 2
[lifecycle.loyal]
enter = "orders >= 3"
leave = "orders_30d < 2"
min_stay_days = 0
[[segments]]
key = "was_at_risk"
name = "Was at risk"
enter = 'days_since_left(stage = "at_risk") <= 5 and times_entered(stage = "at_risk") >= 2'
[[segments]]
key = "veteran"
name = "Veteran"
enter = 'total_days_in(stage = "repeat") + total_days_in(stage = "loyal") >= 7.5'
leave = 'total_days_in(stage = "churned") > 20 or days_since_entered(stage = "prospect") > 200'
min_stay_days = 3
[[segments]]
key = "regained"
name = "Regained"
enter = 'previous_stage == "churned" and total_days_in(stage = "churned") < 0.5 * days_known'
leave = 'days_since_entered(stage = "churned") > 30'
"""
POLICIES["climbing"] = """
name = "climbing"
[time]
lateness_minutes = 10080
[[ladders]]
key = "tier"
name = "Tier"
[[ladders.steps]]
key = "gold"
name = "Gold"
enter = "orders_30d >= 2 and days_since_order < 4"
leave = "days_since_order > 6 or tickets_open >= 1"
min_stay_days = 2.5
grace_days = 4
[[ladders.steps]]
key = "silver"
name = "Silver"
enter = "orders >= 1"
leave = "days_since_visit > 3"
requalify_days = 9
confirm_hours = 8
[[ladders]]
key = "warmth"
name = "Warmth"
[[ladders.steps]]
key = "warm"
name = "Warm"
enter = 'views_7d >= 1 or step("tier") == "gold"'
grace_days = 1.5
[[ladders.steps]]
key = "tepid"
name = "Tepid"
enter = 'days_since_entered(step = "tier:silver") < 5 or times_entered(step = "tier:gold") >= 3'
[[segments]]
key = "settled"
name = "Settled"
enter = "days_since_order > 1 and days_since_visit < 4"
leave = "days_since_order < 0.5 or days_since_visit > 8"
confirm_hours = 40.5
quiet_days = 12
[[segments]]
key = "cooled"
name = "Cooled"
enter = 'step("tier") == "silver" and step("warmth") is not known'
[[segments]]
key = "wavering"
name = "Wavering"
enter = 'times_entered(step = "tier:silver") >= 2 or days_since_left(step = "tier:gold") < 2.5'
leave = 'total_days_in(step = "warmth:warm") - 2 * total_days_in(step = "tier:gold") >= 12.5'
min_stay_days = 0.5
"""
POLICIES["signalling"] = """
name = "signalling"
[time]
lateness_minutes = 10080
[[segments]]
key = "seen"
name = "Seen"
enter = "views_7d >= 2"
[[signals]]
key = "looked"
name = "Looked and did not buy"
while = "tickets_open == 0"
[[signals.steps]]
event = "Product Viewed"
times = 2
within_days = 3
[signals.unless]
events = ["Order Completed"]
within_days = 2
[[segments]]
key = "told"
name = "Told about something lately"
enter = "days_since_signal('looked') < 4 or days_since_signal('in_touch') < 1.5"
leave = "days_since_signal('looked') > 6 or days_since_visit > 30"
[[signals]]
key = "in_touch"
name = "Seen a lot for a while"
every_days = 2.5
segment = "seen"
while = "tickets_open == 0 or not days_since_signal('looked') < 3"
[[signals]]
key = "still_new"
name = "New for another five days"
every_days = 5
stage = "new"
[[signals]]
key = "recommended"
name = "Bought, then recommended"
quiet_days = 9
[[signals.steps]]
event = "Order Completed"
[[signals.steps]]
event = "Referral Sent"
within_days = 20
[[signals]]
key = "returned"
name = "Came back the next day"
[[signals.steps]]
event = "page"
[[signals.steps]]
event = "Product Viewed"
within_hours = 30
where = "weekday != 'Sunday'"
[signals.unless]
events = ["Order Completed", "Referral Sent"]
within_minutes = 90
"""
POLICIES["layered"] = """
name = "layered"
[time]
lateness_minutes = 10080
[holdout]
name = "spring"
percent = 50
[[ladders]]
key = "tier"
name = "Tier"
[[ladders.steps]]
key = "gold"
name = "Gold"
enter = "orders_30d >= 2"
grace_days = 1.5
[[segments]]
key = "core"
name = "Core"
enter = "orders >= 2 and days_since_order < 6"
leave = "days_since_order > 9"
[[segments]]
key = "loud"
name = "Loud"
enter = "views_7d >= 2 or tickets_open >= 1"
min_stay_days = 2
[[segments]]
key = "quiet_core"
name = "Quiet core"
enter = 'in_segment("core") and not in_segment("loud")'
leave = 'not in_segment("core") or days_since_visit < 1'
min_stay_days = 1.25
[[segments]]
key = "seen"
name = "Seen"
enter = "days_since_visit < 3"
[[segments]]
key = "asked"
name = "Asked"
enter = 'in_segment("quiet_core") and (days_since_order >= 2 or step("tier") == "gold") and bucket("a", 2) < 2'
leave = 'not in_segment("quiet_core") and (in_segment("seen") or days_known > 60)'
[[segments]]
key = "neither"
name = "Neither"
enter = 'not in_segment("asked") and not in_segment("loud") and holdout is known'
"""
RULES = {name: Rulebook(read_policy(text, catalogue)) for name, text in POLICIES.items()}
rules = st.sampled_from(sorted(RULES)).map(RULES.__getitem__)


@dataclass(frozen=True)
class Arrival:
    """A fact, and when it reaches the stream (ms since 1970); the same fact may arrive again."""

    at: int
    fact: AnyFact


@st.composite
def facts(draw: st.DrawFn, most: int = 14) -> list[AnyFact]:
    """Facts of one customer over some months, few ids so that orders and tickets are referred to, ties possible.

    Some share their messageId, their name and what they are about, and differ in the rest or not.
    """
    made: list[AnyFact] = []
    at = START
    sharing = draw(st.booleans())
    for number in range(draw(st.integers(1, most))):
        at += draw(st.sampled_from((0, 0, 1, 60_000, DAY // 3, DAY, 2 * DAY, 5 * DAY, 7 * DAY, 11 * DAY, 40 * DAY)))
        message = f"m{draw(st.integers(0, 2))}" if sharing else f"m{number}"
        order = f"o{draw(st.integers(0, 4))}"
        ticket = f"t{draw(st.integers(0, 1))}"
        total = draw(st.sampled_from((0, 999, 2500, 6000)))
        own = order if sharing else f"{order}-{number}"
        said = draw(
            st.sampled_from(
                (
                    None,
                    OrderDetails(discount=500, coupon=True),
                    OrderDetails(own=OwnAmount("EUR", 3_333_333)),
                    OrderDetails(reinstated=True),
                )
            )
        )
        read = draw(st.sampled_from(READ))
        shoes = draw(st.sampled_from(((), ("shoes",))))
        fresh = OrderCompleted(at, message, own, total, 1, shoes, said, properties=read)
        interests = draw(st.sampled_from((("sport", "tea"), ("tea",), (), None)))
        labels = draw(st.sampled_from(LABELS))
        dates = {
            "born_on": draw(st.sampled_from(("2002-09-20", "2002-10-26", "2000-02-29", None))),
            "timezone": draw(st.sampled_from(("America/New_York", "Asia/Kathmandu", None))),
            "renewal_at": draw(st.sampled_from(("2020-10-25T00:30:00.000Z", "2020-12-01T12:00:00.001Z", None))),
        }
        country = draw(st.sampled_from(("DE", "FR", True, 1, None)))
        choices: tuple[AnyFact, ...] = (
            fresh,
            fresh,
            fresh,
            OrderCompleted(at, message, order, total, 2, (), said, properties=read),
            OrderUpdated(at, message, order, total, 3, (), said, properties=read),
            OrderRefunded(at, message, order, 500, draw(st.sampled_from((None, OwnAmount(None, 1_111_111))))),
            OrderRefunded(at, message, order, None),
            OrderCancelled(at, message, order),
            Browsed(at, message, draw(st.sampled_from(BROWSING_EVENTS))),
            Browsed(at, message, "Product Viewed", properties=read),
            TicketOpened(at, message, ticket, "Support Ticket Created"),
            TicketSolved(at, message, ticket, "Support Ticket Solved"),
            TicketRated(at, message, ticket, draw(st.sampled_from((1, 2, 3, 4.5, 1.25, 5)))),
            Tracked(at, message, "Referral Sent"),
            TraitsIdentified(at, message, {"country": country}),
            TraitsIdentified(at, message, {"country": country, "interests": interests, **dates}),
            TraitsIdentified(at, message, {"country": country, "labels": labels}),
            Browsed(at, message, "screen", context_traits={**dates, "labels": labels}),
            Browsed(at, message, "page", context_traits={"country": country}),
            OrderUpdated(at, message, order, total, 3, (), context_traits={"country": country, "kind": "business"}),
        )
        if number:  # nobody can ask of a customer before there is one
            segment = draw(st.sampled_from(("seen", "fan", "known", "settled", "core", "fading", "buyers")))
            choices += (RepublishRequested(at, message, segment),)
        made.append(draw(st.sampled_from(choices)))
    return made


@st.composite
def requests(draw: st.DrawFn, history: list[AnyFact], rulebook: Rulebook) -> list[AnyFact]:
    """Requests to republish memberships in segments of the policy, at any instants from the first fact on.

    Some are at the instant of a fact, some are sent again.
    """
    keys = [it.key for it in rulebook.compiled.segments]
    instants = st.sampled_from([it.at for it in history]) | st.integers(history[0].at, history[-1].at + 60 * DAY)
    made: list[AnyFact] = []
    for number in range(draw(st.integers(1, 8))):
        made.append(RepublishRequested(draw(instants), f"r{number}", draw(st.sampled_from(keys))))
        made += made[-1:] * draw(st.sampled_from((0, 0, 1)))
    return made


def remembered(history: list[AnyFact], rulebook: Rulebook) -> list[AnyFact]:
    """Return the facts but those about orders that may be forgotten: these are refused before they reach the rules."""
    while (truth := decide_history(history, history[-1].at, rulebook)) is not None and truth.refused:
        refused = [fact for fact, _ in truth.refused]
        history = [it for it in history if not any(it is fact for fact in refused)]
    return history


@st.composite
def arrivals(draw: st.DrawFn, history: list[AnyFact], lateness: int) -> list[Arrival]:
    """Every fact within the lateness after it happened, some of them twice.

    Who asks about the customer does so after the first fact has arrived, which must be no such request.
    """
    made: list[Arrival] = []
    for fact in history:
        for _ in range(draw(st.sampled_from((1, 1, 1, 2)))):
            delay = draw(st.sampled_from((0, 0, 1, DAY, 3 * DAY, lateness)))
            at = fact.at + delay if makes_exist(fact) else max(fact.at + delay, made[0].at)
            made.append(Arrival(at, fact))
    return sorted(made, key=lambda it: it.at)


def decided(customer: Customer) -> tuple[object, ...]:
    """Return a customer without the instants of looking, and the bytes kept, which depend on when one looked."""
    forget_bytes(customer)
    aggregates = customer.purchases, customer.engagement, customer.support, customer.activity, customer.traits
    return customer.first_event_at, customer.last_event_at, *aggregates, decided_only(customer)


def decided_only(customer: Customer) -> dict[str, object]:
    """Return a copy of what was decided of a customer, apart from the aggregates that it was decided on."""
    return {name: copy(getattr(customer, name)) for name in _DECIDED}


def forget_bytes(customer: Customer) -> None:
    """Let all bytes of a customer be made again."""
    customer.purchases.stored = customer.support.stored = b""
    activity = customer.activity
    activity.stored_orders = None
    for key in activity.events:
        occurrences = activity.occurrences(key)
        assert occurrences is not None
        occurrences.stored = None
