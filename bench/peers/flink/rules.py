"""The rules of the policy: stages, the ladder of value, segments, and when time alone changes something next."""

from collections.abc import Callable
from functools import cached_property

from bench.peers.flink.customer import DAY, Counts, Customer, within
from bench.peers.flink.events import NOTHING

NEVER = 1 << 62
STAGES = ("churned", "at_risk", "loyal", "new", "repeat", "prospect")
SILENT = {"churned": 2, "at_risk": 1}
STEPS = ("core", "strategic", "long_tail")
SEGMENTS = {
    "lapsed_high_value": "Lapsed high value",
    "discount_seekers": "Discount seekers",
    "window_shoppers": "Window shoppers",
    "unhappy": "Unhappy customers",
    "business": "Business customers",
}
_STAYS = {"core": 14 * DAY, "discount_seekers": 14 * DAY, "unhappy": 2 * DAY}
_LOYAL_STAY = 30 * DAY
_FREQUENCY = (2, 4, 12, 40)
_MONETARY = (5_000, 15_000, 50_000, 150_000)
_ENTERED = {"loyal": "became_loyal", "new": "acquired", "repeat": "repeated"}
_LEFT = {"churned": "won_back", "at_risk": "recovered", "loyal": "loyalty_lapsed", "new": "repeated"}


