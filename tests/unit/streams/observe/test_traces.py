"""Traces: what a span says of a batch, and that nothing is sent, nor could be, while nobody asks for it."""

import subprocess
import sys
from dataclasses import replace

import pytest
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from agents.observer import Committed
from streams.observe.traces import Traces, traces
from streams.settings import Settings
from tests.support.observed import CUSTOMER, committed


def span(of: Committed) -> ReadableSpan:
    exporter = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    Traces(provider).committed(of)
    (found,) = exporter.get_finished_spans()
    return found


def test_a_batch_is_a_span_of_its_length() -> None:
    found = span(replace(committed(), seconds=0.25))
    assert found.name == "batch"
    assert found.end_time is not None and found.start_time is not None
    assert found.end_time - found.start_time == 250_000_000
    assert dict(found.attributes or {}) == {
        "messaging.system": "kafka",
        "messaging.destination.partition.id": "0",
        "messaging.batch.message_count": 6,
        "lifestage.generation": 1,
        "lifestage.customers": 0,
        "lifestage.transitions": 0,
        "lifestage.rejects": 2,
    }


def test_no_customer_is_in_a_span() -> None:
    assert CUSTOMER not in span(committed()).to_json()


@pytest.mark.parametrize("name", ["OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"])
def test_the_variables_of_opentelemetry_turn_them_on(name: str) -> None:
    assert Settings.from_environment({name: "http://127.0.0.1:4318"}).traces
    assert not Settings.from_environment({name: ""}).traces
    assert not Settings.from_environment({"OTEL_SERVICE_NAME": "shop"}).traces


def test_without_the_extra_a_worker_says_so_and_goes_on(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setitem(sys.modules, "opentelemetry.exporter.otlp.proto.http.trace_exporter", None)
    assert traces(Settings()) is None
    assert "install lifestage[tracing]" in caplog.text


def test_a_worker_that_does_not_trace_has_no_exporter_in_memory() -> None:
    # The client of Redis imports some of OpenTelemetry wherever it is installed.
    program = """
import sys
from streams.policy_file import load_rules
from streams.settings import Settings
from streams.topology import build
build(Settings(redis_url=""), load_rules(None))
print([name for name in sys.modules if name.startswith(("opentelemetry.exporter", "opentelemetry.proto"))])
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=120, check=False)
    assert done.stdout == "[]\n", done.stderr
