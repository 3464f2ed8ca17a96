"""The merged order is a law of the logs: not of when, and in which portions, they were fetched."""

from itertools import accumulate

from hypothesis import given
from hypothesis import strategies as st

from agents.batch import Record
from streams.transport.merge import Lane, Watermark, merge, replaying

TOPICS = ("purchases", "browsing", "support")
LOGS = st.lists(st.lists(st.integers(0, 12), max_size=12), min_size=3, max_size=3)


def log(topic: str, times: list[int]) -> list[Record]:
    return [Record(topic, offset, time, b"k", b"v") for offset, time in enumerate(times)]


def in_order(logs: list[list[int]]) -> list[tuple[str, int]]:
    keyed = [
        (order_time, place, offset)
        for place, times in enumerate(logs)
        for offset, order_time in enumerate(accumulate(times, max))
    ]
    return [(TOPICS[place], offset) for _, place, offset in sorted(keyed)]


@given(LOGS, st.data(), st.integers(1, 40))
def test_any_schedule_of_fetches_merges_in_the_same_order(
    logs: list[list[int]], data: st.DataObject, limit: int
) -> None:
    waiting = [log(topic, times) for topic, times in zip(TOPICS, logs, strict=True)]
    lanes = [Lane(topic, caught_up=not records) for topic, records in zip(TOPICS, waiting, strict=True)]
    merged: list[tuple[str, int]] = []
    cuts: list[int] = []
    while any(waiting) or any(lane.records for lane in lanes):
        for place, lane in enumerate(lanes):
            portion = data.draw(st.sampled_from((1, 0, 3, 12))) if waiting[place] else 0
            lane.add(waiting[place][:portion])
            del waiting[place][:portion]
            lane.caught_up = not waiting[place]
        step = merge(lanes, limit)
        assert len(step.records) <= limit
        merged += [(record.topic, record.offset) for record in step.records]
        if step.cut is not None:
            cuts.append(step.cut)
    assert merged == in_order(logs)
    assert cuts == sorted(cuts)


@given(LOGS, st.integers(0, 12))
def test_a_replay_releases_nothing_beyond_its_earliest_watermark(logs: list[list[int]], promised: int) -> None:
    lanes = [Lane(topic, watermark=Watermark(promised, final=False)) for topic in TOPICS]
    for lane, times in zip(lanes, logs, strict=True):
        lane.add(log(lane.topic, times))
    step = merge(lanes, limit=1000)
    assert step.cut == promised
    held = [time for lane in lanes for time in lane.times]
    assert all(time >= promised for time in held)
    assert all(record.time < promised for record in step.records)


def test_a_topic_that_a_replay_has_not_reached_yet_holds_the_others() -> None:
    lanes = [Lane("purchases", watermark=Watermark(5, final=False)), Lane("browsing")]
    lanes[0].add(log("purchases", [1, 2]))
    assert merge(lanes, limit=10).records == []


def test_final_watermarks_release_everything() -> None:
    lanes = [Lane(topic, watermark=Watermark(9, final=True)) for topic in TOPICS]
    lanes[0].add(log("purchases", [1, 2]))
    assert not replaying(lanes)
    step = merge(lanes, limit=10)
    assert len(step.records) == 2
    assert step.cut is None


def test_a_flood_at_one_instant_does_not_stall() -> None:
    lanes = [Lane("purchases", caught_up=False), Lane("browsing", caught_up=False)]
    lanes[0].add(log("purchases", [7] * 5))
    lanes[1].add(log("browsing", [7] * 5))
    assert merge(lanes, limit=100).records == []
    assert [record.topic for record in merge(lanes, limit=5).records] == ["purchases"] * 5


def test_a_topic_known_to_hold_more_holds_the_group_back() -> None:
    lanes = [Lane("purchases"), Lane("browsing", caught_up=False)]
    lanes[0].add(log("purchases", [1, 2]))
    assert merge(lanes, limit=10).records == []


@given(LOGS, st.integers(1, 12))
def test_records_of_one_instant_stay_together(logs: list[list[int]], limit: int) -> None:
    lanes = [Lane(topic) for topic in TOPICS]
    for lane, times in zip(lanes, logs, strict=True):
        lane.add(log(lane.topic, times))
    all_times = [time for lane in lanes for time in lane.times]
    parted: set[int] = set()
    while waiting := [time for lane in lanes for time in lane.times]:
        assert merge(lanes, limit).records
        left = [time for lane in lanes for time in lane.times]
        parted |= {time for time in set(left) if left.count(time) < waiting.count(time)}
    assert all(all_times.count(time) > limit for time in parted)
