"""What customers do reaches their accounts exactly once, though workers of both kinds are killed."""

import asyncio
import json
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import pytest

from streams.policy_file import load_rules
from streams.replay.replay import Progress, replay
from streams.sources import simulated
from streams.sources.source import Source, SourceEvent
from streams.topics import topics_of
from tests.support.comparison import backtest, by_customer, differences
from tests.support.installation import Installation, installation, settings_for
from tests.support.programs import ROOT
from tests.support.topics import read

POLICIES = ROOT / "policies"


@pytest.fixture(scope="module")
def events() -> list[SourceEvent]:
    return list(simulated.events(customers=160, days=150, business="software"))


@pytest.fixture
def installed(
    request: pytest.FixtureRequest, broker: str, topic_prefix: str, tmp_path: Path
) -> Iterator[tuple[Installation, Installation]]:
    """The customers' installation, and that of the accounts which their events name."""
    address = request.getfixturevalue(f"{broker}_broker")
    both = settings_for(address, topic_prefix, embedded=broker == "embedded", partitions=2, clock="stream")
    customers = replace(both, accounts=True, policy=POLICIES / "software.toml")
    accounts = replace(both, app_id=f"{both.app_id}-accounts", subject="account", policy=POLICIES / "accounts.toml")
    with ExitStack() as installations:
        made = []
        for settings in (customers, accounts):
            folder = tmp_path / settings.subject
            folder.mkdir()
            made.append(installations.enter_context(installation(settings, folder)))
            made[-1].variables = {"LIFESTAGE_BATCH_RECORDS": "200"}
        yield made[0], made[1]


def quietly(progress: Progress) -> None:
    """Print nothing."""


async def end(worked: Installation, broker: str) -> None:
    """End the worker: on Apache Kafka at once. What follows an aborted transaction is lost on the embedded broker."""
    if broker == "apache":
        worked.kill()
    else:
        await worked.until_healths(lambda healths: bool(healths["one"]) and healths["one"]["ready"])
        assert worked.stop() == 0


@pytest.mark.parametrize("broker", ["embedded", pytest.param("apache", marks=pytest.mark.apache)])
async def test_accounts_are_decided_as_a_backtest_decides_them(
    installed: tuple[Installation, Installation], events: list[SourceEvent], broker: str
) -> None:
    customers, accounts = installed
    last = events[-1].instant
    accounts.start()
    customers.start()
    sending = asyncio.create_task(replay(Source("software", "", events), customers.settings, quietly))
    reached = 0
    for _ in range(2):
        await customers.wait_for_progress(reached + 20)
        await end(customers, broker)
        customers.start()
        reached = await accounts.wait_for_progress(reached + 20)
        await end(accounts, broker)
        accounts.start()
    await sending
    await customers.wait_until_done(last)
    await accounts.wait_until_done(last)
    for it in installed:
        live = await it.transitions()
        truth = backtest(events, last, load_rules(it.settings.policy)).transitions
        only_live, only_truth = differences(live, truth)
        assert (sum(only_live.values()), sum(only_truth.values())) == (0, 0), (
            sorted(only_live)[:1],
            sorted(only_truth)[:1],
        )
        assert by_customer(live) == by_customer(truth)
        assert len(truth) > 50
        assert await read(it.settings, topics_of(it.settings).rejects) == []
    assert all("groupId" in json.loads(it)["context"] for it in await accounts.transitions())