class Figures:
    """What the rules read of a customer at an instant."""

    def __init__(self, customer: Customer, at: int) -> None:
        self.customer = customer
        self.at = at
        self.today = at // DAY
        orders = customer.orders
        self.orders = orders.count()
        self.last = orders.last() if self.orders else at
        self.silence = at - self.last
        self.patience, self.churn = 60 * DAY, 180 * DAY
        if orders.occasions > 1:
            rhythm = int(3.0 * (orders.begun - orders.first()) / (orders.occasions - 1))
            self.patience = min(120 * DAY, max(21 * DAY, rhythm))
            self.churn = 3 * self.patience
        year = [it for it in orders.recent if self.today - it.at // DAY < 365]
        self.year = year
        self.revenue = sum(it.left for it in year)
        self.score = 2 + sum(len(year) >= it for it in _FREQUENCY) + sum(self.revenue >= it for it in _MONETARY)
        self.quarter = [it for it in year if self.today - it.at // DAY < 90]
        self.orders30 = sum(self.today - it.at // DAY < 30 for it in self.quarter)
        self.oldest_ticket = next(iter(customer.tickets.values()), None)

    @cached_property
    def coupons(self) -> int:
        """Coupons of 90 days: those applied, or the orders that had one, if these are more."""
        return max(within(self.customer.coupons, self.today, 90), sum(it.has_coupon for it in self.quarter))

    @cached_property
    def sessions(self) -> int:
        """Sessions of 30 days."""
        return within(self.customer.sessions, self.today, 30)

    @cached_property
    def views(self) -> int:
        """Views of 30 days."""
        return within(self.customer.views, self.today, 30)

    @cached_property
    def ratings(self) -> tuple[int, int]:
        """How many ratings in 30 days, and their sum in hundredths."""
        return within(self.customer.ratings, self.today, 30), within(self.customer.rating_sums, self.today, 30)

    @property
    def waits(self) -> int:
        """How long the oldest ticket has been open, -1 if there is none."""
        return -1 if self.oldest_ticket is None else self.at - self.oldest_ticket

    def is_displeased(self) -> bool:
        """Tell whether the silence limits are halved."""
        customer = self.customer
        return (self._has_bad_rating() and self.at < customer.rated_at + 30 * DAY) or self.waits >= 3 * DAY

    def is_reached(self, limit: int) -> bool:
        """Tell whether a silence limit is reached."""
        return self.silence >= limit or (self.silence >= limit // 2 and self.is_displeased())

    def reaches(self, limit: int) -> int:
        """Return when a silence limit is reached that is not reached yet, if nothing happens."""
        first, half = self.last + limit, self.last + limit // 2
        if self._has_bad_rating() and half < self.customer.rated_at + 30 * DAY:
            first = min(first, self.ahead(half))
        if self.oldest_ticket is not None:
            first = min(first, self.ahead(max(half, self.oldest_ticket + 3 * DAY)))
        return self.ahead(first)

    def ahead(self, instant: int) -> int:
        """Return the instant if it lies ahead, otherwise never."""
        return instant if instant > self.at else NEVER

    def _has_bad_rating(self) -> bool:
        return self.customer.last_rating is not None and self.customer.last_rating <= 200


def decide_loyalty(customer: Customer, it: Figures) -> None:
    """Let a customer become or cease to be loyal."""
    if customer.loyal_since is None:
        if len(it.year) >= 6 and it.revenue >= 15_000:
            customer.loyal_since = it.at
    elif it.at >= customer.loyal_since + _LOYAL_STAY and _is_too_little(len(it.year), it.revenue):
        customer.loyal_since = None


def lapse_of(customer: Customer, it: Figures) -> int:
    """Return when a loyal customer is so no longer, if no order comes."""
    free = (customer.loyal_since or 0) + _LOYAL_STAY
    orders, revenue = len(it.year), it.revenue
    if _is_too_little(orders, revenue):
        return free
    for place, order in enumerate(it.year):
        orders, revenue = orders - 1, revenue - order.left
        day = order.at // DAY
        more_that_day = place + 1 < len(it.year) and it.year[place + 1].at // DAY == day
        if not more_that_day and _is_too_little(orders, revenue):
            return max((day + 365) * DAY, free)
    return NEVER


def stage_of(customer: Customer, it: Figures, effect: str) -> str:
    """Return the stage that fits; who is silent comes back by an order, or when one is undone."""
    if not it.orders:
        return "prospect"
    if (effect == NOTHING and customer.stage == "churned") or it.is_reached(it.churn):
        return "churned"
    if (effect == NOTHING and customer.stage == "at_risk") or it.is_reached(it.patience):
        return "at_risk"
    if customer.orders.occasions < 2:
        return "new"
    return "repeat" if customer.loyal_since is None else "loyal"


def transition_of(before: str, after: str, *, undone: bool) -> str:
    """Return the name of a step from one stage to another."""
    if undone and SILENT.get(after, 0) <= SILENT.get(before, 0):
        return "reverted"
    if STAGES.index(after) < STAGES.index(before):
        return _ENTERED.get(after, after)
    return _LEFT.get(before, f"left_{before}")


def step_of(customer: Customer, it: Figures) -> str | None:
    """Return the step of the ladder: a better one at once, a worse one when the customer's own is left."""
    now = customer.step
    for better in STEPS:
        if better == now:
            break
        if _is_open(better, it):
            return better
    if now is None or it.at < customer.step_since + _STAYS.get(now, 0) or not _LEAVE_STEP[now](it):
        return now
    return next((worse for worse in STEPS[STEPS.index(now) + 1 :] if _is_open(worse, it)), None)


def decide_segment(customer: Customer, key: str, it: Figures) -> bool:
    """Let a customer join or leave a segment; tell whether they did."""
    joined = customer.joined.get(key)
    if joined is None:
        if not _ENTER[key](customer, it) or _LEAVE[key](customer, it):
            return False
        customer.joined[key] = it.at
        return True
    if it.at < joined + _STAYS.get(key, 0) or not _LEAVE[key](customer, it):
        return False
    del customer.joined[key]
    return True


def deadline_of(customer: Customer, it: Figures) -> int | None:
    """Return the first instant after this one at which time alone may change something."""
    instants = [*_deadlines_of_orders(customer, it), *_deadlines_of_counts(customer, it)]
    if customer.loyal_since is not None:
        instants.append(customer.loyal_since + _LOYAL_STAY)
    if customer.step in _STAYS:
        instants.append(customer.step_since + _STAYS[customer.step])
    instants += [at + _STAYS[key] for key, at in customer.joined.items() if key in _STAYS]
    return min((at for at in instants if it.at < at < NEVER), default=None)


def _deadlines_of_orders(customer: Customer, it: Figures) -> list[int]:
    if not it.orders:
        return []
    instants = []
    if customer.stage != "churned":
        instants.append(it.reaches(it.churn))
    if customer.stage not in SILENT:
        instants.append(it.reaches(it.patience))
    if customer.step == "core":
        instants.append(it.last + 90 * DAY + 1)
    if customer.step == "strategic":
        instants.append(it.last + 120 * DAY + 1)
    if it.orders30 and "window_shoppers" not in customer.joined:
        instants.append(_rolls_off(it.last, 30))
    if it.quarter:
        instants.append(_rolls_off(it.quarter[0].at, 90))
    if it.year:
        instants.append(_rolls_off(it.year[0].at, 365))
    return instants


def _deadlines_of_counts(customer: Customer, it: Figures) -> list[int]:
    instants = []
    if (day := _first(customer.coupons, it.today, 90)) is not None:
        instants.append((day + 90) * DAY)
    if "window_shoppers" in customer.joined and customer.sessions:
        instants.append((max(customer.sessions) + 30) * DAY)
    if (day := _first(customer.ratings, it.today, 30)) is not None:
        instants.append((day + 30) * DAY)
    if it.oldest_ticket is not None and "unhappy" not in customer.joined:
        instants.append(it.oldest_ticket + 3 * DAY + 1)
    return instants


def _rolls_off(at: int, days: int) -> int:
    return (at // DAY + days) * DAY


def _first(counts: Counts, today: int, days: int) -> int | None:
    return min((day for day in counts if today - days < day <= today), default=None)


def _is_too_little(orders: int, revenue: int) -> bool:
    return orders < 4 or revenue < 10_000


def _is_open(step: str, it: Figures) -> bool:
    return _ENTER_STEP[step](it) and not _LEAVE_STEP[step](it)


def _is_sad(it: Figures) -> bool:
    count, total = it.ratings
    return bool(count) and total <= 200 * count


def _is_content(it: Figures) -> bool:
    count, total = it.ratings
    return not count or total >= 300 * count


_ENTER_STEP: dict[str, Callable[[Figures], bool]] = {
    "core": lambda it: bool(it.orders) and it.score >= 9 and it.silence <= 60 * DAY,
    "strategic": lambda it: bool(it.orders) and it.score >= 6 and it.silence <= 105 * DAY,
    "long_tail": lambda it: bool(it.orders),
}
_LEAVE_STEP: dict[str, Callable[[Figures], bool]] = {
    "core": lambda it: bool(it.orders) and (it.score <= 7 or it.silence > 90 * DAY),
    "strategic": lambda it: bool(it.orders) and (it.score <= 4 or it.silence > 120 * DAY),
    "long_tail": lambda it: not it.orders,
}
_ENTER: dict[str, Callable[[Customer, Figures], bool]] = {
    "lapsed_high_value": lambda customer, it: it.revenue >= 30_000 and customer.stage in SILENT,
    "discount_seekers": lambda _, it: len(it.quarter) >= 3 and 2 * it.coupons >= len(it.quarter),
    "window_shoppers": lambda _, it: not it.orders30 and it.sessions >= 3 and it.views >= 10,
    "unhappy": lambda _, it: it.waits > 3 * DAY or _is_sad(it),
    "business": lambda customer, _: customer.traits.get("kind") == "business",
}
_LEAVE: dict[str, Callable[[Customer, Figures], bool]] = {
    "lapsed_high_value": lambda customer, it: customer.stage not in SILENT or it.revenue < 15_000,
    "discount_seekers": lambda _, it: not it.quarter or 4 * it.coupons < len(it.quarter),
    "window_shoppers": lambda _, it: it.orders30 > 0 or not it.sessions,
    "unhappy": lambda _, it: it.waits <= DAY and _is_content(it),
    "business": lambda customer, _: customer.traits.get("kind") != "business",
}
