"""What is remembered of a customer, and what events change of it. Instants and durations in ms, money in cents."""

from dataclasses import dataclass, field

MINUTE = 60_000
HOUR = 60 * MINUTE
DAY = 24 * HOUR
LATENESS = HOUR
_SESSION = 30 * MINUTE
_KEPT_DAYS = 90
_KEPT_ORDER_DAYS = 400
_OCCASION = DAY
_MAX_TICKETS = 64
_MAX_TRAITS = 64

Counts = dict[int, int]
"""A count by day."""


@dataclass(slots=True)
class Order:
    """An order that stands: its amount when it was last stated, and what is left of that."""

    id: str
    at: int
    amount: int
    left: int
    has_coupon: bool


@dataclass(slots=True)
class Orders:
    """The orders that stand: those of the last 400 days one by one, older ones as totals.

    ``occasions`` counts decisions to buy, of which the last began at ``begun``. ``undone`` are ids with the instant.
    """

    recent: list[Order] = field(default_factory=list)
    undone: dict[str, int] = field(default_factory=dict)
    old: int = 0
    old_revenue: int = 0
    old_first: int = 0
    old_last: int = 0
    old_occasions: int = 0
    old_begun: int = 0
    occasions: int = 0
    begun: int = 0

    def count(self) -> int:
        """Return how many there are."""
        return self.old + len(self.recent)

    def first(self) -> int:
        """Return the instant of the first one."""
        return self.old_first if self.old else self.recent[0].at

    def last(self) -> int:
        """Return the instant of the last one."""
        return self.recent[-1].at if self.recent else self.old_last

    def revenue(self) -> int:
        """Return what is left of all of them."""
        return self.old_revenue + sum(it.left for it in self.recent)

    def find(self, order_id: str, at: int) -> Order | None:
        """Return the order with this id if it stands; those before the last 400 days are forgotten first."""
        self._forget((at // DAY - _KEPT_ORDER_DAYS + 1) * DAY)
        return next((it for it in reversed(self.recent) if it.id == order_id), None)

    def place(self, order: Order) -> None:
        """Add an order."""
        self.undone.pop(order.id, None)
        place = len(self.recent)
        while place and self.recent[place - 1].at > order.at:
            place -= 1
        self.recent.insert(place, order)
        self._count_occasions()

    def undo(self, order: Order, at: int) -> None:
        """Take an order away, and remember that."""
        self.recent.remove(order)
        self.undone[order.id] = at
        self._count_occasions()

    def _forget(self, horizon: int) -> None:
        if self.undone:
            self.undone = {order_id: at for order_id, at in self.undone.items() if at >= horizon}
        while self.recent and self.recent[0].at < horizon:
            order = self.recent.pop(0)
            if not self.old:
                self.old_first = order.at
            self.old += 1
            self.old_revenue += order.left
            self.old_last = order.at
            if not self.old_occasions or order.at - self.old_begun >= _OCCASION:
                self.old_occasions += 1
                self.old_begun = order.at

    def _count_occasions(self) -> None:
        self.occasions, self.begun = self.old_occasions, self.old_begun
        for order in self.recent:
            if not self.occasions or order.at - self.begun >= _OCCASION:
                self.occasions += 1
                self.begun = order.at


@dataclass(slots=True)
class Customer:
    """All that is remembered of a customer; ``deadline`` is when time alone may next change something.

    ``joined`` has the instant of joining for each segment that the customer is in, ``published`` counts transitions.
    """

    deadline: int | None = None
    decided_at: int = 0
    published: int = 0
    stage: str = "prospect"
    stage_since: int | None = None
    previous_stage: str | None = None
    previous_since: int | None = None
    loyal_since: int | None = None
    step: str | None = None
    step_since: int = 0
    joined: dict[str, int] = field(default_factory=dict)
    orders: Orders = field(default_factory=Orders)
    views: Counts = field(default_factory=dict)
    sessions: Counts = field(default_factory=dict)
    coupons: Counts = field(default_factory=dict)
    last_browsed: int | None = None
    ratings: Counts = field(default_factory=dict)
    rating_sums: Counts = field(default_factory=dict)
    last_rating: int | None = None
    rated_at: int = 0
    tickets: dict[str, int] = field(default_factory=dict)
    traits: dict[str, object] = field(default_factory=dict)
    seen: dict[str, int] = field(default_factory=dict)

    def is_duplicate(self, identity: str, at: int) -> bool:
        """Take note of an event; tell whether it was seen within the lateness before."""
        self.seen = {it: seen for it, seen in self.seen.items() if seen >= at - LATENESS}
        if identity in self.seen:
            return True
        self.seen[identity] = at
        return False

    def browse(self, at: int, *, is_view: bool) -> None:
        """Count a view, and the session that may begin."""
        if self.last_browsed is None or at - self.last_browsed > _SESSION:
            add(self.sessions, 1, at)
        self.last_browsed = max(at, self.last_browsed or at)
        if is_view:
            add(self.views, 1, at)

    def open_ticket(self, ticket_id: str, at: int) -> None:
        """Open a ticket, unless it is open already."""
        if len(self.tickets) < _MAX_TICKETS:
            self.tickets.setdefault(ticket_id, at)

    def rate(self, rating: int, at: int) -> None:
        """Take a rating in hundredths."""
        add(self.ratings, 1, at)
        add(self.rating_sums, rating, at)
        self.last_rating, self.rated_at = rating, at

    def learn(self, traits: dict[str, object]) -> None:
        """Merge traits; objects one level deep are flattened, and null forgets."""
        for name, value in traits.items():
            if isinstance(value, dict):
                for inner, it in value.items():
                    self._learn(f"{name}_{inner}", it)
            else:
                self._learn(name, value)

    def _learn(self, name: str, value: object) -> None:
        if value is None:
            self.traits.pop(name, None)
        elif not isinstance(value, list | dict) and (
            len(self.traits) < _MAX_TRAITS or name in self.traits or name == "kind"
        ):
            self.traits[name] = value


def add(counts: Counts, more: int, at: int) -> None:
    """Add to the count of a day; days that no window reaches any more are dropped."""
    day = at // DAY
    if day not in counts:
        for old in [it for it in counts if it <= day - _KEPT_DAYS]:
            del counts[old]
    counts[day] = counts.get(day, 0) + more


def within(counts: Counts, today: int, days: int) -> int:
    """Return the sum over so many days, of which the last is ``today``."""
    return sum(count for day, count in counts.items() if today - days < day <= today)
