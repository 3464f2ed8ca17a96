"""A history: all facts of one customer at once, decided from the first to the last, as a backtest does."""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from operator import attrgetter
from typing import NamedTuple

from schemas.change import Publication
from schemas.events import AnyFact
from schemas.fact_order import in_order
from schemas.reject import RejectedError
from state.customer.customer import Customer, first_seen
from state.rules.bounds_told import UNKNOWN_ORDER
from state.rules.decision import Decision
from state.rules.retention import is_forgotten
from state.rules.rulebook import Rulebook
from state.timeline.corrections import numbered, renumbered
from state.timeline.existence import makes_exist, unknown_customer
from state.timeline.records_of_event import Conflict, distinct


class LaterRules(NamedTuple):
    """Rules by which everything is decided that happens after ``at`` (ms since 1970), and the others at it.

    ``silently``: nothing is published of what changes at that instant.
    """

    at: int
    rules: Rulebook
    silently: bool = False


class History(NamedTuple):
    """The customer in the end, what was published, the facts that are duplicates, and how many lie after the end.

    ``conflicts`` are the facts that say something else than an earlier record of the same event, ``bounds`` the
    names of those that held, each time. ``unknown_orders`` are the applied facts about orders never seen.
    ``refused`` are the facts that were not applied, since their orders may be forgotten, or since they ask to republish
    what is known of a customer who did not exist. ``existing`` is None if there is no other fact,
    or if the policy has forgotten the customer; ``seq`` is the number of the last publication about them, 0 if none is.
    ``adopted`` has, of each of the later rules, how many publications are of rules before.
    """

    existing: Customer | None
    published: list[Publication]
    seq: int
    duplicates: list[AnyFact]
    after: int
    conflicts: list[Conflict]
    bounds: list[str]
    refused: list[tuple[AnyFact, RejectedError]]
    unknown_orders: list[AnyFact]
    adopted: list[int]

    @property
    def customer(self) -> Customer:
        """Return the customer, who must exist."""
        assert self.existing is not None
        return self.existing


def decide_history(
    facts: Iterable[AnyFact], until: int, rules: Rulebook, user_id: str = "", later: Sequence[LaterRules] = ()
) -> History | None:
    """Decide a customer's whole history, in whatever order the facts are given; None when nothing happened.

    Facts after ``until`` are left out. ``later`` are in the order of their instants.
    """
    ordered = in_order(facts)
    within = bisect_right(ordered, until, key=_instant)
    if not within:
        return None
    past = _Past(rules, user_id)
    begun = 0
    for change in [it for it in later if it.at <= until]:
        end = bisect_right(ordered, change.at, begun, within, key=_instant)
        past.take(ordered[begun:end])
        past.adopt(change)
        begun = end
    past.take(ordered[begun:within])
    past.elapse(until)
    return past.history(len(ordered) - within)


class _Past:
    """A customer, as far as their history is decided."""

    def __init__(self, rules: Rulebook, user_id: str) -> None:
        self._rules = rules
        self._user_id = user_id
        self._customer: Customer | None = None
        self._decisions: list[Decision] = []
        self._adopted: list[int] = []
        self._duplicates: list[AnyFact] = []
        self._conflicts: list[Conflict] = []
        self._bounds: list[str] = []
        self._refused: list[tuple[AnyFact, RejectedError]] = []
        self._unknown_orders: list[AnyFact] = []

    def take(self, ordered: list[AnyFact]) -> None:
        """Decide facts, given in order, by the rules in force."""
        rules, decisions = self._rules, self._decisions
        counting, duplicates, conflicts = distinct(ordered, rules.compiled.lateness_ms)
        self._duplicates += duplicates
        self._conflicts += conflicts
        customer = self._customer
        for fact in counting:
            if customer is None:
                if not makes_exist(fact):
                    self._refused.append((fact, unknown_customer()))
                    continue
                customer = self._customer = first_seen(fact.at, self._user_id, rules.first_stage)
            if (error := _refusal(customer, fact, decisions, rules)) is None:
                for told in rules.told(customer, fact):
                    if told == UNKNOWN_ORDER:
                        self._unknown_orders.append(fact)
                    else:
                        self._bounds.append(told)
                rules.advance(customer, fact, decisions)
            else:
                self._refused.append((fact, error))

    def elapse(self, until: int) -> None:
        """Let time pass."""
        if self._customer is not None:
            self._rules.elapse(self._customer, until, self._decisions)

    def adopt(self, change: LaterRules) -> None:
        """Let time pass until other rules are in force, and put the customer under them."""
        self.elapse(change.at)
        self._rules = change.rules
        self._adopted.append(len(self._decisions))
        if self._customer is not None:
            change.rules.adopt(self._customer, change.at, [] if change.silently else self._decisions)

    def history(self, after: int) -> History:
        """Return all that was decided; ``after`` counts the facts that were left out."""
        decisions = numbered(self._decisions)
        published = [Publication(change, figures, seq) for seq, (change, figures) in enumerate(decisions, start=1)]
        published, seq = renumbered(published, 0)
        customer = None if self._customer is None or is_forgotten(self._customer) else self._customer
        return History(
            customer,
            published,
            seq,
            self._duplicates,
            after,
            self._conflicts,
            self._bounds,
            self._refused,
            self._unknown_orders,
            self._adopted,
        )


def _refusal(customer: Customer, fact: AnyFact, decisions: list[Decision], rules: Rulebook) -> RejectedError | None:
    """Return why a fact is not applied, None if it is; time has passed until it where that may forget the customer."""
    if rules.forgets or is_forgotten(customer):
        rules.reach(customer, fact, decisions)
        if is_forgotten(customer):  # only who asks leaves them so
            return unknown_customer()
    why = rules.forgetting.why(customer, fact)
    return None if why is None else RejectedError("forgotten", why)


_instant = attrgetter("at")
