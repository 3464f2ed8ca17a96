"""What is refused before it is published."""

import time

import pytest

from agents.policies import PublishedPolicy
from state.features.catalogue import catalogue
from state.policy.compiled import read_policy
from state.rules.rulebook import Rulebook
from streams.policies.publishing import LEAD_MS, NotPublishedError, next_one

TEXT = 'name = "p"\n'
FIRST = Rulebook(read_policy(TEXT, catalogue))
PUBLISHED = [PublishedPolicy(1, FIRST.version, 0, False, FIRST)]


def test_a_policy_that_would_read_stored_customers_otherwise_is_not_published() -> None:
    text = f'{TEXT}[money]\ncurrency = "EUR"\n'
    following = next_one(read_policy(text, catalogue), text, None, silent=False, has_wall_clock=True)
    with pytest.raises(NotPublishedError, match="cannot go from policy 1 to this one: currency in"):
        following(PUBLISHED)
    record = following([])
    assert record is not None, "nobody has been decided yet"
    assert record.number == 1


def test_an_instant_that_workers_may_hear_of_too_late_is_refused() -> None:
    for ahead, told in ((-1, "in the past"), (LEAD_MS // 2, "less than 10 s ahead")):
        following = next_one(FIRST.compiled, TEXT, now() + ahead, silent=False, has_wall_clock=True)
        with pytest.raises(NotPublishedError, match=told):
            following(PUBLISHED)
    at = now() + 2 * LEAD_MS
    record = next_one(FIRST.compiled, TEXT, at, silent=False, has_wall_clock=True)(PUBLISHED)
    assert record is not None
    assert record.effective_at == at


def now() -> int:
    return time.time_ns() // 1_000_000
