"""A real worker that traces: the spans of its batches arrive at a collector over OTLP, and hold no customer."""

import asyncio
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import orjson
import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import KeyValue
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from schemas.instant import to_text
from streams.embedded.child_process import stop
from streams.embedded.ports import HOST, free_port
from streams.partitioner import partition_by
from streams.settings import Settings
from streams.topics import topics_of
from tests.support.kafka_records import topics_made, write
from tests.support.topics import read
from tests.support.waiting import wait_until
from tests.support.workers import Worker


class Collector(ThreadingHTTPServer):
    """A collector that keeps what it is sent."""

    def __init__(self) -> None:
        super().__init__((HOST, 0), _Answer)
        self.bodies: list[bytes] = []
        self.endpoint = f"http://{HOST}:{self.server_address[1]}"

    @property
    def requests(self) -> list[ExportTraceServiceRequest]:
        return [ExportTraceServiceRequest.FromString(it) for it in list(self.bodies)]

    @property
    def spans(self) -> list[Span]:
        return [
            span
            for request in self.requests
            for resource in request.resource_spans
            for scope in resource.scope_spans
            for span in scope.spans
        ]


class _Answer(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        assert isinstance(self.server, Collector)
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.path == "/v1/traces" and self.headers["Content-Type"] == "application/x-protobuf":
            self.server.bodies.append(body)
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Print nothing."""


@pytest.fixture
def collector() -> Iterator[Collector]:
    with Collector() as server:
        serving = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        serving.start()
        yield server
        server.shutdown()
        serving.join()


@pytest.fixture
def settings(embedded_broker: str, topic_prefix: str) -> Settings:
    return replace(topics_made(embedded_broker, topic_prefix), redis_url="")


def attributes(of: Iterator[KeyValue]) -> dict[str, str | int]:
    return {it.key: it.value.string_value or it.value.int_value for it in of}


def ordered(settings: Settings, customers: int) -> None:
    now = time.time_ns() // 1_000_000
    topic = topics_of(settings).inputs[0]
    partition_of = partition_by("murmur2", settings.partitions)
    records = []
    for number in range(customers):
        customer = f"very-private-{number}"
        value = {
            "type": "track",
            "event": "Order Completed",
            "messageId": f"m{number}",
            "userId": customer,
            "timestamp": to_text(now),
            "properties": {"order_id": f"o{number}", "total": 10},
        }
        records.append((topic, partition_of(customer.encode()), customer.encode(), orjson.dumps(value), now))
    write(settings, records)


def test_every_batch_of_a_worker_arrives_as_a_span(settings: Settings, collector: Collector, tmp_path: Path) -> None:
    variables = {
        "OTEL_EXPORTER_OTLP_ENDPOINT": collector.endpoint,
        "OTEL_BSP_SCHEDULE_DELAY": "100",
        "OTEL_RESOURCE_ATTRIBUTES": "deployment.environment.name=test",
    }
    worker = Worker.start(settings, tmp_path, "one", variables=variables)
    try:
        wait_until(lambda: worker.page("/ready")[0] == 200, what=worker.log.read_text)
        ordered(settings, 40)

        def told() -> dict[str, int]:
            found = [attributes(it.attributes) for it in collector.spans]
            return {
                name: sum(int(it[name]) for it in found)
                for name in ("messaging.batch.message_count", "lifestage.transitions", "lifestage.customers")
                if found
            }

        wait_until(lambda: told().get("messaging.batch.message_count") == 40, what=lambda: (told(), collector.bodies))
        published = asyncio.run(read(settings, topics_of(settings).transitions))
        assert told() == {
            "messaging.batch.message_count": 40,
            "lifestage.transitions": len(published),
            "lifestage.customers": 40,
        }
    finally:
        stop(worker.process)
    assert worker.process.returncode == 0
    assert {it.name for it in collector.spans} == {"batch"}
    assert {attributes(it.attributes)["messaging.destination.partition.id"] for it in collector.spans} == {"0", "1"}
    assert all(0 < it.end_time_unix_nano - it.start_time_unix_nano < 60e9 for it in collector.spans)
    resource = attributes(collector.requests[0].resource_spans[0].resource.attributes)
    assert resource["service.name"] == settings.app_id
    assert resource["service.instance.id"] == "one"
    assert resource["deployment.environment.name"] == "test"
    assert not any(b"very-private" in body for body in collector.bodies)


def test_a_collector_that_is_away_holds_up_neither_the_stream_nor_the_end(settings: Settings, tmp_path: Path) -> None:
    away = {"OTEL_EXPORTER_OTLP_ENDPOINT": f"http://{HOST}:{free_port()}", "OTEL_BSP_SCHEDULE_DELAY": "100"}
    worker = Worker.start(settings, tmp_path, "one", variables=away)
    try:
        wait_until(lambda: worker.page("/ready")[0] == 200, what=worker.log.read_text)
        ordered(settings, 10)
        wait_until(lambda: worker.health().get("tally", {}).get("applied") == 10, what=worker.log.read_text)
    finally:
        stop(worker.process, grace=60)
    assert worker.process.returncode == 0, worker.log.read_text()
