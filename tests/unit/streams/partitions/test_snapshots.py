"""The snapshots of a worker: one mapping a partition, and all of them as one, in memory and on disk."""

from pathlib import Path
from typing import Literal

import pytest

from streams.partitions.snapshots import PartitionedSnapshots
from streams.settings import Settings


@pytest.mark.parametrize("store", ["memory", "disk"])
def test_a_partition_that_leaves_takes_its_customers_and_comes_back_empty(
    data_folder: Path, store: Literal["memory", "disk"]
) -> None:
    snapshots = PartitionedSnapshots(Settings(store=store, data=data_folder))
    shown = snapshots.all
    snapshots.share(0)[b"a"] = b"1"
    snapshots.share(1)[b"b"] = b"2"
    assert snapshots.share(0)[b"a"] == b"1"
    assert dict(shown) == {b"a": b"1", b"b": b"2"}
    snapshots.drop(0)
    snapshots.drop(7)
    assert dict(shown) == {b"b": b"2"}
    assert dict(snapshots.share(0)) == {}
    folders = sorted(path.name for path in (data_folder / "customers").glob("*"))
    assert folders == (["0", "1"] if store == "disk" else [])
    for partition in (0, 1):
        snapshots.drop(partition)
    assert not list((data_folder / "customers").glob("*")), "the files leave too"
