"""Customers who were forgotten on request: which of their events each of their lives has, and what is told of it."""

import json
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from hashlib import blake2b

from tests.chaos.verdict.batches import Batches
from tests.chaos.verdict.stored import MARK_PREFIX
from tests.chaos.verdict.topics import Seen
from tests.reference_model.events import Fact, Reject, Unknown

ClosedUntil = Callable[[int, int], int]
"""The instant until which no fact of a partition and batch could count, since another policy took effect before."""

REQUEST_KEY = b"\x00forget"
REASON = "customer_forgotten"


def _never(_partition: int, _batch: int) -> int:
    return 0


def mark_key(user_id: str) -> bytes:
    """The key in the changelog under which it is remembered that somebody was forgotten."""
    return MARK_PREFIX + blake2b(user_id.encode(), digest_size=16).digest()


@dataclass(frozen=True)
class Carried:
    """A request that was carried out: what it said, its place in its partition, its clock, its batch's ``upto``."""

    type: str
    reason: str
    partition: int
    ranks: tuple[int, int]
    clock: int
    upto: int


@dataclass
class Life:
    """A life that was ended by a request: its facts."""

    ended_by: Carried
    facts: list[Fact] = field(default_factory=list)


class Forgotten:
    """The requests among the records that were counted, and the lives that they ended.

    A customer's requests change nothing unless a ``forget`` and an ``allow`` come in turn.
    """

    def __init__(self, counted: Iterable[Seen], batches: Batches, closed_until: ClosedUntil = _never) -> None:
        self.requests: dict[str, list[Carried]] = defaultdict(list)
        self.ended: dict[str, list[Life]] = defaultdict(list)
        self.told_at: dict[str, list[int]] = {}
        """By customer, the instants of the messages ``Customer Forgotten``, in their order (ms since 1970)."""
        self._batches = batches
        self._closed_until = closed_until
        found = [it for it in counted if it.key == REQUEST_KEY and it.value is not None]
        for record in sorted(found, key=batches.ranks):
            self._carry_out(record)

    def is_closed(self, user_id: str) -> bool:
        """Whether somebody is forgotten in the end."""
        return len(self.requests.get(user_id, ())) % 2 == 1

    def says_nothing(self, record: Seen) -> bool:
        """Whether a record is a request, or came under the key of somebody who was forgotten by then."""
        if record.key == REQUEST_KEY:
            return True
        user_id = (record.key or b"").decode(errors="replace")
        return user_id in self.requests and self._before(user_id, record)[0] % 2 == 1

    def wanted(
        self, fact: Fact | Reject | Unknown, record: Seen, lateness: int, *, is_refused: bool
    ) -> tuple[set[str], int]:
        """What has to become of a fact if forgetting or a policy decides it (else nothing), and the number of its life.

        ``is_refused``: whether it was rejected because its customer was forgotten. That alone says which of the two
        came first where the log does not.
        """
        if not isinstance(fact, Fact):
            return set(), 0
        is_closed = fact.at <= self._closed_until(record.partition, self._batches.number(record))
        by_policy = {"late"} if is_closed else set[str]()
        if fact.user_id not in self.requests:
            return by_policy, 0
        possible = self._before(fact.user_id, record)
        before = next((it for it in possible if it % 2 == is_refused), possible[0])
        if before % 2:
            return {REASON}, before // 2
        if not before:
            return by_policy, 0
        forgot_at = self.told_at.get(fact.user_id, [])[before // 2 - 1 : before // 2]
        closed_until = max([self.requests[fact.user_id][before - 1].clock, *forgot_at])
        if fact.at > closed_until:
            return by_policy, before // 2
        # Once every such fact is late, the mark may be gone.
        is_late = self._batches.clock(record) - lateness > closed_until
        return {REASON, "late"} if is_late else {REASON}, before // 2

    def take(self, fact: Fact, life: int) -> bool:
        """Keep a fact that was applied if its life was ended; returns whether it was."""
        lives = self.ended.get(fact.user_id, [])
        if life >= len(lives):
            return False
        lives[life].facts.append(fact)
        return True

    def _before(self, user_id: str, record: Seen) -> tuple[int, int]:
        """How many of a customer's requests came before a record, by either order."""
        one, other = self._batches.ranks(record)
        requests = self.requests[user_id]
        return sum(it.ranks[0] < one for it in requests), sum(it.ranks[1] < other for it in requests)

    def _carry_out(self, record: Seen) -> None:
        given = json.loads(record.value or b"")
        user_id, closed = given["customer"], self.is_closed(given["customer"])
        if (given["type"] == "forget") == closed:
            return
        batches = self._batches
        order = record.partition, batches.ranks(record), batches.clock(record), batches.upto(record)
        carried = Carried(given["type"], given["reason"], *order)
        self.requests[user_id].append(carried)
        if not closed:
            self.ended[user_id].append(Life(carried))
