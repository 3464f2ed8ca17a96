"""The survey counts all customers of a real Redis, and says so while it does not know when they began."""

import asyncio
from collections import Counter

import pytest
from redis.asyncio import Redis

from agents.policies import PublishedPolicy
from schemas.events import AnyFact, Browsed, OrderCompleted
from state.calendar import Calendar
from streams.policy_file import load_rules
from streams.serve.history.past import Past
from streams.serve.history.survey import Expected, Survey
from streams.serve.history.transition_log import TransitionLog
from streams.serve.problems import ProblemError
from streams.serve.redis_reader import RedisReader
from streams.serve.stored_customers import StoredCustomers
from streams.settings import Settings
from streams.sinks.redis import Keys
from tests.support.serving import served, store
from tests.support.waiting import until

DAY = 86_400_000
NOW = 20_000 * DAY + 1000
RULES = load_rules(None)


def history(number: int) -> list[AnyFact]:
    """One who bought so many days ago, or only looked."""
    at = NOW - number % 40 * DAY
    return [Browsed(at, "v", "Product Viewed") if number % 4 == 0 else OrderCompleted(at, "m", "o", 2000, 1, ())]


async def test_all_customers_are_counted_and_dated(redis_url: str, topic_prefix: str) -> None:
    settings = Settings(redis_url=redis_url, app_id=topic_prefix)
    await store(settings, RULES, {f"c{it}": history(it) for it in range(1000)}, NOW)
    redis = Redis.from_url(redis_url)
    stored = StoredCustomers(RedisReader(redis, Keys.of(settings)))
    log = TransitionLog(Calendar, lambda: 0)
    log.begin({})
    policies = served(PublishedPolicy(1, RULES.version, 0, False, RULES))
    survey = Survey(stored, policies, Calendar, lambda: NOW)
    past = Past(policies, log, stored, survey)
    with pytest.raises(ProblemError, match="are being counted, 0 so far"):
        await past.stages_by_day([20_000])
    task = asyncio.create_task(survey.run())
    await until(lambda: _found(survey))
    task.cancel()
    found = survey.found
    assert (found.at, found.customers, found.undated) == (NOW, 1000, 0)
    assert found.began == Counter(("prospect", 20_000 - it % 40) for it in range(1000))
    bought = Counter(it % 40 for it in range(1000) if it % 4)
    assert found.expected == {Expected(20_060 - ago, "at_risk", "new"): count for ago, count in bought.items()}
    assert [*past.days(3, 20_000)] == [19_998, 19_999, 20_000]
    # A worker of an earlier version wrote one of them.
    await redis.hdel(Keys.of(settings).customer("c7"), "first_event_at")
    again = asyncio.create_task(survey.run())
    await until(lambda: _undated(survey))
    again.cancel()
    with pytest.raises(ProblemError, match="of 1 customers Redis does not say when they began: restart the workers"):
        await past.stages_by_day([20_000])
    await redis.aclose()


async def _found(survey: Survey) -> bool:
    try:
        return survey.found is not None
    except ProblemError:
        return False


async def _undated(survey: Survey) -> bool:
    return survey.found.undated == 1
