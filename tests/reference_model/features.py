"""The values of features at an instant, each computed from the whole of what is remembered."""

import ast
import re
from bisect import bisect_left
from fractions import Fraction
from functools import cache, lru_cache
from hashlib import blake2b
from itertools import pairwise
from math import isqrt

from tests.reference_model.anniversary import Dated, end_of_tag
from tests.reference_model.asked import is_feature
from tests.reference_model.calendar import Calendar
from tests.reference_model.calls import Call, call_of
from tests.reference_model.conditions import OF_TRAITS, Lookup, Value, rational
from tests.reference_model.memory import MILLION, Happened, Memory, Order
from tests.reference_model.names import key_of
from tests.reference_model.patience import p_alive
from tests.reference_model.policy import Policy
from tests.reference_model.properties import PLAIN, Trait
from tests.reference_model.tallies import share, top

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
WINDOW = re.compile(r"(\w+)_([1-9][0-9]*)d")


COUNTED_ORDERS = {
    "count": "orders",
    "days_since_first": "days_since_first_order",
    "days_since_last": "days_since_order",
}


OF_STANDING = (
    *("stage", "previous_stage", "days_in_stage", "silence", "loyal"),
    *("step(", "in_segment(", "times_entered(", "total_days_in("),
    *("days_since_entered(", "days_since_left(", "days_since_signal("),
)
"""How the names begin whose values depend on where the customer stands."""


@lru_cache
def split(name: str) -> tuple[str, int]:
    match = WINDOW.fullmatch(name)
    return (match[1], int(match[2])) if match else (name, 0)


@cache
def asked_of_trait(call: str) -> tuple[str, str, str | None]:
    """The function of a trait, the trait's name, and the text that it looks for."""
    node = ast.parse(call, mode="eval").body
    assert isinstance(node, ast.Call)
    given = {it.arg: it.value for it in node.keywords}
    wanted = ast.literal_eval(given["text"]) if "text" in given else None
    return ast.unparse(node.func), ast.unparse(given["trait"]).removeprefix("traits."), wanted


def of_properties(properties: dict[str, Trait]) -> Lookup:
    return lambda name: properties.get(name.removeprefix("traits."))


def within_bounds(numbers: list[int]) -> list[int]:
    """Those that are added up: as many as are together no larger than 9e18."""
    kept, size = [], 0
    for number in numbers:
        if size + abs(number) <= 9 * 10**18:
            kept.append(number)
            size += abs(number)
    return kept


def texts_of(value: Trait) -> list[str]:
    """The values that a field has, as texts."""
    if isinstance(value, tuple | dict):
        return list(value)
    if isinstance(value, bool):
        return [str(value).lower()]
    if isinstance(value, int | float):
        return [str(int(value)) if value == int(value) else repr(value)]
    return [value] if value is not None and value.strip() else []


def millionths(value: Trait) -> int | None:
    """A number in millionths, rounded half to even; none for what is no number, or beyond 1e12."""
    if isinstance(value, str) and PLAIN.fullmatch(value.strip()):
        value = float(value)
    if value is None or isinstance(value, str | bool | tuple | dict) or abs(value) > 10**12:
        return None
    return round(rational(value) * MILLION)


def bucket(user_id: str, name: str, buckets: int) -> int:
    """A customer's random group."""
    return int(blake2b((name + "\n" + user_id).encode("utf-8"), digest_size=8).hexdigest(), 16) % buckets


def is_held_out(policy: Policy, user_id: str) -> bool | None:
    if policy.holdout is None:
        return None
    name, percent = policy.holdout
    return bucket(user_id, name, 10_000) < percent * 100


