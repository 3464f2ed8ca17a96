"""Every query of the dashboard and the alerts, answered by a real Prometheus that watches a worker and a server."""

import asyncio
import json
import re
import time
import urllib.error
import urllib.parse
import urllib.request
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import orjson
import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from schemas.instant import to_text
from streams.embedded.child_process import running, stop
from streams.embedded.ports import HOST, free_port
from streams.observe.metrics import Metrics
from streams.partitions.status import GroupStatus, Restore, WorkerStatus
from streams.settings import Settings
from streams.topics import create, topics_of
from tests.deploy.files import ALERTS, PROMETHEUS, read
from tests.deploy.queries import of_alerts, of_dashboard, of_variables
from tests.support.installation import settings_for
from tests.support.kafka_records import Written, write
from tests.support.observed import health
from tests.support.programs import require_program
from tests.support.serving import Server, customer_path, serving
from tests.support.waiting import wait_until
from tests.support.workers import Worker

TOKEN = "0123456789abcdef0"
HOUR = 3_600_000
POLICY = """
name = "watched"

[time]
lateness_minutes = 180

[[segments]]
key = "looking"
name = "Looking now"
enter = "count('Product Viewed', hours = 1) >= 1"

[[ladders]]
key = "tier"
name = "Tier"
[[ladders.steps]]
key = "buyer"
name = "Buyer"
enter = "orders >= 1"

# Told by a deadline: an hour after the look. It is two hours old when it comes.
[[signals]]
key = "left"
name = "Looked, and did not buy"
[[signals.steps]]
event = "Product Viewed"
[signals.unless]
events = ["Order Completed"]
within_hours = 1
"""
WHILE_RESTORING = {"lifestage_restore_offsets", "lifestage_restore_done_offsets", "lifestage_restore_left_seconds"}
BY_PROMETHEUS = {"ALERTS"}


class Prometheus(NamedTuple):
    """A running Prometheus."""

    address: str

    def ask(self, path: str, **parameters: str) -> Any:
        """Return the data of an answer; fails with what Prometheus says."""
        body = urllib.parse.urlencode(parameters).encode()
        try:
            with urllib.request.urlopen(f"{self.address}/api/v1/{path}", body or None, timeout=30) as answer:
                return json.load(answer)["data"]
        except urllib.error.HTTPError as error:
            with error:
                pytest.fail(f"{parameters}: {error.read().decode()}")

    def query(self, text: str) -> list[dict[str, Any]]:
        """Return the series of a query."""
        found: list[dict[str, Any]] = self.ask("query", query=text)["result"]
        return found


@pytest.fixture(scope="module")
def prometheus(embedded_broker: str, redis_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prometheus]:
    """A Prometheus with the files that are deployed, whose targets are a worker and a server that had work."""
    folder = tmp_path_factory.mktemp("watched")
    policy = folder / "policy.toml"
    policy.write_text(POLICY)
    prefix = f"watched-{uuid.uuid4().hex[:8]}-"
    settings = settings_for(
        embedded_broker, prefix, embedded=True, partitions=1, redis_url=redis_url, policy=policy, accounts=True
    )
    asyncio.run(create(settings))
    tokens = folder / "tokens"
    tokens.write_text(f"read {TOKEN}")
    worker = Worker.start(settings, folder, "one")
    try:
        wait_until(lambda: worker.page("/ready")[0] == 200, what=worker.log.read_text)
        with (
            serving(settings, folder / "serve.log", LIFESTAGE_SERVE_TOKENS=str(tokens)) as server,
            watching(folder, worker.port, server) as found,
        ):
            wait_until(lambda: len(found.query('up{job=~"lifestage.*"} == 1')) == 2, what=lambda: found.query("up"))
            write(settings, [*events(settings)])
            wait_until(lambda: _asked(server), what=worker.log.read_text)
            # A series is there from the scrape on that sees it, and has a rate from the next one on.
            for seen in (
                "sum(lifestage_events_total) >= 6",
                "sum(lifestage_signals_total) > 0",
                'sum(lifestage_serve_requests_total{status="200", route="/v1/customers/{customer}"}) > 0',
            ):
                wait_until(lambda seen=seen: found.query(seen), what=seen)  # type: ignore[misc]
            yield found
    finally:
        stop(worker.process)


def _asked(server: Server) -> bool:
    bearer = f"Bearer {TOKEN}"
    assert server.get(customer_path("nobody"), Authorization=bearer).status == 404
    return server.get(customer_path("c1"), Authorization=bearer).status == 200


@contextmanager
def watching(folder: Path, worker_port: int, server: Server) -> Iterator[Prometheus]:
    """Run Prometheus with the files that are deployed; only where its targets are, and how often it asks, differ."""
    config = read(PROMETHEUS)
    config["global"] = {"scrape_interval": "1s", "scrape_timeout": "1s", "evaluation_interval": "1s"}
    config["rule_files"] = [str(ALERTS)]
    del config["alerting"]
    token = folder / "prometheus_token"
    token.write_text(TOKEN)
    ports = {"lifestage": worker_port, "lifestage-serve": int(server.address.rpartition(":")[2])}
    for job in config["scrape_configs"]:
        del job["dns_sd_configs"]
        job["static_configs"] = [{"targets": [f"{HOST}:{ports[job['job_name']]}"]}]
        if "authorization" in job:
            job["authorization"]["credentials_file"] = str(token)
    file = folder / "prometheus.yml"
    file.write_text(yaml.safe_dump(config))
    address = f"{HOST}:{free_port()}"
    log = folder / "prometheus.log"
    command = [
        require_program("prometheus"),
        f"--config.file={file}",
        f"--storage.tsdb.path={folder / 'tsdb'}",
        f"--web.listen-address={address}",
    ]
    with running(command, log=log):
        wait_until(lambda: _is_ready(address), what=log.read_text)
        yield Prometheus(f"http://{address}")


