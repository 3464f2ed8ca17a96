"""A move to other partitions: what is refused before anything is touched, and the order of what is copied."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from streams.mapped_topics import MappedTopic
from streams.partitions.repartition import repartition
from streams.partitions.uncounted import in_order
from streams.settings import Settings
from streams.topics import TopicsError

BEFORE = Settings(broker="127.0.0.1:1", topic_prefix="shop.", app_id="shop", partitions=2)
AFTER = replace(BEFORE, topic_prefix="shop4.", app_id="shop4", partitions=4)


@pytest.mark.parametrize(
    ("before", "after", "problem"),
    [
        ({"embedded": True}, {}, "embedded broker is for trying"),
        ({"accounts": True}, {}, "accounts cannot be moved"),
        ({"subject": "account"}, {}, "accounts cannot be moved"),
        ({"sources": (MappedTopic("shop.orders", Path("shop.toml"), "purchases"),)}, {}, "topics of another shape"),
        ({"partitioner": "any"}, {}, "LIFESTAGE_PARTITIONER is any"),
        ({}, {"topic_prefix": "shop."}, "shop.customer.purchases.* would be old and new"),
        ({}, {"app_id": "shop"}, "shop-customers-changelog would be old and new"),
    ],
)
async def test_what_cannot_be_moved_is_refused_at_once(
    before: dict[str, Any], after: dict[str, Any], problem: str
) -> None:
    with pytest.raises(TopicsError, match=problem):
        await repartition(replace(BEFORE, **before), replace(AFTER, **before, **after))


@dataclass
class FakeRecord:
    name: str
    timestamp: int


class FakeLog:
    def __init__(self, name: str, *times: int) -> None:
        self._records = [FakeRecord(f"{name}{number}", time) for number, time in enumerate(times)]

    async def next(self) -> FakeRecord | None:
        return self._records.pop(0) if self._records else None


async def test_logs_are_merged_by_time_and_each_keeps_its_order() -> None:
    # The second record of b is older than its first: a producer's clock went back.
    logs: Any = [FakeLog("a", 10, 20, 40), FakeLog("b", 30, 5, 50), FakeLog("c")]
    assert [record.name async for record in in_order(logs)] == ["a0", "a1", "b0", "b1", "a2", "b2"]
