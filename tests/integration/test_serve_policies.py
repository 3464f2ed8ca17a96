"""A server follows the published policies while it runs, and no customer cannot be looked up because of a change."""

import asyncio
import json
import urllib.request
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from streams.policies.publishing import next_one, publish
from streams.policy_file import compile_file, load_rules, shipped_policy
from streams.replay.replay import Progress, replay
from streams.settings import Settings
from streams.sources import simulated
from streams.sources.source import Source, SourceEvent
from tests.support.installation import Installation, installation, settings_for
from tests.support.serving import Server, customer_path, serving
from tests.support.waiting import until, wait_until

START = 1_735_689_600_000
DAY = 86_400_000
CHANGE = START + 60 * DAY + 12_345
EXTRA = '\n[[segments]]\nkey = "anybuyer"\nname = "Any buyer"\nenter = "orders >= 1"\n'
ELSEWHERE = "Pacific/Auckland"


def second(folder: Path) -> Path:
    """Write another policy, with one more segment."""
    policy = folder / "second.toml"
    policy.write_text(shipped_policy().read_text("utf-8") + EXTRA, "utf-8")
    return policy


def own(folder: Path) -> Path:
    """Write the file that the server has for itself: its days are of another zone."""
    policy = folder / "own.toml"
    shipped = shipped_policy().read_text("utf-8")
    assert 'zone = "UTC"' in shipped
    policy.write_text(shipped.replace('zone = "UTC"', f'zone = "{ELSEWHERE}"'), "utf-8")
    return policy


@dataclass
class Looks:
    """Looks at customers one after another, and what came of them."""

    server: Server
    customers: list[str]
    statuses: Counter[int] = field(default_factory=Counter)
    versions: list[str] = field(default_factory=list)

    async def until(self, ended: asyncio.Event) -> None:
        """Look until something has ended, and once more."""
        last = False
        while not last:
            last = ended.is_set()
            for customer in self.customers:
                for path in (customer_path(customer), f"/v1/history/outlook/{customer}"):
                    answer = await asyncio.to_thread(self.server.get, path)
                    self.statuses[answer.status] += 1
                    await asyncio.sleep(0.01)  # others want to work, too
                    assert answer.status in (200, 404), answer
                    if answer.status == 200 and "policyVersion" in answer.json:
                        self.versions.append(answer.json["policyVersion"])


def quietly(progress: Progress) -> None:
    """Print nothing."""


async def send(settings: Settings, events: list[SourceEvent]) -> None:
    await replay(Source("made", "made", events), settings, quietly)


def told(server: Server, path: str) -> Any:
    answer = server.get(path)
    assert answer.status == 200, answer
    return answer.json


@pytest.fixture
def installed(embedded_broker: str, redis_url: str, topic_prefix: str, tmp_path: Path) -> Iterator[Installation]:
    settings = settings_for(embedded_broker, topic_prefix, embedded=True, clock="stream", redis_url=redis_url)
    with installation(settings, tmp_path) as made:
        yield made


async def test_a_server_follows_and_no_look_fails(installed: Installation, tmp_path: Path) -> None:
    settings = installed.settings
    policy, events = second(tmp_path), simulated.events(customers=40, days=90, start=START)
    before, after = load_rules(None).version, load_rules(policy).version
    early = [it for it in events if it.instant < CHANGE - DAY]
    customers = list(dict.fromkeys(json.loads(it.value)["userId"] for it in early))[:8]
    # The server starts first: before anything is published, and with another file than the worker has.
    with serving(settings, tmp_path / "serve.log", LIFESTAGE_POLICY=str(own(tmp_path))) as server:
        assert told(server, "/page/legend.json")["zone"] == ELSEWHERE
        installed.start()
        await send(settings, early)
        await installed.wait_until_done(early[-1].instant)

        async def first() -> bool:
            answers = [await asyncio.to_thread(server.get, customer_path(it)) for it in customers]
            return {it.json.get("policyVersion") for it in answers} == {before}

        await until(first, what=server.log.read_text)
        compiled, text = compile_file(policy), policy.read_text("utf-8")
        await publish(settings, next_one(compiled, text, CHANGE, silent=False, has_wall_clock=False))
        for log in (server.log, installed.workers["one"].log):
            await until(lambda: _has(log, "policy 2 ("), what=log.read_text)  # noqa: B023
        # It is known, and not in force as soon as the worker has told how late it is: what is told is as before.
        await until(lambda: _is_in_force(server, before), what=server.log.read_text)
        assert told(server, "/v1/policy")["version"] == told(server, "/page/legend.json")["policy"] == before
        assert server.get("/v1/transitions?segment=anybuyer").status == 400
        await until(lambda: _answers(server, "/v1/history/flows"), what=server.log.read_text)
        looks, ended = Looks(server, customers), asyncio.Event()
        looking = asyncio.create_task(looks.until(ended))
        await send(settings, events[len(early) :])
        await installed.wait_until_done(events[-1].instant)

        async def changed() -> bool:
            rows = [await asyncio.to_thread(server.get, customer_path(it)) for it in customers]
            return {it.json.get("policyVersion") for it in rows if it.status == 200} == {after}

        await until(changed, what=server.log.read_text)
        await until(lambda: _is_in_force(server, after), what=server.log.read_text)
        ended.set()
        await looking
        assert looks.statuses[200] > 8
        assert looks.versions.index(after) > looks.versions.index(before)
        check(server)


def check(server: Server) -> None:
    """Check that all that the server tells of the policy is that of the new one."""
    legend = told(server, "/page/legend.json")
    assert "anybuyer" in {it["key"] for it in legend["segments"]}
    assert legend["zone"] == "UTC"
    segments = {it["key"]: it["count"] for it in told(server, "/v1/segments")["segments"]}
    assert segments["anybuyer"] > 10
    parameters = told(server, "/openapi.json")["paths"]["/v1/segments/{segment}/members"]["get"]["parameters"]
    assert "anybuyer" in parameters[0]["schema"]["enum"]
    assert server.get("/v1/segments/anybuyer/members").json["count"] == segments["anybuyer"]
    # A stream about it may begin.
    assert head(server, "/v1/transitions?segment=anybuyer") == 200
    wait_until(lambda: server.get("/v1/history/stages?days=40").status == 200, what=server.log.read_text)
    told(server, "/v1/history/flows")
    assert told(server, "/v1/policy")["version"] == legend["policy"]


def head(server: Server, path: str) -> int:
    return server.send(urllib.request.Request(f"{server.address}{path}", method="HEAD")).status


async def _has(log: Path, words: str) -> bool:
    return words in log.read_text()


async def _answers(server: Server, path: str) -> bool:
    return (await asyncio.to_thread(server.get, path)).status == 200


async def _is_in_force(server: Server, version: str) -> bool:
    answer = await asyncio.to_thread(server.get, "/page/legend.json")
    return bool(answer.json["policy"] == version)
