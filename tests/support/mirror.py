"""The input of a mirror in tests: profiles, rows, and a partition group that a test can change."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager

import pytest

from agents.batch import Batch, Outcome, Position
from agents.mirror import Mirror
from agents.observer import Committed
from agents.profile_sink import ProfileVersion, Row
from schemas.profile import Profile
from state.customer.customer import first_seen
from state.rules.rulebook import Rulebook
from state.timeline.tail import Tail
from state.timeline.timeline import Timeline
from streams.policy_file import load_rules
from tests.support.stages import STAGES

_END_SECONDS = 20.0


def profile(customer: str, seq: int, stage: str = "new", segments: Iterable[str] = ()) -> Profile:
    """Return a profile with something in each of its fields."""
    return Profile(
        user_id=customer,
        stage=stage,
        since="2017-01-01T00:00:00.000Z",
        why="orders 1",
        cause="m1",
        previous_stage="prospect",
        previous_since="2016-01-01T00:00:00.000Z",
        segments=dict.fromkeys(segments, "2017-01-01T00:00:00.000Z"),
        steps={},
        figures={"orders": 1},
        windows={"orders_90d": 1},
        holdout=None,
        measures={},
        traits={"city": "Łódź"},
        next_transition="at_risk" if seq % 2 else None,
        next_at="2017-12-03T00:00:00.000Z" if seq % 2 else None,
        as_of="2017-06-01T00:00:00.000Z",
        seq=seq,
        policy_version="retail@00000000",
    )


def row(customer: str, version: ProfileVersion, segments: Iterable[str] = (), gone: bool = False) -> Row:
    """Return a row whose profile follows from its version, as it does in a worker."""
    number = sum(version)
    seen = None if gone else profile(customer, number, STAGES[number % len(STAGES)], segments)
    return Row(customer, version, seen, b"snapshot")


RULES = load_rules(None)


class FakeGroup:
    """A partition group whose customers a test changes as it likes."""

    def __init__(self, keys: Iterable[bytes], partition: int = 0) -> None:
        self.partition = partition
        self.upto = 1_000_000
        self.records = 0
        self.timelines: dict[bytes, Timeline] = {}
        self.stages: Mapping[str, int] = {}
        for key in keys:
            self.change(key)

    @property
    def position(self) -> Position:
        """The position of the last commit."""
        return Position({"customer.purchases": self.records}, self.upto)

    def change(self, key: bytes) -> Committed:
        """Return one more commit, which changes one customer."""
        self.records += 1
        self.upto += 1
        before = self.timelines.get(key)
        seq = before.seq + 1 if before else 1
        customer = first_seen(self.upto)
        customer.stage = STAGES[seq % len(STAGES)]
        self.timelines[key] = Timeline(None, Tail(), [], customer, seq, 0, False)
        value = b'{"userId":"%s","seq":%d}' % (key, seq)
        outcome = Outcome(self.upto, changes={key: b""}, transitions=[(key, value, self.upto)])
        return Committed(Batch(self.partition, 1, [], self.upto), outcome, self.position, 0.0)

    def keys(self) -> Iterable[bytes]:
        """Return all customers."""
        return list(self.timelines)

    def snapshot(self, key: bytes) -> bytes | None:
        """Return the bytes of one customer."""
        return b"snapshot of " + key if key in self.timelines else None

    def rules_of(self, key: bytes) -> Rulebook:
        return RULES

    def timeline(self, key: bytes) -> Timeline | None:
        """Return one customer's timeline."""
        return self.timelines.get(key)


async def steps(number: int) -> None:
    """Let the event loop take so many steps."""
    for _ in range(number):
        await asyncio.sleep(0)


async def ends_when_cancelled(task: asyncio.Task[None]) -> bool:
    """Cancel a task once, and return whether it ends."""
    task.cancel()
    ended, _ = await asyncio.wait([task], timeout=_END_SECONDS)
    task.cancel()
    return bool(ended)


@asynccontextmanager
async def working(mirror: Mirror) -> AsyncIterator[None]:
    """Let a mirror write within the block."""
    task = asyncio.create_task(mirror.run())
    try:
        yield
    finally:
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
