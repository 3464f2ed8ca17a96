"""The worker's pages, as its web server answers them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest

from streams.embedded.ports import free_port
from streams.observe.metrics import Metrics
from streams.observe.pages import Pages
from streams.partitions.status import GroupStatus, WorkerStatus
from streams.tokens import Tokens, read_tokens
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
async def served(pages: Pages, status: WorkerStatus) -> AsyncIterator[Site]:
    port = free_port()
    await pages.open("127.0.0.1", port)
    yield Site(f"http://127.0.0.1:{port}", status)
    await pages.close()


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    """The pages of a worker whose status a test changes as it likes."""
    status = WorkerStatus()
    seen = health(status)
    metrics = Metrics(seen, live=True)
    metrics.committed(committed())
    async with served(Pages(seen, metrics, Tokens()), status) as site:
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


@pytest.mark.parametrize("path", ["/", "/table", "/table/customers/c1/", "/router/", "/graph"])
async def test_nothing_that_faust_would_serve_is_there(site: Site, path: str) -> None:
    status, _, _ = await site.get(path)
    assert status == 404


async def test_while_kafka_is_away_it_is_live_and_not_ready(site: Site) -> None:
    site.status.silence = "no Kafka at 127.0.0.1:1 after 3 s (refused)"
    assert (await site.get("/live"))[0] == 200
    status, _, answer = await site.get("/ready")
    assert (status, answer["missing"]) == (503, [site.status.silence])
    site.status.assigned = True
    site.status.groups[1] = GroupStatus(state="open")
    assert (await site.get("/ready"))[0] == 503
    assert "lifestage_ready 0.0" in (await site.get("/metrics"))[2]


@pytest.mark.parametrize("path", ["/", "/metrics", "/health", "/ready", "/live"])
async def test_no_page_names_a_customer(site: Site, path: str) -> None:
    _, _, answer = await site.get(path)
    assert CUSTOMER not in str(answer)


async def test_with_tokens_only_the_probes_answer_without_one() -> None:
    tokens = read_tokens("read 0123456789abcdef0\nwrite fedcba9876543210f\n")
    seen = health(WorkerStatus())
    async with served(Pages(seen, Metrics(seen, live=True), tokens), seen.status) as site:
        for path in ("/metrics", "/health"):
            assert (await site.get(path))[0] == 401
            assert (await site.get(path, Authorization="Bearer fedcba9876543210f"))[0] == 401
            assert (await site.get(path, Authorization="Bearer 0123456789abcdef0"))[0] == 200
        assert (await site.get("/live"))[0] == 200
        assert (await site.get("/ready"))[0] == 503
