"""The transaction of a modelled worker: each step asks the world which fault happens here."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from agents.commit import KeyedValue
from streams.partitions.position import POSITION_KEY
from tests.chaos.matrix.log import Row

if TYPE_CHECKING:
    from tests.chaos.matrix.world import World

_NEVER = 1e6


class CrashedError(BaseException):
    """The process that meets this is gone: nothing of it may run on."""


class ModelTransaction:
    """Takes the place of ``GroupTransaction``."""

    def __init__(self, world: "World", instance: str) -> None:
        self._world = world
        self._instance = instance
        self._epoch = -1
        self._lost = False
        self._end = 0
        self.changelog_end = 0
        self.transitions_end = 0

    async def fence(self) -> None:
        def effect() -> None:
            self._epoch = self._world.log.fence()

        await self._step("fence", effect)

    async def begin(self) -> None:
        self._lost = False
        await self._step("begin", lambda: None)

    async def send_changes(self, changes: Mapping[bytes, bytes | None], marker: bytes) -> None:
        def effect() -> None:
            rows: list[Row] = [*changes.items(), (POSITION_KEY, marker)]
            self._end = self._world.log.append(self._epoch, "changes", rows)

        await self._step("send_changes", effect)

    async def send_transitions(self, transitions: Sequence[KeyedValue]) -> None:
        await self._step("send_transitions", self._sending("transitions", transitions))

    async def send_rejects(self, rejects: Sequence[KeyedValue]) -> None:
        await self._step("send_rejects", self._sending("rejects", rejects))

    async def send_account_events(self, events: Sequence[KeyedValue], upto: int, *, final: bool) -> None:
        await self._step("send_account_events", self._sending("account_events", events))

    async def acknowledged(self) -> None:
        await self._step("acknowledged", lambda: None)
        if self._lost:
            raise ConnectionError("a record did not arrive")
        self.changelog_end = self._end

    async def commit(self) -> None:
        await self._step("commit", lambda: self._world.log.commit(self._epoch))

    async def discard(self) -> None:
        try:
            await self._step("discard", lambda: self._world.log.abort(self._epoch))
        except Exception:
            return

    def _sending(self, topic: str, records: Sequence[KeyedValue]) -> Callable[[], None]:
        def effect() -> None:
            if records:
                self._world.log.append(self._epoch, topic, [(key, value) for key, value, _ in records])

        return effect

    async def _step(self, name: str, effect: Callable[[], None]) -> None:
        fault = self._world.due(self._instance, name, "before")
        if fault is not None and fault.kind == "lost":
            # The client learns of it only when it looks at what became of its sends.
            self._lost = True
            return
        await self._meet(fault.kind if fault else "", effect)
        await asyncio.sleep(0)
        self._world.must_live(self._instance)
        effect()
        fault = self._world.due(self._instance, name, "after")
        await self._meet(fault.kind if fault else "", lambda: None)

    async def _meet(self, kind: str, effect: Callable[[], None]) -> None:
        if kind == "crash":
            self._world.crash(self._instance)
        elif kind == "error":
            raise ConnectionError("the step failed")
        elif kind == "hang":
            await asyncio.sleep(_NEVER)
        elif kind == "late":
            try:
                await asyncio.sleep(_NEVER)
            finally:
                self._attempt(effect)
        elif kind == "belated":
            asyncio.get_running_loop().call_later(self._world.settings.batch_timeout + 1, self._attempt, effect)
            await asyncio.sleep(_NEVER)
        elif kind in ("fenced", "replaced"):
            await self._world.take_over(1 if kind == "fenced" else None)

    def _attempt(self, effect: Callable[[], None]) -> None:
        try:
            effect()
        except Exception:
            return
