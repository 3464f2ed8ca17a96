"""Present members and then what changes, beside a worker that changes them all the while: nothing is missed or twice.

Who joins was out, and who leaves was in: one message too many or too few, anywhere, breaks that.
"""

import asyncio
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from random import Random
from threading import Event, Thread
from typing import Any

import pytest
from aiokafka import AIOKafkaProducer
from redis import Redis

from schemas.instant import to_text
from streams.settings import Settings
from streams.sinks.redis import Keys
from streams.topics import topics_of
from tests.support.event_stream import Sent, listening, wait_until_it_streams
from tests.support.installation import Installation, installation, settings_for
from tests.support.servers import embedded_redis
from tests.support.serving import Server, serving
from tests.support.waiting import wait_until

CUSTOMERS = 1500
POLICY = """
name = "plans"
[[segments]]
key = "pro"
name = "Plan pro"
enter = 'traits.plan == "pro"'
[[ladders]]
key = "plan"
name = "Plan"
[[ladders.steps]]
key = "paid"
name = "Paid"
enter = 'traits.plan == "pro"'
"""


@dataclass
class Changing:
    """Changes the plan of some customers all the while, until it is stopped; ``plans`` are the last ones."""

    settings: Settings
    plans: dict[str, str] = field(default_factory=dict)
    pause: float = 0.02

    def __post_init__(self) -> None:
        self._stop = Event()
        self._thread = Thread(target=lambda: asyncio.run(self._run()))
        self.begun = Event()

    def start(self) -> None:
        """Give everybody a plan, and go on with a few of them."""
        self._thread.start()
        assert self.begun.wait(120)

    def stop(self) -> None:
        """Return when the last change is in the topic."""
        self._stop.set()
        self._thread.join()

    async def _run(self) -> None:
        topic = topics_of(self.settings).own_inputs[3]
        random = Random(5)
        async with AIOKafkaProducer(bootstrap_servers=self.settings.broker) as producer:

            async def change(customer: str, plan: str) -> None:
                self.plans[customer] = plan
                number = f"{customer}-{time.time_ns()}"
                value = {"type": "identify", "userId": customer, "messageId": number, "traits": {"plan": plan}}
                now = to_text(time.time_ns() // 1_000_000)
                await producer.send(topic, json.dumps({**value, "timestamp": now}).encode(), customer.encode())

            for number in range(CUSTOMERS):
                await change(f"c{number}", random.choice(("pro", "free")))
            await producer.flush()
            self.begun.set()
            while not self._stop.is_set():
                for _ in range(10):
                    customer = f"c{random.randrange(CUSTOMERS)}"
                    await change(customer, "free" if self.plans[customer] == "pro" else "pro")
                await producer.flush()
                await asyncio.sleep(self.pause)


@dataclass
class Followed:
    """Who is a member by what a stream has sent; fails for what cannot be true of a set."""

    members: dict[str, int] = field(default_factory=dict)
    changes: int = 0
    complete: bool = False
    last_id: str = ""

    def take(self, event: Sent) -> None:
        """Take an event over."""
        told: Any = event.json
        if event.name == "member":
            assert not self.complete
            assert told["userId"] not in self.members
            self.members[told["userId"]] = told["seq"]
        elif event.name == "members-complete":
            assert not self.complete
            self.complete = True
        else:
            self._change(told)
        assert event.last_id == "" or self.complete
        self.last_id = event.last_id

    def _change(self, told: Any) -> None:
        customer, properties = told["userId"], told["properties"]
        self.changes += 1
        if properties["to"] in ("in", "paid"):
            assert customer not in self.members, told
            self.members[customer] = properties["seq"]
        else:
            assert self.members.pop(customer, 10**9) < properties["seq"], told


@pytest.fixture(scope="module")
def at_work(embedded_broker: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Installation, Server]]:
    folder = tmp_path_factory.mktemp("members")
    (folder / "policy.toml").write_text(POLICY)
    prefix = f"members{time.time_ns()}-"
    with embedded_redis(folder) as redis:  # of its own, as a test empties it
        settings = settings_for(
            embedded_broker, prefix, embedded=True, redis_url=redis.address, policy=folder / "policy.toml", partitions=3
        )
        with installation(settings, folder) as made:
            made.start()
            with serving(settings, folder / "serve.log") as server:
                wait_until_it_streams(server)
                yield made, server


