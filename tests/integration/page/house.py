"""An installation with a page: broker, Redis, worker and server, and a half year that was played through it."""

import asyncio
import json
import subprocess
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any

from schemas.instant import to_text
from streams.embedded.child_process import start, stop
from streams.embedded.ports import HOST, free_port
from streams.embedded.servers import Server
from streams.replay.replay import replay
from streams.settings import Settings
from streams.sources import simulated
from streams.sources.source import Source, SourceEvent
from tests.support import servers, serving
from tests.support.installation import Installation, installation, settings_for
from tests.support.redis_node import RedisNode
from tests.support.waiting import wait_until
from tests.support.workers import LIFESTAGE, environment

HOSTILE = "<img src=x onerror=\"document.title='taken'\">"
BOUGHT = "sim-000003"
_TAKEN_FOR_HOSTILE = b"sim-000007"
_CUSTOMERS, _DAYS, _SEED = 40, 180, 5
_DAY = 86_400_000


class House:
    """The servers, and what happens in them."""

    def __init__(self, made: Installation, broker: Server, redis: RedisNode, folder: Path) -> None:
        self.made = made
        self.settings: Settings = made.settings
        self.broker = broker
        self.redis = redis
        self._folder = folder
        self._port = free_port()
        self._server: subprocess.Popen[bytes] | None = None
        self.now = 0
        self._made = 0

    @property
    def address(self) -> str:
        """The address of the server."""
        return f"http://{HOST}:{self._port}"

    @property
    def log(self) -> Path:
        """The log of the server."""
        return self._folder / "serve.log"

    @cached_property
    def names(self) -> dict[str, str]:
        """The names of segments by their keys."""
        return {it["key"]: it["name"] for it in self.json("/page/legend.json")["segments"]}

    def serve(self) -> None:
        """Start the server; it answers afterwards."""
        with self.log.open("ab") as output:
            given = environment(self.settings, LIFESTAGE_SERVE_PORT=str(self._port))
            self._server = start((*LIFESTAGE, "serve"), output=output, environment=given)
        server = serving.Server(self.address, self._server, self.log)

        def answers() -> bool:
            try:
                return server.get("/live").status == 200 and server.get("/v1/history/recent").status == 200
            except OSError:
                return False

        wait_until(answers, what=self.log.read_text)

    def kill_server(self) -> None:
        """Kill the server."""
        assert self._server is not None
        self._server.kill()
        self._server.wait()

    def close(self) -> None:
        """End the server."""
        if self._server is not None:
            stop(self._server)

    def get(self, path: str) -> serving.Answer:
        """Ask the server."""
        assert self._server is not None
        return serving.Server(self.address, self._server, self.log).get(path)

    def json(self, path: str) -> Any:
        """Ask the server for JSON."""
        answer = self.get(path)
        assert answer.status == 200, answer
        return answer.json

    def play(self, events: Sequence[SourceEvent]) -> None:
        """Send events, and wait until all of them are decided and in Redis."""

        async def played() -> None:
            await replay(Source("house", "house", events), self.settings, lambda progress: None)
            self.now = events[-1].instant
            await self.made.wait_until_done(self.now)
            await self.made.until_healths(
                lambda healths: all(it and it["mirror"]["waiting"] == 0 for it in healths.values())
            )

        # The browser has the loop of this thread.
        with ThreadPoolExecutor(1) as thread:
            thread.submit(lambda: asyncio.run(played())).result()

    def order(self, customer: str) -> str:
        """Let a customer order a day later; returns the id of the order, which is new."""
        self._made += 1
        order = f"live-{self._made}"
        event = {
            "type": "track",
            "event": "Order Completed",
            "messageId": order,
            "userId": customer,
            "timestamp": to_text(self.now + _DAY),
            "properties": {"order_id": order, "total": 40.0, "currency": "USD", "products": []},
        }
        self.play([SourceEvent(self.now + _DAY, "purchases", customer.encode(), json.dumps(event).encode())])
        return order


@contextmanager
def house(folder: Path) -> Iterator[House]:
    """Build one, and play the half year."""
    (folder / "redis").mkdir(parents=True)
    redis = RedisNode(folder / "redis")
    try:
        with servers.embedded_kafka(folder) as broker:
            settings = settings_for(broker.address, "page-", partitions=2, clock="stream", embedded=True)
            with installation(replace(settings, redis_url=redis.url), folder) as made:
                made.start()
                built = House(made, broker, redis, folder)
                try:
                    built.serve()
                    built.play(_half_year())
                    yield built
                finally:
                    built.close()
    finally:
        redis.close()


def _half_year() -> list[SourceEvent]:
    hostile = HOSTILE.encode()
    events = [
        it._replace(key=hostile, value=it.value.replace(_TAKEN_FOR_HOSTILE, json.dumps(HOSTILE)[1:-1].encode()))
        if it.key == _TAKEN_FOR_HOSTILE
        else it
        for it in simulated.events(_CUSTOMERS, _DAYS, _SEED)
    ]
    bad = {
        "type": "track",
        "event": "Order Completed",
        "messageId": "bad",
        "userId": BOUGHT,
        "timestamp": to_text(events[-1].instant),
        "properties": {"order_id": "bad", "total": "<b>four</b>"},
    }
    return [*events, SourceEvent(events[-1].instant, "purchases", BOUGHT.encode(), json.dumps(bad).encode())]
