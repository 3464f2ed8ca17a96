"""Customers on disk are a mapping like any other, whatever is written, and begin empty whatever was there."""

import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from streams.partitions import disk_snapshots
from streams.partitions.disk_snapshots import DiskSnapshots

keys = st.binary(min_size=1, max_size=3) | st.binary(min_size=505, max_size=520)
steps = st.lists(st.tuples(keys, st.none() | st.binary(max_size=5000)), max_size=40)


@settings(max_examples=settings().max_examples // 5)  # each opens a file
@given(steps)
def test_it_holds_what_a_dict_would(plan: list[tuple[bytes, bytes | None]]) -> None:
    with tempfile.TemporaryDirectory() as name:
        known: dict[bytes, bytes] = {}
        snapshots = DiskSnapshots(Path(name) / "0")
        for key, value in plan:
            if value is None:
                assert snapshots.pop(key, None) == known.pop(key, None)
            else:
                snapshots[key] = known[key] = value
            assert snapshots.get(key) == known.get(key)
        assert dict(snapshots) == known
        assert len(snapshots) == len(known)
        snapshots.close()


def test_more_than_one_transaction_holds_stays_and_is_gone_with_the_next(tmp_path: Path) -> None:
    many = 2 * disk_snapshots._WRITES_AT_ONCE + 7
    snapshots = DiskSnapshots(tmp_path / "0")
    for number in range(many):
        snapshots[b"%d" % number] = b"snapshot %d" % number
    assert len(snapshots) == len(set(snapshots)) == many
    assert snapshots[b"0"] == b"snapshot 0"
    assert dict(DiskSnapshots(tmp_path / "0")) == {}
