"""The placement of stored customers: a state that has customers of other partitions is not gone on with."""

import asyncio
from itertools import islice

from streams.partitioner import Partitioner, key_partition
from streams.partitions.partition_group import PartitionGroup
from streams.partitions.position import START
from streams.settings import Settings

# A few milliseconds, between which the worker does everything else.
_CHUNK = 2000


async def misplaced_customers(group: PartitionGroup, settings: Settings) -> str:
    """Return why a group whose customers were just read cannot go on, empty if it can.

    Every record is checked before it counts, so the customers need to be looked at only if these checks were others:
    under another setting, or by a version that had none. The position says it.
    """
    name = settings.partitioner
    if name in {"any", (group.position or START).partitioner}:
        return ""
    customers = sum(1 for _ in group.state.keys())
    misplaced = await _misplaced(group, name, settings.partitions)
    if not misplaced:
        return ""
    told = (
        f"{misplaced:,} of {customers:,} customers are in partition {group.partition}, and {name} puts them elsewhere"
    )
    other: Partitioner = "crc32" if name == "murmur2" else "murmur2"
    if not await _misplaced(group, other, settings.partitions):
        fix = f"set LIFESTAGE_PARTITIONER={other} on workers and servers"
        return f"{told}: all of them are where {other} puts them, so {fix}"
    return (
        f"{told}: their events came from producers of several partitioners, which may have split customers in two; "
        "give all producers one partitioner and count anew with another LIFESTAGE_APP_ID (lifestage topics create "
        "--start-over), or go on unchecked with "
        "LIFESTAGE_PARTITIONER=any (docs/runbook.md, misplaced customers)"
    )


async def _misplaced(group: PartitionGroup, partitioner: Partitioner, partitions: int) -> int:
    partition_of = key_partition(partitioner, partitions)
    if partition_of is None:
        return 0
    keys, found = iter(group.state.keys()), 0
    while chunk := list(islice(keys, _CHUNK)):
        found += sum(partition_of(key) != group.partition for key in chunk)
        await asyncio.sleep(0)
    return found
