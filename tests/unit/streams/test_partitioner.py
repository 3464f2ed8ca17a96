"""Partitioners: the same partition as the clients of others choose."""

import zlib

import pytest
from aiokafka.partitioner import DefaultPartitioner
from hypothesis import given
from hypothesis import strategies as st

from streams.partitioner import key_partition, partition_by, remembered
from tests.reference_model import partitioners

KEYS = st.binary(max_size=64) | st.text(max_size=20).map(lambda it: it.encode())
PARTITIONS = st.integers(1, 300)
# Hashes of Apache Kafka's own tests of its Java client, as unsigned numbers.
IN_JAVA = {
    b"21": -973932308,
    b"foobar": -790332482,
    b"a-little-bit-long-string": -985981536,
    b"a-little-bit-longer-string": -1486304829,
}


@given(KEYS, PARTITIONS)
def test_murmur2_is_what_java_and_aiokafka_choose(key: bytes, partitions: int) -> None:
    numbers = list(range(partitions))
    chosen = partition_by("murmur2", partitions)(key)
    assert chosen == partitioners.murmur2(key, partitions) == DefaultPartitioner()(key, numbers, numbers)


@pytest.mark.parametrize(("key", "hashed"), IN_JAVA.items())
def test_murmur2_agrees_with_the_numbers_of_java(key: bytes, hashed: int) -> None:
    assert partition_by("murmur2", 1 << 31)(key) == hashed & 0x7FFFFFFF


@given(KEYS, PARTITIONS)
def test_crc32_is_what_librdkafka_chooses_by_default(key: bytes, partitions: int) -> None:
    chosen = partition_by("crc32", partitions)(key)
    assert chosen == partitioners.crc32(key, partitions) == zlib.crc32(key) % partitions


@given(KEYS, PARTITIONS)
def test_what_is_remembered_is_the_same(key: bytes, partitions: int) -> None:
    partition_of = partition_by("murmur2", partitions)
    again = remembered(partition_of)
    assert again(key) == again(key) == partition_of(key)


def test_the_partition_is_not_known_under_any_unless_there_is_only_one() -> None:
    assert key_partition("any", 2) is None
    alone = key_partition("any", 1)
    assert alone is not None
    assert alone(b"c") == 0
