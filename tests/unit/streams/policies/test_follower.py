"""Who cannot read the published policies says so as soon as another one may be in force."""

import asyncio

import pytest

from state.rules.rulebook import Rulebook
from streams.embedded.ports import free_port
from streams.policies import follower as module
from streams.policies.follower import PolicyFollower
from streams.policies.publishing import KNOWN_MS
from streams.policy_file import load_rules
from streams.settings import Settings
from tests.support.waiting import until

RULES: Rulebook = load_rules(None)


async def test_a_worker_that_may_decide_no_further_says_why() -> None:
    told: list[str] = []
    follower = PolicyFollower(Settings(broker=f"127.0.0.1:{free_port()}"), RULES, told.append)
    follower.policies.known_until = 1
    task = asyncio.create_task(follower.follow())

    async def is_told() -> bool:
        return bool(told)

    await until(is_told)
    task.cancel()
    assert told[0].startswith("nobody is decided beyond 1970-01-01T00:00:00.001Z: customer.policies cannot be read")


async def test_a_clock_that_was_ahead_for_a_while_has_not_known_the_future(monkeypatch: pytest.MonkeyPatch) -> None:
    async def nothing_new(_settings: Settings) -> dict[int, object]:
        return {}

    monkeypatch.setattr(module, "read_records", nothing_new)
    follower = PolicyFollower(Settings(), None)
    for now in (7_200_000, 1_000):
        monkeypatch.setattr(module, "_now", lambda now=now: now)
        await follower.refresh()
        assert follower.policies.known_until == now + KNOWN_MS
