"""How many events a second does a worker get through, beside a stock Faust app on the same broker?

    python -m bench.throughput [CUSTOMERS]

Both read the same real orders, on one process each, one after the other, from the broker in LIFESTAGE_BROKER or an
embedded one (which is unkind to the peer: it answers single sends slowly). Ours decides lifecycle and segments and
publishes transitions in transactions; the peer only counts, with Faust's defaults.
"""

import asyncio
import os
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from aiokafka import AIOKafkaConsumer, TopicPartition

from streams.child_process import running
from streams.embedded import free_port, kafka_broker
from streams.replay import replay
from streams.settings import Settings
from streams.sources.named import open_source
from streams.sources.source import PURCHASES, Source
from streams.topics import create, topics_of

WAIT_SECONDS = 300.0


async def ends(settings: Settings, topic: str) -> int:
    """How many offsets a topic has."""
    consumer = AIOKafkaConsumer(bootstrap_servers=settings.broker)
    await consumer.start()
    try:
        partitions = await _partitions(consumer, topic)
        return sum((await consumer.end_offsets(partitions)).values()) if partitions else 0
    finally:
        await consumer.stop()


async def _partitions(consumer: AIOKafkaConsumer, topic: str) -> list[TopicPartition]:
    known = consumer.partitions_for_topic(topic) or set()
    if not known and topic in await consumer.topics():
        known = consumer.partitions_for_topic(topic) or set()
    return [TopicPartition(topic, number) for number in sorted(known)]


async def seconds_of_work(settings: Settings, topic: str, is_done: Callable[[int], bool]) -> float:
    """From the first record in an output topic to the moment it is done."""
    started, deadline = None, time.monotonic() + WAIT_SECONDS
    while time.monotonic() < deadline:
        reached = await ends(settings, topic)
        if started is None and reached:
            started = time.monotonic()
        if started is not None and is_done(reached):
            return time.monotonic() - started
        await asyncio.sleep(0.05)
    raise TimeoutError(f"{topic} was not finished in {WAIT_SECONDS:.0f} s")


def watch(settings: Settings, events: int, program: list[str], folder: Path, environment: dict[str, str]) -> float:
    """Events a second of one program."""
    topic = environment["BENCH_OUT"]
    quiet: list[tuple[float, int]] = []

    def is_done(reached: int) -> bool:
        if environment.get("BENCH_COUNT"):
            return reached >= int(environment["BENCH_COUNT"])
        quiet.append((time.monotonic(), reached))
        return time.monotonic() - next(at for at, seen in quiet if seen == reached) > 3.0

    with running(program, log=folder / f"{Path(program[-1]).name}.log", environment={**os.environ, **environment}):
        spent = asyncio.run(seconds_of_work(settings, topic, is_done))
    return events / (spent - (0 if environment.get("BENCH_COUNT") else 3.0))


def main() -> None:
    """Print both rates and the ratio."""
    customers = int(sys.argv[1]) if len(sys.argv) > 1 else 500
    whole = open_source("complete-journey", customers=customers)
    source = Source(whole.name, whole.title, [it for it in whole.events if it.topic == PURCHASES])
    given = os.environ.get("LIFESTAGE_BROKER")
    prefix = f"bench-{os.getpid()}-"
    with tempfile.TemporaryDirectory() as name, ExitStack() as servers:
        folder = Path(name)
        address = given or servers.enter_context(kafka_broker(folder)).address
        settings = replace(
            Settings(),
            broker=address,
            redis_url="",
            clock="stream",
            app_id=f"{prefix}app",
            topic_prefix=prefix,
            embedded=given is None,
        )
        asyncio.run(create(settings))
        asyncio.run(replay(source, settings, lambda _: None))
        topics = topics_of(settings)
        common = {
            "LIFESTAGE_BROKER": settings.broker,
            "LIFESTAGE_PARTITIONS": str(settings.partitions),
            "LIFESTAGE_REDIS_URL": "",
            "LIFESTAGE_CLOCK": "stream",
            "LIFESTAGE_EMBEDDED": "no" if given else "yes",
            "LIFESTAGE_APP_ID": settings.app_id,
            "LIFESTAGE_TOPIC_PREFIX": prefix,
            "LIFESTAGE_WEB_PORT": str(free_port()),
            "LIFESTAGE_INSTANCE": "bench",
        }
        ours = watch(
            settings,
            len(source.events),
            [sys.executable, "-c", "from streams.command_line import main; main()", "worker"],
            folder,
            # The clock starts with the first commit: small batches, so that little is done before it.
            {**common, "BENCH_OUT": topics.transitions, "LIFESTAGE_BATCH_RECORDS": "250"},
        )
        print(f"lifestage worker   {ours:8,.0f} events/s, deciding and publishing in transactions")
        app = f"{prefix}stock"
        theirs = watch(
            settings,
            len(source.events),
            [sys.executable, "-m", "bench.stock_faust", "worker", "--without-web"],
            folder,
            {
                **common,
                "BENCH_APP": app,
                "BENCH_TOPIC": topics.inputs[0],
                "BENCH_DATA": str(folder / app),
                "BENCH_OUT": f"{app}-counted",
                "BENCH_COUNT": str(len(source.events)),
            },
        )
        print(f"stock Faust        {theirs:8,.0f} events/s, counting, at least once")
        print(f"ratio              {ours / theirs:8.1f}")


if __name__ == "__main__":
    main()
