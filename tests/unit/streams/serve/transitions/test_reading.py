"""A reading of the ring from any position: each event once, and each id resumes exactly behind it."""

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.serve.transitions.event import Event
from streams.serve.transitions.position import Ids, Position, advanced, covers, furthest
from streams.serve.transitions.reading import Reading
from streams.serve.transitions.ring import BehindError, Ring

PARTITIONS = 3
IDS = Ids("cluster", "customer.transitions")
Place = tuple[int, int]


def filled(begin: Position, order: list[int], gaps: list[int], most_bytes: int = 1_000_000) -> tuple[Ring, list[Place]]:
    """Return a ring with a record in each of these partitions in turn, and the places; a gap is what is no record."""
    ring, places = Ring(begin, most_bytes), []
    for partition, gap in zip(order, gaps, strict=True):
        ring.end = advanced(ring.end, partition, ring.end[partition] + gap)
        offset = ring.end[partition]
        places.append((partition, offset))
        ring.add(Event(partition, offset, b"{}", advanced(ring.end, partition, offset + 1), IDS))
    return ring, places


async def rest(ring: Ring, position: Position) -> list[tuple[Place, str]]:
    """Return what a reading brings until the end of the ring, each place with its id."""
    feed: Any = SimpleNamespace(ring=ring, ids=IDS, topic=None)
    found = []
    async with Reading(feed, position, asyncio.Semaphore()) as reading:
        while not covers(reading.position, ring.end):
            waking = asyncio.get_running_loop().call_soon(ring.wake)
            for event in await reading.next():
                reading.passed(event)
                sent = reading.sent(event)
                found.append(((event.partition, event.offset), sent.partition(b"\n")[0].decode().removeprefix("id: ")))
            waking.cancel()
    return found


partitions = st.integers(0, PARTITIONS - 1)
positions = st.tuples(*[st.integers(0, 5)] * PARTITIONS)


@given(positions, st.lists(st.tuples(partitions, st.integers(0, 2)), max_size=20), positions, st.data())
def test_from_any_position_each_event_comes_once_and_its_id_leads_to_all_others(
    begin: Position, records: list[tuple[int, int]], ahead: Position, data: st.DataObject
) -> None:
    async def law() -> None:
        ring, places = filled(begin, [it for it, _ in records], [gap for _, gap in records])
        position = tuple(map(sum, zip(begin, ahead, strict=True)))
        wanted = [it for it in places if it[1] >= position[it[0]]]
        found = await rest(ring, position)
        assert [place for place, _ in found] == wanted
        if found:
            number = data.draw(st.integers(0, len(found) - 1))
            again = await rest(ring, IDS.position(found[number][1], PARTITIONS))
            assert [place for place, _ in again] == wanted[number + 1 :]

    asyncio.run(law())


@given(st.lists(partitions, min_size=1, max_size=60), st.integers(700, 5000))
def test_the_ring_covers_what_it_has_and_tells_what_it_let_go(order: list[int], most_bytes: int) -> None:
    async def law() -> None:
        begin = (0,) * PARTITIONS
        ring, places = filled(begin, order, [0] * len(order), most_bytes)
        kept = ring.since(ring.behind(ring.begin), 10**9)
        assert [(it.partition, it.offset) for it in kept] == places[len(places) - len(kept) :]
        assert sum(it.size for it in kept) <= most_bytes or len(kept) == 1
        assert ring.next == len(places)
        passed = begin
        for event in places[: len(places) - len(kept)]:
            passed = advanced(passed, event[0], event[1] + 1)
        assert ring.begin == passed
        assert ring.covers(furthest(ring.begin, begin))
        if len(kept) < len(places):
            assert not ring.covers(begin)
            with pytest.raises(BehindError):
                ring.since(len(places) - len(kept) - 1, 10**9)

    asyncio.run(law())