class Features:
    """Features of one customer at one instant."""

    def __init__(self, policy: Policy, memory: Memory, at: int) -> None:
        self.policy, self.memory, self.at = policy, memory, at
        self.today = policy.calendar.day(at)
        self.civil = policy.civil_of(memory.traits)
        self.unit: int = 10**policy.money.places
        self.stage, self.since, self.loyal, self.silence = "", 0, False, "none"
        self.stays: tuple[tuple[str, int, int], ...] = ()
        self.steps: dict[str, tuple[str, int]] = {}
        self.segments: dict[str, int] = {}
        self.left: dict[str, tuple[tuple[int, int], ...]] = {}
        self.left_steps: dict[tuple[str, str], tuple[tuple[int, int], ...]] = {}
        self.told: dict[str, int] = {}
        self.known: dict[str, Value] = {}
        """The values that do not depend on where the customer stands, which changes within a decision."""

    def __call__(self, name: str) -> Value:
        if name.startswith(OF_STANDING):
            return self.found(name)
        if name not in self.known:
            self.known[name] = self.found(name)
        return self.known[name]

    def found(self, name: str) -> Value:
        if name.startswith("traits."):
            known = self.memory.traits.get(name.removeprefix("traits."))
            return self.unexpired(known) if isinstance(known, dict) else known
        if name.endswith(")"):
            return self.called(name)
        base, window = split(name)
        return self.windowed(base, window) if window else self.plain(base)

    def unexpired(self, tags: dict[str, str | None]) -> tuple[str, ...]:
        civil = self.civil
        return tuple(tag for tag, until in tags.items() if until is None or end_of_tag(until, civil) > self.at)

    def dated(self, function: str, dated: Dated) -> Value:
        """The value of a function of a date."""
        if function.startswith("days_") and function != "days_until_anniversary":
            since = Fraction(self.at - dated.began, self.policy.calendar.day_ms)
            return since if function == "days_since" else -since
        today = self.civil.day(self.at)
        return dated.age(today) if function == "age" else dated.days_ahead(today)

    def of_trait(self, call: str) -> Value:
        """The value of a function, by its call with all arguments named."""
        function, name, wanted = asked_of_trait(call)
        trait = self.memory.traits.get(name)
        if not isinstance(trait, str):
            return None
        if wanted is None:
            return self.dated(function, Dated(trait, self.civil))
        return trait.startswith(wanted) if function == "starts_with" else wanted in trait

    def called(self, text: str) -> Value:
        if text.partition("(")[0] in OF_TRAITS:
            return self.of_trait(text)
        call = call_of(text)
        if call.function == "return_rate":
            oldest = max(self.today - call.days + 1, self.memory.asked.first_kept(call, self.policy))
            returned = [each.returned for each in self.memory.placed if each.order.day >= oldest]
            return Fraction(sum(returned), len(returned)) if returned else None
        if call.of:
            return self.of_tally(call)
        if call.ladder:
            return on[0] if (on := self.steps.get(call.ladder)) is not None else None
        if call.step:
            return self.of_step(call.function, *call.step)
        if call.segment:
            over, joined = [*self.left.get(call.segment, ())], self.segments.get(call.segment)
            return joined is not None if call.function == "in_segment" else self.of_stays(call.function, over, joined)
        if call.signal:
            return self.ago(self.told.get(call.signal))
        if call.function == "bucket":
            return bucket(self.memory.user_id, *call.bucket)
        if call.stage:
            return self.of_stage(call.function, call.stage)
        return self.of_events(call)

    def of_events(self, call: Call) -> Value:
        key = key_of(call.event)
        is_order = key == key_of("Order Completed")
        if is_order and call.where is None and call.function in COUNTED_ORDERS and not call.before and not call.hours:
            return self(COUNTED_ORDERS[call.function] + (f"_{call.days}d" if call.days else ""))
        last = self.today - call.before
        first = last - call.days + 1 if call.days else None
        asked = self.memory.asked
        if is_order:
            happened = [
                Happened(key, it.at, it.day, it.properties, it.civil)
                for it in self.memory.orders
                if is_feature(call) or asked.counts_order(call, self.policy, it)
            ]
        else:
            happened = [it for it in self.memory.by_key.get(key, ()) if asked.counts(call, self.policy, it.at)]
        counted = [
            each
            for each in happened
            if (first is None or first <= each.day <= last)
            and (not call.hours or self.is_recent(each.at, call))
            and (call.where is None or call.where.holds(of_properties(self.said(each))))
        ]
        if call.function == "count":
            return len(counted)
        if call.function == "days_since_first":
            return self.ago(counted[0].at) if counted else None
        if call.function == "days_since_last":
            return self.ago(counted[-1].at) if counted else None
        if call.function == "distinct":
            return min(len({text for each in counted for text in texts_of(self.said(each).get(call.number))}), 1000)
        numbers = [amount for each in counted if (amount := millionths(self.said(each).get(call.number))) is not None]
        if call.function in ("min", "max"):
            extreme = min if call.function == "min" else max
            return Fraction(extreme(numbers), MILLION) if numbers else None
        numbers = within_bounds(numbers)
        if call.function == "sum":
            return Fraction(sum(numbers), MILLION)
        if not numbers:
            return None
        return Fraction(numbers[-1] if call.function == "latest" else Fraction(sum(numbers), len(numbers)), MILLION)

    def is_recent(self, at: int, call: Call) -> bool:
        """Whether an instant is within the last hours, by whole slots."""
        now, slot = self.policy.slot(self.at), self.policy.slot(at)
        kept = self.memory.asked.first_kept(call, self.policy)
        return now - self.policy.slots_in(call.hours) < slot <= now and slot >= kept

    def of_tally(self, call: Call) -> Value:
        first = self.today - call.days + 1
        if call.function == "share":
            return share(call, self.memory, first)
        return top(call, self.memory.tops[call.of, call.weight], self.memory, first)

    def said(self, happened: Happened) -> dict[str, Trait]:
        """What an event said, with the hour and the weekday of its instant."""
        return happened.properties | self.moment(happened.at, happened.civil)

    def moment(self, at: int, civil: Calendar) -> dict[str, Trait]:
        """The hour and the weekday of an instant, where these are no fields of the policy."""
        moment: dict[str, Trait] = {
            "hour": civil.hour(at),
            "weekday": WEEKDAYS[(civil.day(at) + 3) % 7],
        }
        return {name: moment[name] for name in self.policy.moment}

    def ago(self, instant: int | None) -> Fraction | None:
        return None if instant is None else Fraction(self.at - instant, self.policy.calendar.day_ms)

    def of_stage(self, function: str, stage: str) -> Value:
        over = [(began, ended) for name, began, ended in self.stays if name == stage]
        return self.of_stays(function, over, self.since if self.stage == stage else None)

    def of_step(self, function: str, ladder: str, step: str) -> Value:
        on = self.steps.get(ladder)
        since = on[1] if on is not None and on[0] == step else None
        return self.of_stays(function, [*self.left_steps.get((ladder, step), ())], since)

    def of_stays(self, function: str, over: list[tuple[int, int]], since: int | None) -> Value:
        """The value of a function of stays: those that are over, and since when the present one lasts."""
        all_stays = over if since is None else [*over, (since, self.at)]
        if function == "times_entered":
            return len(all_stays)
        if function == "total_days_in":
            return Fraction(sum(ended - began for began, ended in all_stays), self.policy.calendar.day_ms)
        if function == "days_since_entered":
            return self.ago(all_stays[-1][0]) if all_stays else None
        assert function == "days_since_left", function
        return self.ago(over[-1][1]) if over else None

    def orders_of(self, window: int) -> list[Order]:
        orders = self.memory.orders
        return orders[bisect_left(orders, self.today - window + 1, key=lambda order: order.day) :]

    def windowed(self, base: str, window: int) -> Value:
        since = self.today - window + 1
        if base in self.memory.days:
            days = self.memory.days[base]
            counted = len(days) - bisect_left(days, since)
            with_coupon = sum(order.coupon for order in self.orders_of(window))
            return max(counted, with_coupon) if base == "coupons" else counted
        if base in ("orders_with_coupon", "discount", "discount_share"):
            return self.discounted(base, self.orders_of(window))
        if base == "refunds":
            return Fraction(sum(taken for day, taken in self.memory.refunds if day >= since), self.unit)
        if base in ("ratings", "average_rating"):
            ratings = [rating for day, rating in self.memory.ratings if day >= since]
            if base == "ratings":
                return len(ratings)
            hundredths = sum(round(rating * 100) for rating in ratings)
            return Fraction(hundredths, 100 * len(ratings)) if ratings else None
        return self.bought(base, self.orders_of(window))

    def discounted(self, base: str, orders: list[Order]) -> Value:
        if base == "orders_with_coupon":
            return sum(order.coupon for order in orders)
        discount = sum(order.discount for order in orders)
        if base == "discount":
            return Fraction(discount, self.unit)
        whole = discount + sum(order.left for order in orders)
        return Fraction(discount, whole) if whole else None

    def bought(self, base: str, orders: list[Order]) -> Value:
        if base == "orders":
            return len(orders)
        if base == "items":
            return sum(order.items for order in orders)
        revenue = sum(order.left for order in orders)
        if base == "revenue":
            return Fraction(revenue, self.unit)
        assert base == "average_order_value", base
        return Fraction(revenue, len(orders) * self.unit) if orders else None

    def plain(self, name: str) -> Value:
        memory = self.memory
        orders = memory.orders
        if name == "days_since_order":
            return self.ago(orders[-1].at) if orders else None
        if name == "days_since_first_order":
            return self.ago(orders[0].at) if orders else None
        if name == "occasions":
            return len(memory.occasions)
        if name == "mean_gap_days":
            begun = memory.occasions
            if len(begun) < 2:
                return None
            return Fraction(begun[-1] - begun[0], (len(begun) - 1) * self.policy.calendar.day_ms)
        if name == "gap_variation":
            return self.gap_variation(memory.occasions)
        if name == "days_since_visit":
            return self.ago(memory.visited_at)
        if name == "days_known":
            return self.ago(memory.first_event_at)
        if name == "tickets_open":
            return len(memory.open)
        if name == "oldest_ticket_days":
            return self.ago(min(memory.open.values(), default=None))
        if name == "last_rating":
            return memory.last_rating
        if name.endswith("_score"):
            return self.score(name)
        if name == "p_alive":
            return p_alive(self.policy, memory, self.at)
        if name == "stage":
            return self.stage
        if name == "previous_stage":
            return self.stays[-1][0] if self.stays else None
        if name == "days_in_stage":
            return self.ago(self.since)
        if name == "silence":
            return self.silence
        if name == "loyal":
            return self.loyal
        if name == "holdout":
            return is_held_out(self.policy, memory.user_id)
        if name == "kind":
            kind = memory.traits.get("kind")
            return kind if isinstance(kind, str) else None
        if name == "categories":
            return tuple(category for order in memory.newest for category in order.categories)
        return self.bought(name, orders)

    def gap_variation(self, begun: list[int]) -> Value:
        gaps = [after - before for before, after in pairwise(begun)]
        if len(gaps) < 2 or not sum(gaps):
            return None
        squares, square = sum(gap * gap for gap in gaps), sum(gaps) ** 2
        return Fraction(isqrt(10**8 * (len(gaps) * squares - square) // square), 10**4)

    def score(self, name: str) -> int | None:
        scores = self.policy.scores
        orders = self.memory.orders
        if not orders:
            return None
        if name == "recency_score":
            silent = Fraction(self.at - orders[-1].at, self.policy.calendar.day_ms)
            return 5 - sum(silent >= rational(limit) for limit in scores.recency)
        recent = self.orders_of(scores.window)
        if name == "frequency_score":
            return 1 + sum(len(recent) >= limit for limit in scores.frequency)
        revenue = Fraction(sum(order.left for order in recent), self.unit)
        return 1 + sum(revenue >= rational(limit) for limit in scores.monetary)
