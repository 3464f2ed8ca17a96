"""Stored customers of other partitions: looked for where nobody has checked them, and then the group is stopped."""

from dataclasses import replace

import pytest

from agents.batch import Position
from streams.partitioner import Partitioner
from streams.partitions.partition_group import PartitionGroup
from streams.partitions.placement import misplaced_customers
from streams.settings import Settings
from tests.reference_model import partitioners
from tests.support.counting import CountingTracker

SETTINGS = Settings(partitions=3)
KEYS = [b"c%d" % number for number in range(60)]
BY_MURMUR2 = [key for key in KEYS if partitioners.murmur2(key, 3) == 2]
BY_CRC32 = [key for key in KEYS if partitioners.crc32(key, 3) == 2]


def group(keys: list[bytes], checked: str = "") -> PartitionGroup:
    made = PartitionGroup(2, SETTINGS, CountingTracker(2, dict.fromkeys(keys, b"1")))
    made.position = Position({}, 5, partitioner=checked)
    return made


@pytest.mark.parametrize(
    ("keys", "checked", "partitioner"),
    [
        ([], "", "murmur2"),
        (BY_MURMUR2, "", "murmur2"),
        (BY_MURMUR2, "any", "murmur2"),
        (BY_CRC32, "murmur2", "crc32"),
        (KEYS, "", "any"),
    ],
)
async def test_a_group_whose_customers_are_where_they_belong_goes_on(
    keys: list[bytes], checked: str, partitioner: Partitioner
) -> None:
    assert await misplaced_customers(group(keys, checked), replace(SETTINGS, partitioner=partitioner)) == ""


async def test_customers_that_were_checked_under_the_same_setting_are_not_looked_at() -> None:
    assert await misplaced_customers(group(KEYS, "murmur2"), SETTINGS) == ""


async def test_customers_of_the_other_partitioner_name_it() -> None:
    told = await misplaced_customers(group(BY_CRC32), SETTINGS)
    wrong = len([key for key in BY_CRC32 if key not in BY_MURMUR2])
    assert told.startswith(f"{wrong} of {len(BY_CRC32)} customers are in partition 2, and murmur2 puts them elsewhere")
    assert "set LIFESTAGE_PARTITIONER=crc32" in told
    told = await misplaced_customers(group(BY_MURMUR2, "murmur2"), replace(SETTINGS, partitioner="crc32"))
    assert "set LIFESTAGE_PARTITIONER=murmur2" in told


async def test_a_mixture_says_the_way_out_and_names_no_customer() -> None:
    told = await misplaced_customers(group(KEYS, "any"), SETTINGS)
    assert told.startswith(f"{60 - len(BY_MURMUR2)} of 60 customers")
    assert "LIFESTAGE_APP_ID" in told
    assert "LIFESTAGE_PARTITIONER=any" in told
    assert "c1" not in told
