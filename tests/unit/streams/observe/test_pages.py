"""The worker's pages, served by Faust's own web server."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import faust
import pytest

from streams.embedded.servers import free_port
from streams.observe.metrics import Metrics
from streams.observe.pages import serve_pages
from streams.partitions.status import GroupStatus, WorkerStatus
from streams.policy_file import load_rules
from streams.settings import Settings
from streams.tokens import Tokens
from streams.topology import build
from tests.support.observed import CUSTOMER, committed, health


class Site:
    """A worker's web server and its status."""

    def __init__(self, url: str, status: WorkerStatus) -> None:
        self.url = url
        self.status = status

    async def get(self, path: str, **headers: str) -> tuple[int, str, Any]:
        async with aiohttp.ClientSession() as session, session.get(self.url + path, headers=headers) as answer:
            kind = answer.headers["Content-Type"]
            return answer.status, kind, await (answer.json() if "json" in kind else answer.text())


@asynccontextmanager
async def served(app: faust.App, status: WorkerStatus) -> AsyncIterator[Site]:
    app.web.init_server()
    await app.web.start()
    yield Site(f"http://127.0.0.1:{app.conf.web_port}", status)
    await app.web.stop()


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    """The pages of a worker whose status a test changes as it likes."""
    status = WorkerStatus()
    seen = health(status)
    metrics = Metrics(seen, live=True)
    metrics.committed(committed())
    app = faust.App("pages", web_bind="127.0.0.1", web_port=free_port(), autodiscover=False)
    serve_pages(app, seen, metrics, Tokens())
    async with served(app, status) as site:
        yield site


@pytest.fixture
async def worker(data_folder: Path) -> AsyncIterator[Site]:
    """The web server of a real worker that is not connected."""
    settings = Settings(broker="127.0.0.1:1", redis_url="", web_port=free_port(), data=data_folder)
    async with served(build(settings, load_rules(None)), WorkerStatus()) as site:
        yield site


async def test_metrics_come_as_prometheus_wants_them(site: Site) -> None:
    status, kind, text = await site.get("/metrics")
    assert status == 200
    assert kind.startswith("text/plain; version=")
    assert 'lifestage_events_total{outcome="applied"} 3.0' in text


async def test_live_before_ready_and_ready_when_all_groups_are_open(site: Site) -> None:
    assert (await site.get("/live"))[0] == 200
    status, _, answer = await site.get("/ready")
    assert status == 503
    assert answer == {"ready": False, "missing": ["Kafka has not given this worker its partitions yet"]}
    site.status.assigned = True
    site.status.groups[1] = GroupStatus(state="opening")
    status, _, answer = await site.get("/ready")
    assert (status, answer["missing"]) == (503, ["partition 1 is opening"])
    assert (await site.get("/live"))[0] == 200
    site.status.groups[1].state = "open"
    assert (await site.get("/ready"))[0] == 200


async def test_health_says_all_of_it(site: Site) -> None:
    site.status.assigned = True
    site.status.groups[1] = GroupStatus(state="open", upto=1_500_000_000_000, lag={"customer.support": 4})
    status, _, answer = await site.get("/health")
    assert status == 200
    assert answer["ready"] is True
    assert answer["lag_records"] == 4
    assert answer["partitions"]["1"]["upto"] == "2017-07-14T02:40:00.000Z"
    assert answer["policy_version"] == "retail@12345678"
    assert answer["mirror"]["waiting"] == 3


@pytest.mark.parametrize(
    "path", ["/table", "/table/", "/table/customers/", "/table/customers/c1/", "/router/", "/graph"]
)
async def test_nothing_of_customers_is_served(worker: Site, path: str) -> None:
    status, _, _ = await worker.get(path)
    assert status == 404


@pytest.mark.parametrize("path", ["/", "/metrics", "/health", "/ready", "/live"])
async def test_no_page_names_a_customer(site: Site, path: str) -> None:
    _, _, answer = await site.get(path)
    assert CUSTOMER not in str(answer)


async def test_with_tokens_only_the_probes_answer_without_one(data_folder: Path, tmp_path: Path) -> None:
    (tmp_path / "tokens").write_text("read 0123456789abcdef0\nwrite fedcba9876543210f\n")
    settings = Settings(
        broker="127.0.0.1:1", redis_url="", web_port=free_port(), data=data_folder, web_tokens=tmp_path / "tokens"
    )
    async with served(build(settings, load_rules(None)), WorkerStatus()) as site:
        for path in ("/metrics", "/health"):
            assert (await site.get(path))[0] == 401
            assert (await site.get(path, Authorization="Bearer fedcba9876543210f"))[0] == 401
            assert (await site.get(path, Authorization="Bearer 0123456789abcdef0"))[0] == 200
        assert (await site.get("/live"))[0] == 200
        assert (await site.get("/ready"))[0] == 503
