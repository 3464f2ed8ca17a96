"""Workers publish the transitions of the backtest byte for byte, also when they are killed or share the work."""

import asyncio
import random
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from schemas.event_types import BROWSING, PROFILES, PURCHASES, SUPPORT
from state.rules.rulebook import Rulebook
from streams.policy_file import load_rules, shipped_policy
from streams.replay.replay import Progress, replay
from streams.sources import simulated
from streams.sources.named import open_source
from streams.sources.source import Source, SourceEvent
from tests.reference_model.agreement import POLICIES
from tests.support.comparison import backtest, by_customer, differences
from tests.support.installation import Installation, installation, settings_for

HOUSEHOLDS = 120
TOPICS = (PURCHASES, BROWSING, SUPPORT, PROFILES)


EVERYTHING = POLICIES["everything"]


@pytest.fixture
def policy() -> Path:
    """The policy that ships, if a test names no other."""
    return shipped_policy()


@pytest.fixture
def rules(policy: Path) -> Rulebook:
    return load_rules(policy)


@cache
def source_of(households: int) -> Source:
    """Real households, their orders spread over all four topics, and half as many simulated customers beside them."""
    real = open_source("complete-journey", customers=households)
    chance = random.Random(7)
    spread = [event._replace(topic=chance.choice(TOPICS)) for event in real.events]
    start = real.events[0].instant
    others = simulated.events(customers=households // 2, days=200, start=start)
    merged = sorted([*spread, *others], key=lambda event: event.instant)
    return Source("slice", "a slice of the Complete Journey", merged)


@pytest.fixture
def source(policy: Path) -> Source:
    # It tells nine times as much of each.
    return source_of(HOUSEHOLDS // 2 if policy == EVERYTHING else HOUSEHOLDS)


@pytest.fixture
def settled(
    request: pytest.FixtureRequest, broker: str, topic_prefix: str, tmp_path: Path, policy: Path
) -> Iterator[Installation]:
    address = request.getfixturevalue(f"{broker}_broker")
    settings = settings_for(address, topic_prefix, embedded=broker == "embedded", clock="stream", policy=policy)
    with installation(settings, tmp_path) as made:
        yield made


def check(live: list[bytes], events: list[SourceEvent], rules: Rulebook) -> None:
    truth = backtest(events, events[-1].instant, rules).transitions
    only_live, only_truth = differences(live, truth)
    assert (sum(only_live.values()), sum(only_truth.values())) == (0, 0), (
        sorted(only_live)[:1],
        sorted(only_truth)[:1],
    )
    assert by_customer(live) == by_customer(truth)
    assert len(truth) > 1000


def shared(healths: dict[str, Any]) -> bool:
    """Return whether two workers have two partition groups each."""
    return sorted(len(health["partitions"]) for health in healths.values() if health) == [2, 2]


def quietly(progress: Progress) -> None:
    """Print nothing."""


@pytest.mark.parametrize("broker", ["embedded"])
@pytest.mark.parametrize("policy", [shipped_policy(), EVERYTHING], ids=["shipped", "everything"])
async def test_killed_in_the_middle(settled: Installation, source: Source, rules: Rulebook) -> None:
    settled.start(LIFESTAGE_BATCH_RECORDS="300")
    sending = asyncio.create_task(replay(source, settled.settings, quietly))
    reached = 0
    for _ in range(4):
        reached = await settled.wait_for_progress(reached + 150)
        settled.kill()
        settled.start(LIFESTAGE_BATCH_RECORDS="300")
    await sending
    await settled.wait_until_done(source.events[-1].instant)
    check(await settled.transitions(), list(source.events), rules)


@pytest.mark.parametrize("broker", ["embedded", pytest.param("apache", marks=pytest.mark.apache)])
async def test_two_workers_share_the_partitions(settled: Installation, source: Source, rules: Rulebook) -> None:
    middle = source.events[len(source.events) // 2].instant
    settled.start("one", LIFESTAGE_BATCH_RECORDS="300")
    sending = asyncio.create_task(replay(source, settled.settings, quietly, end=middle))
    await settled.wait_for_progress(100)
    settled.start("two", LIFESTAGE_BATCH_RECORDS="300")
    await sending
    # The first worker may be through before the second has joined; only the rest is surely work of both.
    await settled.until_healths(shared)
    await replay(source, settled.settings, quietly)
    assert shared(await settled.wait_until_done(source.events[-1].instant))
    check(await settled.transitions(), list(source.events), rules)
    assert [settled.stop(name) for name in ("one", "two")] == [0, 0]
