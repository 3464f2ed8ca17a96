"""Partitioners: into which partition the producers put a key, and so where each customer's records lie."""

import zlib
from collections.abc import Callable
from functools import lru_cache
from typing import Literal, get_args

from aiokafka.partitioner import murmur2

Partitioner = Literal["murmur2", "crc32", "any"]
PARTITIONERS: tuple[Partitioner, ...] = get_args(Partitioner)
IN_LIBRDKAFKA: dict[Partitioner, str] = {"murmur2": "murmur2_random", "crc32": "consistent_random"}
"""The value of librdkafka's setting ``partitioner`` that means the same for records with a key."""
UNKNOWN = (
    "LIFESTAGE_PARTITIONER is any, which says nothing of where a customer's records lie: set it to murmur2 or crc32"
)

KeyPartition = Callable[[bytes], int]

_POSITIVE = 0x7FFFFFFF
# A customer's key comes again and again, and hashing it takes over twenty times as long as finding it.
_KNOWN_KEYS = 65_536


def key_partition(partitioner: Partitioner, partitions: int) -> KeyPartition | None:
    """Return what tells the partition of a key; None if it is not known: under ``any``, unless there is only one."""
    if partitioner == "any" and partitions > 1:
        return None
    return partition_by("murmur2" if partitioner == "any" else partitioner, partitions)


def partition_by(partitioner: Literal["murmur2", "crc32"], partitions: int) -> KeyPartition:
    """Return what tells the partition of a key under a partitioner that is known."""
    if partitioner == "crc32":
        return lambda key: zlib.crc32(key) % partitions
    return lambda key: (murmur2(key) & _POSITIVE) % partitions


def remembered(partition_of: KeyPartition) -> KeyPartition:
    """Return the same, which remembers the keys seen most recently."""
    return lru_cache(_KNOWN_KEYS)(partition_of)