def _is_ready(address: str) -> bool:
    try:
        with urllib.request.urlopen(f"http://{address}/-/ready", timeout=5) as answer:
            return bool(answer.status == 200)
    except urllib.error.HTTPError as error:
        error.close()
        return False
    except OSError:
        return False


def events(settings: Settings) -> Iterator[Written]:
    """A part of everything that is counted."""
    now = time.time_ns() // 1_000_000

    def sent(number: int, name: str, ago: int = 0, account: str | None = None, **properties: object) -> Written:
        value = {
            "type": "track",
            "event": name,
            "messageId": f"m{number}",
            "userId": "c1",
            "timestamp": to_text(now - ago),
            "properties": properties,
            **({"groupId": account} if account else {}),
        }
        topic = topics_of(settings).inputs[1 if "Product" in name else 0]
        return topic, 0, b"c1", orjson.dumps(value), now

    yield sent(1, "Product Viewed", 2 * HOUR)
    yield sent(2, "Product Viewed")
    yield sent(3, "Order Completed", 0, "a1", order_id="o1", total=500, products=[{"category": "x" * 300}])
    yield sent(4, "Order Completed", 0, order_id="o2", total=1, currency="XXX")
    yield sent(5, "Order Compleet", 0, order_id="o3", total=1)
    yield sent(6, "Order Refunded", 0, order_id="o4", total=1)


def test_each_query_names_metrics_and_labels_that_are_there(prometheus: Prometheus) -> None:
    for query in (*of_dashboard(), *of_alerts(), *of_variables()):
        selectors = query.selectors
        assert selectors, query
        known: set[str] = set()
        for metric, labels, exact in selectors:
            if metric in WHILE_RESTORING:
                known |= {"job", "instance", *restoring()[metric]}
            elif metric in BY_PROMETHEUS:
                known |= {"alertname", "alertstate"}
            else:
                chosen = ", ".join(f"{label}={json.dumps(value)}" for label, value in exact)
                wanted = f"{metric}{{{chosen}}}" if chosen else metric
                series = prometheus.ask("series", **{"match[]": wanted})
                assert series, f"{query.place}: nothing is {wanted}"
                assert labels <= set(series[0]), f"{query.place}: {metric} has {sorted(series[0])}"
                known |= set(series[0])
        assert query.grouped_by <= known, query


def restoring() -> dict[str, set[str]]:
    """The metrics of a worker that restores a partition, with their labels."""
    groups = {0: GroupStatus(restore=Restore(1, 2, 3.0))}
    text = Metrics(health(WorkerStatus(False, groups)), live=True).text().decode()
    return {
        sample.name: set(sample.labels)
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if sample.name in WHILE_RESTORING
    }


def test_each_query_of_the_dashboard_is_answered(prometheus: Prometheus) -> None:
    for query in (*of_dashboard(), *of_variables()):
        if {it.metric for it in query.selectors} <= WHILE_RESTORING:
            assert prometheus.query(query.text) == []
            continue
        wait_until(lambda query=query: prometheus.query(query.text), what=query.place)  # type: ignore[misc]
        names = set(re.findall(r"\{\{(\w+)\}\}", query.legend))
        for series in prometheus.query(query.text):
            assert names <= set(series["metric"]), f"{query.place}: {query.legend} of {series['metric']}"


def test_the_dashboard_tells_what_has_happened(prometheus: Prometheus) -> None:
    """What was sent is seen where somebody would look for it: nothing is counted under another name."""
    values = {
        'sum(lifestage_events_total{outcome="applied"})': 5,
        'sum(lifestage_rejects_total{reason="unknown_currency"})': 1,
        "sum(lifestage_deadline_delay_seconds_count) > bool 0": 1,
        'sum(lifestage_signals_total{signal="left"})': 1,
        'sum(lifestage_bounds_total{bound="texts"})': 1,
        'sum(lifestage_serve_requests_total{route="/v1/customers/{customer}",status="404"}) > bool 0': 1,
    }
    for text, value in values.items():
        wait_until(
            lambda text=text, value=value: [float(it["value"][1]) for it in prometheus.query(text)] == [value],  # type: ignore[misc]
            what=lambda text=text: f"{text}: {prometheus.query(text)}",
        )


def test_prometheus_evaluates_the_alerts_and_none_fires(prometheus: Prometheus) -> None:
    def rules() -> list[dict[str, Any]]:
        return [rule for group in prometheus.ask("rules")["groups"] for rule in group["rules"]]

    wait_until(lambda: all(rule["health"] == "ok" for rule in rules()), what=rules)
    assert {rule["name"] for rule in rules()} == {query.place for query in of_alerts()}
    assert [rule["name"] for rule in rules() if rule["state"] == "firing"] == []