def read(server: Server, query: dict[str, str], followed: Followed, count: int, last_id: str = "") -> None:
    enough = followed.changes + count
    with listening(server.address, query, last_id=last_id) as stream:
        assert stream.status == 200
        while followed.changes < enough or not followed.complete:
            event = stream.next()
            assert event is not None, server.log.read_text()
            assert event.name != "dropped", event
            followed.take(event)


def test_members_and_then_their_changes_while_everything_changes(at_work: tuple[Installation, Server]) -> None:
    made, server = at_work
    redis = Redis.from_url(made.settings.redis_url, decode_responses=True)
    keys = Keys.of(made.settings)
    changing = Changing(made.settings)
    changing.start()
    try:
        wait_until(lambda: redis.hlen(keys.positions) == 3, what=made.logs)
        all_followed = []
        for number in range(12):
            if number == 4:  # up to here the mirror was far behind, and from here on by what comes in a second
                changing.pause = 0.2
                wait_until(lambda: all(int(it) > CUSTOMERS for it in redis.hvals(keys.positions)), what=made.logs)
            query = {"ladder": "plan", "step": "paid"} if number % 3 == 0 else {"segment": "pro"}
            followed = Followed()
            read(server, {**query, "members": "yes"}, followed, 40)
            # Cut off, it goes on behind the last id, and sends no members again.
            read(server, {**query, "members": "yes"}, followed, 40, followed.last_id)
            all_followed.append((query, followed))
    finally:
        changing.stop()
    members = {customer for customer, plan in changing.plans.items() if plan == "pro"}

    def caught_up() -> bool:
        return set(redis.smembers(keys.members("segment:pro"))) == members

    wait_until(caught_up, what=made.logs)
    for query, followed in all_followed:
        with listening(server.address, {**query, "members": "yes"}, last_id=followed.last_id) as stream:
            while set(followed.members) != members:
                event = stream.next()
                assert event is not None
                followed.take(event)


def test_without_changes_the_list_is_the_set_and_is_complete(at_work: tuple[Installation, Server]) -> None:
    made, server = at_work
    redis = Redis.from_url(made.settings.redis_url, decode_responses=True)
    keys = Keys.of(made.settings)
    for query, name in (({"stage": "prospect"}, "stage:prospect"), ({"segment": "pro"}, "segment:pro")):
        followed = Followed()
        with listening(server.address, {**query, "members": "yes"}) as stream:
            while not followed.complete:
                event = stream.next()
                assert event is not None
                followed.take(event)
                last = event
        assert set(followed.members) == redis.smembers(keys.members(name))
        assert last.json == {"members": len(followed.members)}
        assert last.last_id


def test_an_emptied_mirror_is_not_taken_for_an_empty_set(at_work: tuple[Installation, Server]) -> None:
    made, server = at_work
    redis = Redis.from_url(made.settings.redis_url, decode_responses=True)
    keys = Keys.of(made.settings)
    before = redis.smembers(keys.members("stage:prospect"))
    assert before
    redis.flushall()
    listed: set[str] = set()
    reasons = set()
    while not listed:
        followed = Followed()
        with listening(server.address, {"stage": "prospect", "members": "yes"}) as stream:
            for event in stream:
                if event.name == "dropped":
                    reasons.add(event.json["reason"])
                    break
                followed.take(event)
                if followed.complete:
                    listed = set(followed.members)
                    assert listed == before
                    break
    assert reasons <= {"members"}
