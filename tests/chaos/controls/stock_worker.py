"""A stock Faust worker: counts each customer's events in a table, and publishes the place of each event once.

``python -m tests.chaos.controls.stock_worker exactly_once``; it serves the pages that the harness asks for.
"""

import json
import os
import sys
import time
from typing import Any

import faust
from aiohttp.web import Response
from faust.types import TP

from schemas.instant import to_text
from streams.faust_driver.broker import faust_broker
from streams.settings import Settings
from streams.topics import topics_of

TABLE = "counts"


def build(settings: Settings, guarantee: str) -> faust.App:
    """The app, written as its own documentation would have it."""
    topics = topics_of(settings)
    raw: dict[str, Any] = {"key_type": bytes, "value_type": bytes, "key_serializer": "raw", "value_serializer": "raw"}
    app = faust.App(
        settings.app_id,
        broker=faust_broker(settings),
        processing_guarantee=guarantee,
        store="memory://",
        datadir=settings.data,
        topic_partitions=settings.partitions,
        topic_replication_factor=settings.replication,
        broker_session_timeout=settings.session_timeout,
        broker_heartbeat_interval=settings.session_timeout / 3,
        consumer_max_fetch_size=4 * 1024 * 1024,
        consumer_auto_offset_reset="earliest",
        web_host=settings.web_host,
        web_port=settings.web_port,
        worker_redirect_stdouts=False,
        autodiscover=False,
    )
    events = app.topic(*topics.inputs, partitions=settings.partitions, **raw)
    published = app.topic(topics.transitions, partitions=settings.partitions, **raw)
    counts = app.Table(TABLE, partitions=settings.partitions, default=int, key_type=bytes, value_type=int)
    passed: dict[TP, int] = {}

    @app.agent(events)
    async def count(stream: Any) -> None:
        async for event in stream.events():
            message = event.message
            counts[event.key or b"nobody"] += 1
            place = f"{message.topic}:{message.partition}:{message.offset}".encode()
            await published.send(key=event.key, value=place, partition=message.partition)
            passed[message.tp] = message.offset + 1

    async def health(_view: Any, _request: Any) -> Any:
        return _health(app, passed, topics.inputs)

    async def metrics(_view: Any, _request: Any) -> Any:
        return Response(text=f'lifestage_events_total{{outcome="applied"}} {float(sum(passed.values()))}\n')

    app.page("/health", name="/health")(health)
    app.page("/metrics", name="/metrics")(metrics)
    return app


def _health(app: faust.App, passed: dict[TP, int], inputs: tuple[str, ...]) -> Response:
    consumer: Any = app.consumer
    assigned = [tp for tp in consumer.assignment() if tp.topic in inputs]
    lag = sum(max(0, (consumer.highwater(tp) or 0) - passed.get(tp, 0)) for tp in assigned if tp in passed)
    at_work = not app.rebalancing and consumer.flow_active
    state = {"state": "open" if at_work else "opening", "upto": to_text(time.time_ns() // 1_000_000), "reason": ""}
    partitions = {str(tp.partition): state for tp in assigned}
    answer = {"ready": at_work, "partitions": partitions, "lag_records": lag, "mirror": None}
    return Response(text=json.dumps(answer), content_type="application/json")


def main() -> None:
    app = build(Settings.from_environment(os.environ), sys.argv[1])
    faust.Worker(app, loglevel="INFO", override_logging=False, quiet=True).execute_from_commandline()


if __name__ == "__main__":
    main()
