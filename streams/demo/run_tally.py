"""The tally of a run: what became of its events, from what was read before it, the rejects topic and the worker."""

from schemas.reject import read_reject
from state.policy.compiled import CompiledPolicy
from state.rules.rulebook import Rulebook
from streams.settings import Settings
from streams.sources.named import is_own
from streams.sources.source import Source
from streams.tally.reading import tally_of
from streams.tally.tally import Counted, Tally
from streams.topic_reader import open_topic
from streams.topics import topics_of


def read_source(source: Source, policy: CompiledPolicy) -> Tally:
    """Return the tally of a source as it can be read; those that ship are known to be fine, and are only counted."""
    if is_own(source.name):
        return Tally(applied=len(source.events))
    return tally_of(source, Rulebook(policy).intake)


async def run_tally(settings: Settings, read: Tally, duplicates: int) -> Tally:
    """Return the tally of what the worker has decided of the events that were ``read``, with the duplicates it found.

    The rejects topic has all rejects, whichever worker wrote them. Raises ``TopicUnreadableError``.
    """
    tally = Tally()
    async with open_topic(settings, topics_of(settings).rejects) as topic:
        async for record in topic.until_now():
            it = read_reject(record.value or b"")
            place = f"{it.topic}/{it.partition}/{it.offset}"
            tally.reject(it.reason, 1, record.timestamp, f"{place}: {it.detail}")
    for reason, counted in tally.rejects.items():
        if reason in read.rejects:
            counted.example = read.rejects[reason].example
    for name, counted in read.unknown.items():
        tally.apply_unknown(name, counted.count, counted.place, counted.example)
    tally.applied = read.events - tally.rejected
    tally.find_duplicates(Counted(duplicates))
    return tally
