"""Mirror: copies each customer's newest profile to where others read it, behind the stream and never in its way."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from agents.batch import Outcome
from agents.mirror_queue import MirrorQueue, Place
from schemas.profile import Profile
from state.features.profile import build_profile
from state.rules.rulebook import Rulebook
from state.timeline.timeline import Timeline

log = logging.getLogger(__name__)

MAX_AT_ONCE = 400
BUILT_AT_ONCE = 20
REST_PER_WORK = 3.0
MIN_REST = 0.05
CHECK_SECONDS = 1.0
FIRST_BACKOFF = 0.5
MAX_BACKOFF = 5.0

Position = tuple[int, int]


class MirrorLostError(Exception):
    """The mirror cannot be reached or cannot be written; the message says what was tried."""


@dataclass(frozen=True, slots=True)
class Row:
    """What is to be written of one customer.

    ``profile`` is None for one who is gone. ``position`` is the group's when the profile was read. ``announcements``
    are the values of the transitions topic since the last row.
    """

    customer: str
    position: Position
    profile: Profile | None
    announcements: Sequence[bytes] = ()


class Customers(Protocol):
    """The customers of one partition group as of its last commit."""

    def position(self) -> Position:
        """``upto``, and how many records lie behind the group's marker: neither ever goes back, in any owner."""

    def keys(self) -> Iterable[bytes]:
        """Every customer."""

    def timeline(self, key: bytes) -> Timeline | None:
        """One customer, None when there is none. May raise ``ValueError`` for bytes that cannot be read."""


class ProfileSink(Protocol):
    """What is written to. An older position must never take the place of a newer one."""

    async def identity(self) -> str:
        """A text that changes whenever what was written may be gone. Raises ``MirrorLostError``."""

    async def write(self, rows: Sequence[Row]) -> None:
        """Write all rows and announce what they announce. Raises ``MirrorLostError``; some may be written then."""


@dataclass(frozen=True, slots=True)
class MirrorStatus:
    """How the mirror fares. ``dropped``: announcements given up because too many waited; ``trouble``: why it waits."""

    connected: bool
    waiting: int
    written: int
    failures: int
    unreadable: int
    dropped: int
    trouble: str


class Mirror:
    """Writes the customers that wait. Only their keys wait: what is written is what is true at that moment.

    ``now`` counts seconds from any start. While customers wait, the mirror works at most a quarter of the time.
    """

    def __init__(
        self,
        glass: ProfileSink,
        rules: Rulebook,
        now: Callable[[], float],
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._glass = glass
        self._rules = rules
        self._now = now
        self._sleep = sleep
        self._groups: dict[int, Customers] = {}
        self._waiting = MirrorQueue()
        self._woken = asyncio.Event()
        self._identity = ""
        self._checked_at = float("-inf")
        self._connected = False
        self._trouble = "not connected yet"
        self._written = self._failures = self._unreadable = 0

    @property
    def status(self) -> MirrorStatus:
        """How the mirror fares at this moment."""
        waiting = self._waiting
        return MirrorStatus(
            connected=self._connected,
            waiting=len(waiting),
            written=self._written,
            failures=self._failures,
            unreadable=self._unreadable,
            dropped=waiting.dropped,
            trouble=self._trouble,
        )

    def open(self, partition: int, customers: Customers) -> None:
        """Begin with a group whose state is restored: all of its customers are written again, in the background.

        Also with one that was kept: in between, another worker may have had it, and ended before it wrote.
        """
        self._groups[partition] = customers
        self._waiting.rewrite(partition, customers.keys())
        self._woken.set()

    def close(self, partition: int) -> None:
        """Leave a group to its next owner, who writes it all again."""
        self._groups.pop(partition, None)
        self._waiting.leave(partition)

    def enqueue(self, partition: int, outcome: Outcome) -> None:
        """Take note of a committed outcome: cheap, and never fails."""
        if partition in self._groups and outcome.changes:
            self._waiting.add(partition, outcome)
            self._woken.set()

    async def run(self) -> None:
        """Write for ever, whatever becomes of the other side."""
        backoff = FIRST_BACKOFF
        while True:
            try:
                worked = await self._round()
            except Exception as error:  # whatever it is, the stream must not notice
                self._lose(error)
                await self._sleep(backoff)
                backoff = min(2 * backoff, MAX_BACKOFF)
                continue
            backoff = FIRST_BACKOFF
            await self._sleep(max(MIN_REST, REST_PER_WORK * worked))
            if not self._waiting:
                await self._pause()

    async def _pause(self) -> None:
        self._woken.clear()
        try:
            await asyncio.wait_for(self._woken.wait(), CHECK_SECONDS)
        except TimeoutError:
            return

    async def _round(self) -> float:
        began = self._now()
        if not self._connected or began - self._checked_at >= CHECK_SECONDS:
            await self._check()
        taken = self._waiting.take(MAX_AT_ONCE)
        try:
            rows = await self._build_rows(taken)
            if rows:
                await self._glass.write(rows)
        except BaseException:
            for (partition, key), announcements in taken.items():
                if partition in self._groups:
                    self._waiting.put_back(partition, key, announcements)
            raise
        self._written += len(rows)
        return self._now() - began

    async def _check(self) -> None:
        identity = await self._glass.identity()
        self._checked_at = self._now()
        emptied = identity != self._identity
        if emptied:
            for partition, customers in self._groups.items():
                self._waiting.rewrite(partition, customers.keys())
        if emptied or not self._connected:
            why = "the mirror is new, emptied or restarted" if emptied else "the mirror answers again"
            log.info("%s: %d customers wait to be written", why, len(self._waiting))
        self._identity, self._connected, self._trouble = identity, True, ""

    async def _build_rows(self, taken: dict[Place, list[bytes]]) -> list[Row]:
        rows = []
        for number, ((partition, key), announcements) in enumerate(taken.items(), start=1):
            if number % BUILT_AT_ONCE == 0:
                await asyncio.sleep(0)  # a build_profile takes tens of microseconds: let the stream in between
            customers = self._groups.get(partition)
            if customers is None:
                continue
            try:
                rows.append(self._row(customers, key, announcements))
            except Exception:  # one unreadable customer must not hold up the others
                self._unreadable += 1
                log.exception("a customer of partition %d cannot be mirrored", partition)
        return rows

    def _row(self, customers: Customers, key: bytes, announcements: Sequence[bytes]) -> Row:
        customer = key.decode()
        position = customers.position()
        timeline = customers.timeline(key)
        if timeline is None:
            return Row(customer, position, None, announcements)
        rules = self._rules
        seen = build_profile(
            timeline.head, customer, timeline.seq, position[0], rules.version, rules.compiled.catalogue
        )
        return Row(customer, position, seen, announcements)

    def _lose(self, error: Exception) -> None:
        self._failures += 1
        expected = isinstance(error, MirrorLostError)
        trouble = str(error) if expected else f"the mirror failed: {type(error).__name__}"
        if trouble != self._trouble:
            trace = None if expected else error
            log.warning(
                "%s; the stream goes on, %d customers wait, trying again", trouble, len(self._waiting), exc_info=trace
            )
        self._connected, self._trouble = False, trouble
