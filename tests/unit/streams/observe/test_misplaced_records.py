"""Misplaced records: counted by topic from 0 on, and told once a topic."""

import logging

import pytest
from prometheus_client import CollectorRegistry

from agents.batch import Outcome
from streams.observe.misplaced_records import MisplacedRecords
from streams.settings import Settings
from tests.support.observed import commit


def test_they_are_counted_by_topic_and_each_topic_is_told_once(caplog: pytest.LogCaptureFixture) -> None:
    registry = CollectorRegistry()
    observer = MisplacedRecords(Settings(), registry)

    def count(topic: str) -> float | None:
        return registry.get_sample_value("lifestage_misplaced_records_total", {"topic": topic})

    assert [count(f"customer.{it}") for it in ("purchases", "browsing", "support", "profiles")] == [0, 0, 0, 0]
    outcome = Outcome(0)
    outcome.misplaced.update({"customer.purchases": 2, "customer.browsing": 1})
    with caplog.at_level(logging.WARNING):
        observer.committed(commit(outcome))
        observer.committed(commit(outcome))
        observer.committed(commit(Outcome(0)))
    assert (count("customer.purchases"), count("customer.browsing")) == (4, 2)
    purchases, browsing = [it.getMessage() for it in caplog.records]
    assert purchases.startswith("customer.purchases: records lie in another partition than murmur2 puts their keys")
    assert browsing.startswith("customer.browsing: ")
    assert "partitioner=murmur2_random" in purchases
    assert "LIFESTAGE_PARTITIONER=crc32" in purchases
