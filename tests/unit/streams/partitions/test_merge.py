"""The merged order depends on the logs alone, not on when and in which portions they were fetched."""

from itertools import accumulate

from hypothesis import given
from hypothesis import strategies as st

from agents.batch import Record, Watermark
from streams.partitions.merge import TopicBuffer, merge, replaying

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
    buffers = [TopicBuffer(topic, caught_up=not records) for topic, records in zip(TOPICS, waiting, strict=True)]
    merged: list[tuple[str, int]] = []
    cuts: list[int] = []
    while any(waiting) or any(buffer.records for buffer in buffers):
        for place, buffer in enumerate(buffers):
            portion = data.draw(st.sampled_from((1, 0, 3, 12))) if waiting[place] else 0
            buffer.add(waiting[place][:portion])
            del waiting[place][:portion]
            buffer.caught_up = not waiting[place]
        step = merge(buffers, limit)
        assert len(step.records) <= limit
        merged += [(record.topic, record.offset) for record in step.records]
        if step.cut is not None:
            cuts.append(step.cut)
    assert merged == in_order(logs)
    assert cuts == sorted(cuts)


@given(LOGS, st.integers(0, 12))
def test_a_replay_releases_nothing_beyond_its_earliest_watermark(logs: list[list[int]], promised: int) -> None:
    buffers = [TopicBuffer(topic, watermark=Watermark(promised, final=False)) for topic in TOPICS]
    for buffer, times in zip(buffers, logs, strict=True):
        buffer.add(log(buffer.topic, times))
    step = merge(buffers, limit=1000)
    assert step.cut == promised
    held = [time for buffer in buffers for time in buffer.times]
    assert all(time >= promised for time in held)
    assert all(record.time < promised for record in step.records)


def test_a_topic_that_a_replay_has_not_reached_yet_holds_the_others() -> None:
    buffers = [TopicBuffer("purchases", watermark=Watermark(5, final=False)), TopicBuffer("browsing")]
    buffers[0].add(log("purchases", [1, 2]))
    assert merge(buffers, limit=10).records == []


def test_a_replay_does_not_hold_back_a_topic_that_it_does_not_write() -> None:
    replayed = TopicBuffer("t", watermark=Watermark(5, final=False), caught_up=True)
    mapped = TopicBuffer("m", replayed=False, caught_up=True)
    replayed.add(log("t", [1, 3]))
    mapped.add(log("m", [2, 9]))
    assert [it.time for it in merge([replayed, mapped], 10).records] == [1, 2, 3]


def test_final_watermarks_release_everything() -> None:
    buffers = [TopicBuffer(topic, watermark=Watermark(9, final=True)) for topic in TOPICS]
    buffers[0].add(log("purchases", [1, 2]))
    assert not replaying(buffers)
    step = merge(buffers, limit=10)
    assert len(step.records) == 2
    assert step.cut is None


def test_a_flood_at_one_instant_does_not_stall() -> None:
    buffers = [TopicBuffer("purchases", caught_up=False), TopicBuffer("browsing", caught_up=False)]
    buffers[0].add(log("purchases", [7] * 5))
    buffers[1].add(log("browsing", [7] * 5))
    assert merge(buffers, limit=100).records == []
    assert [record.topic for record in merge(buffers, limit=5).records] == ["purchases"] * 5


def test_a_topic_known_to_hold_more_holds_the_group_back() -> None:
    buffers = [TopicBuffer("purchases"), TopicBuffer("browsing", caught_up=False)]
    buffers[0].add(log("purchases", [1, 2]))
    assert merge(buffers, limit=10).records == []


@given(LOGS, st.integers(1, 12))
def test_records_of_one_instant_stay_together(logs: list[list[int]], limit: int) -> None:
    buffers = [TopicBuffer(topic) for topic in TOPICS]
    for buffer, times in zip(buffers, logs, strict=True):
        buffer.add(log(buffer.topic, times))
    all_times = [time for buffer in buffers for time in buffer.times]
    parted: set[int] = set()
    while waiting := [time for buffer in buffers for time in buffer.times]:
        assert merge(buffers, limit).records
        left = [time for buffer in buffers for time in buffer.times]
        parted |= {time for time in set(left) if left.count(time) < waiting.count(time)}
    assert all(all_times.count(time) > limit for time in parted)


@given(LOGS, st.lists(st.integers(0, 12), min_size=3, max_size=3), st.data())
def test_a_writer_who_always_tells_holds_the_others_back_from_the_first_record_on(
    logs: list[list[int]], told: list[int], data: st.DataObject
) -> None:
    silent = data.draw(st.integers(0, 2))
    buffers = [TopicBuffer(topic, always_holds=True) for topic in TOPICS]
    for place, (buffer, times) in enumerate(zip(buffers, logs, strict=True)):
        buffer.add(log(buffer.topic, times))
        buffer.watermark = None if place == silent else Watermark(told[place], data.draw(st.booleans()))
    assert replaying(buffers)
    assert merge(buffers, limit=1000).records == []
    buffers[silent].watermark = Watermark(told[silent], final=False)
    furthest_behind = min(told)
    assert all(record.time < furthest_behind for record in merge(buffers, limit=1000).records)
    for buffer in buffers:
        buffer.watermark = Watermark(12, final=True)
    merge(buffers, limit=1000)
    assert not any(buffer.records for buffer in buffers)
