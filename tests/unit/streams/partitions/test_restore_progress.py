"""The progress of a restore: how much is read, how long the rest takes, and no more lines in the log than are read."""

import logging

import pytest

from streams.partitions.restore_progress import RestoreProgress
from streams.partitions.status import GroupStatus, Restore


def progress(ranges: dict[int, tuple[int, int]]) -> tuple[RestoreProgress, dict[int, GroupStatus]]:
    statuses = {partition: GroupStatus() for partition in ranges}
    return RestoreProgress(ranges, statuses, 100.0), statuses


def test_all_groups_are_through_when_the_last_one_is() -> None:
    reading, statuses = progress({0: (1000, 1400), 3: (0, 600)})
    assert statuses[0].restore == Restore(0, 400)
    assert statuses[3].restore == Restore(0, 600)
    reading.reached(0, 1050, 110.0)
    assert statuses[0].restore == Restore(50, 400), "the first records say nothing of the speed"
    reading.reached(0, 1250, 118.0)
    # A fifth of the thousand took eight seconds: the three quarters that are left take thirty, of whichever group.
    assert statuses[0].restore == Restore(250, 400, 30.0)
    assert statuses[3].restore == Restore(0, 600, 30.0)
    reading.reached(3, 600, 122.0)
    reading.reached(0, 1401, 130.0)
    assert statuses[0].restore == Restore(400, 400, 0.0), "the log may grow while it is read"
    reading.ended()
    assert {it.restore for it in statuses.values()} == {None}


def test_a_changelog_without_anything_new_is_through_at_once() -> None:
    _, statuses = progress({0: (7, 7), 1: (9, 4)})
    assert [str(it.restore) for it in statuses.values()] == [
        "100 % of its changelog is read (0 of 0 offsets)",
        "100 % of its changelog is read (0 of 0 offsets)",
    ]


def test_a_partition_has_a_line_every_few_seconds(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    reading, _ = progress({0: (0, 1000), 1: (0, 1000)})
    for tenth in range(200):
        reading.reached(0, 5 * tenth, 100 + tenth / 10)
    reading.reached(1, 1, 119.9)
    begun, *lines = [record.getMessage() for record in caplog.records]
    assert begun == "reading the changelogs of partitions [0, 1]: 2,000 offsets"
    assert lines[0] == "partition 0 is opening: 25 % of its changelog is read (250 of 1,000 offsets), about 35 s left"
    assert [getattr(record, "partition", None) for record in caplog.records] == [None, 0, 0, 0, 1]
