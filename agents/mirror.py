"""The mirror: a copy of each customer's newest profile for others to read, written without delaying the stream."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass

from agents.batch import Position
from agents.cancellation import raise_if_cancelled
from agents.mirror_queue import CustomerKey, MirrorQueue
from agents.observer import Committed, Customers
from agents.profile_sink import MirrorLostError, ProfileSink, ProfileVersion, Row
from state.rules.retention import is_forgotten

logger = logging.getLogger(__name__)

MAX_AT_ONCE = 400
BUILT_AT_ONCE = 20
REST_PER_WORK = 3.0
MIN_REST = 0.05
CHECK_SECONDS = 1.0
FIRST_BACKOFF = 0.5
MAX_BACKOFF = 5.0
TELL_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class MirrorStatus:
    """The state of the mirror. ``dropped``: transitions given up because too many waited; ``trouble``: why it waits."""

    connected: bool
    waiting: int
    written: int
    failures: int
    unreadable: int
    dropped: int
    trouble: str


@dataclass(slots=True)
class _MirroredGroup:
    customers: Customers
    position: Position
    told: int

    @property
    def version(self) -> ProfileVersion:
        return self.position.upto, sum(self.position.positions.values())


def _from_the_beginning(_partition: int) -> int:
    return 0


class Mirror:
    """An observer that writes the customers who changed; only keys are queued, and a profile is read when written.

    ``clock`` counts seconds from any start. ``transitions_end`` returns for a partition an offset of the transitions
    topic before which all that is committed has been shown. While customers wait, the mirror works at most a quarter of
    the time.
    """

    def __init__(
        self,
        sink: ProfileSink,
        clock: Callable[[], float],
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        transitions_end: Callable[[int], int] = _from_the_beginning,
    ) -> None:
        self._sink = sink
        self._clock = clock
        self._sleep = sleep
        self._transitions_end = transitions_end
        self._groups: dict[int, _MirroredGroup] = {}
        self._queue = MirrorQueue()
        self._wake = asyncio.Event()
        self._identity = ""
        self._reached: dict[int, int] = {}
        self._noted: dict[int, int] = {}
        self._checked_at = float("-inf")
        self._connected = False
        self._trouble = "not connected yet"
        self._written = self._failures = self._unreadable = self._told_unreadable = 0
        self._told_at = clock()
        self._last_error: tuple[int, Exception] | None = None

    @property
    def status(self) -> MirrorStatus:
        """The state of the mirror at this moment."""
        return MirrorStatus(
            connected=self._connected,
            waiting=len(self._queue),
            written=self._written,
            failures=self._failures,
            unreadable=self._unreadable,
            dropped=self._queue.dropped,
            trouble=self._trouble,
        )

    def opened(self, partition: int, position: Position, customers: Customers) -> None:
        """Enqueue all customers of a group that was restored.

        This includes a group that this worker kept: another worker may have had it in between, and ended before it
        wrote.
        """
        self._groups[partition] = _MirroredGroup(customers, position, self._transitions_end(partition))
        self._queue.rewrite(partition, customers.keys())
        self._wake.set()

    def committed(self, committed: Committed) -> None:
        """Enqueue the customers that a batch changed."""
        partition = committed.batch.partition
        group = self._groups.get(partition)
        if group is not None:
            group.position = committed.position
            group.told = self._transitions_end(partition)
            if committed.outcome.changes:
                self._queue.add(partition, committed.outcome)
                self._wake.set()

    def closed(self, partition: int) -> None:
        """Leave a group to its next owner, which writes all of it again."""
        self._groups.pop(partition, None)
        self._queue.drop(partition)
        self._reached.pop(partition, None)
        self._noted.pop(partition, None)

    async def run(self) -> None:
        """Write until cancelled, also after failures of the sink; then close the sink."""
        backoff = FIRST_BACKOFF
        try:
            while True:
                try:
                    worked = await self._round()
                except Exception as error:  # no failure here may affect the stream
                    self._lost(error)
                    await self._rest(backoff)
                    backoff = min(2 * backoff, MAX_BACKOFF)
                    continue
                backoff = FIRST_BACKOFF
                await self._rest(max(MIN_REST, REST_PER_WORK * worked))
                if not self._queue:
                    await self._pause()
        finally:
            await self._sink.close()

    async def _rest(self, seconds: float) -> None:
        raise_if_cancelled()
        await self._sleep(seconds)

    async def _pause(self) -> None:
        self._wake.clear()
        with suppress(TimeoutError):
            async with asyncio.timeout(CHECK_SECONDS):
                await self._wake.wait()

    async def _round(self) -> float:
        began = self._clock()
        if not self._connected or began - self._checked_at >= CHECK_SECONDS:
            await self._check()
        taken = self._queue.take(MAX_AT_ONCE)
        # Whoever changed before these ends is written already, or among those taken.
        ends = {it: (group, group.told) for it, group in self._groups.items() if not self._queue.waits(it)}
        try:
            rows = await self._build_rows(taken)
            if rows:
                await self._sink.write(rows)
        except BaseException:
            for (partition, key), transitions in taken.items():
                if partition in self._groups:
                    self._queue.put_back(partition, key, transitions)
            raise
        self._written += len(rows)
        self._tell_unreadable()
        # A group that was closed and opened again meanwhile may have been left out in between.
        self._reached |= {it: end for it, (group, end) in ends.items() if self._groups.get(it) is group}
        return self._clock() - began

    async def _check(self) -> None:
        identity = await self._sink.identity()
        self._checked_at = self._clock()
        emptied = identity != self._identity
        if emptied:
            self._reached, self._noted = {}, {}
            for partition, group in self._groups.items():
                self._queue.rewrite(partition, group.customers.keys())
        if emptied or not self._connected:
            why = "the mirror is new, emptied or restarted" if emptied else "the mirror answers again"
            logger.info("%s: %d customers wait to be written", why, len(self._queue))
        self._identity, self._connected, self._trouble = identity, True, ""
        # Only after another look whether all that was written is still there.
        if noting := {it: end for it, end in self._reached.items() if self._noted.get(it) != end}:
            await self._sink.reached(identity, noting)
            self._noted |= noting

    async def _build_rows(self, taken: dict[CustomerKey, list[bytes]]) -> list[Row]:
        rows = []
        for number, ((partition, key), transitions) in enumerate(taken.items(), start=1):
            if number % BUILT_AT_ONCE == 0:
                await asyncio.sleep(0)  # a profile takes tens of microseconds: let the stream in between
            group = self._groups.get(partition)
            if group is None:
                continue
            try:
                rows.append(self._row(group, key, transitions))
            except Exception as error:  # one unreadable customer must not hold up the others
                self._unreadable += 1
                self._last_error = partition, error
        return rows

    def _tell_unreadable(self) -> None:
        """Log those who could not be read: once all that waited is written, or each minute, and not one by one."""
        now, count = self._clock(), self._unreadable - self._told_unreadable
        if not count or self._last_error is None or (self._queue and now - self._told_at < TELL_SECONDS):
            return
        partition, error = self._last_error
        logger.error(
            "%d customers cannot be mirrored, the last of them of partition %d: %s: %s",
            count,
            partition,
            type(error).__name__,
            error,
            extra={"partition": partition},
        )
        self._told_at, self._told_unreadable = now, self._unreadable

    def _row(self, group: _MirroredGroup, key: bytes, transitions: Sequence[bytes]) -> Row:
        customer = key.decode()
        timeline = group.customers.timeline(key)
        if timeline is None or is_forgotten(timeline.head):
            return Row(customer, group.version, None, transitions=transitions)
        upto = group.position.upto
        # As it was committed: who has not been taken over by a new policy yet is told as under the one before.
        rules = group.customers.rules_of(key)
        profile = rules.profiles.profile(timeline.head, user_id=customer, seq=timeline.seq, at=upto)
        snapshot = group.customers.snapshot(key) or b""
        return Row(customer, group.version, profile, snapshot, transitions, timeline.head.first_event_at)

    def _lost(self, error: Exception) -> None:
        self._failures += 1
        expected = isinstance(error, MirrorLostError)
        trouble = str(error) if expected else f"the mirror failed: {type(error).__name__}"
        if trouble != self._trouble:
            logger.warning(
                "%s; the stream goes on, %d customers wait, trying again",
                trouble,
                len(self._queue),
                exc_info=None if expected else error,
            )
        self._connected, self._trouble = False, trouble
