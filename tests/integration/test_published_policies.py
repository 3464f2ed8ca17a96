"""A policy that is published takes effect at its instant for every worker, whatever file it has and whoever dies."""

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from state.timeline.history import LaterRules
from streams.cli.commands.backtest import command as backtest_command
from streams.policies.publishing import next_one, publish
from streams.policy_file import compile_file, load_rules, shipped_policy
from streams.replay.replay import Progress, replay
from streams.settings import Settings
from streams.sources import simulated
from streams.sources.source import Source
from tests.support.comparison import backtest, by_customer, differences
from tests.support.installation import Installation, installation, settings_for
from tests.support.workers import environment

START = 1_735_689_600_000
DAY = 86_400_000
CHANGE = START + 60 * DAY + 12_345
EXTRA = '\n[[segments]]\nkey = "anybuyer"\nname = "Any buyer"\nenter = "orders >= 1"\n'


@pytest.fixture
def second(tmp_path: Path) -> Path:
    policy = tmp_path / "second.toml"
    policy.write_text(shipped_policy().read_text("utf-8") + EXTRA, "utf-8")
    return policy


@pytest.fixture
def installed(embedded_broker: str, topic_prefix: str, tmp_path: Path) -> Iterator[Installation]:
    settings = settings_for(embedded_broker, topic_prefix, embedded=True, clock="stream")
    with installation(settings, tmp_path) as made:
        yield made


async def put_in_force(settings: Settings, policy: Path, at: int | None) -> None:
    compiled, text = compile_file(policy), policy.read_text("utf-8")
    await publish(settings, next_one(compiled, text, at, silent=False, has_wall_clock=False))


def quietly(progress: Progress) -> None:
    """Print nothing."""


async def test_one_policy_whatever_file_a_worker_has(installed: Installation, second: Path) -> None:
    settings = installed.settings
    events = simulated.events(customers=60, days=120, start=START)
    source = Source("made", "made", events)
    # The first worker publishes its own policy; one with another file follows it.
    installed.start("one", LIFESTAGE_BATCH_RECORDS="100")
    await installed.until_logged("one", "opened partitions")
    installed.start("two", LIFESTAGE_BATCH_RECORDS="100", LIFESTAGE_POLICY=str(second))
    await installed.until_logged("two", "is ignored")
    await put_in_force(settings, second, CHANGE)
    # Events of four months pass within seconds: on this clock, only who knows of the change in time is in time for it.
    for name in ("one", "two"):
        await installed.until_logged(name, "policy 2 (")
    sending = asyncio.create_task(replay(source, settings, quietly))
    reached = await installed.wait_for_progress(20)
    installed.kill("two")
    installed.start("two", LIFESTAGE_BATCH_RECORDS="100", LIFESTAGE_POLICY=str(second))
    await installed.wait_for_progress(reached + 100)
    installed.kill("one")
    installed.start("one", LIFESTAGE_BATCH_RECORDS="100")
    await sending
    await installed.wait_until_done(events[-1].instant)
    live = await installed.transitions()
    check([json.loads(it) for it in live])
    later = [LaterRules(CHANGE, load_rules(second))]
    truth = backtest(events, events[-1].instant, load_rules(None), later).transitions
    assert await asyncio.to_thread(backtest_published, installed.settings, [it.value for it in events]) == truth
    assert [sum(it.values()) for it in differences(live, truth)] == [0, 0]
    assert by_customer(live) == by_customer(truth)
    healths = [worker.health() for worker in installed.workers.values()]
    assert {it["policy"] for health in healths for it in health["partitions"].values()} == {2}


def backtest_published(settings: Settings, events: list[bytes]) -> list[bytes]:
    """Run the command on the published policies."""
    lines = b"\n".join(events)
    arguments = ("-", "--published", "--processes", "1", "--out", "-")
    done = CliRunner().invoke(backtest_command, arguments, input=lines, env=environment(settings))
    assert done.exit_code == 0, done.output
    return done.stdout_bytes.splitlines()


def check(told: list[dict[str, Any]]) -> None:
    before, after = compile_file(None).version, "retail@"
    by_policy = [it for it in told if it["properties"]["cause"] == "policy"]
    # Everybody who has bought joins once, at the very instant, and nobody leaves again.
    assert {it["timestamp"] for it in by_policy} == {"2025-03-02T00:00:12.345Z"}
    assert {it["event"] for it in by_policy} == {"Audience Entered"}
    customers = [it["userId"] for it in by_policy]
    assert len(customers) == len(set(customers)) > 10
    for it in told:
        version = it["properties"]["policy_version"]
        assert version.startswith(after)
        assert (version == before) is (it["timestamp"] <= "2025-03-02T00:00:12.345Z" and it not in by_policy)
    ids = [it["messageId"] for it in told]
    assert len(ids) == len(set(ids))
