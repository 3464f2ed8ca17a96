"""The answers to a run's requests: when the workers have committed all of them, and what came of each."""

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import orjson

from schemas.reject import read_reject
from streams.partitions.position import POSITION_KEY, decode_position
from streams.republish.requests import request_topic
from streams.republish.run import Run
from streams.settings import Settings
from streams.topic_reader import TopicReader, open_topic
from streams.topics import topics_of

_LOOK_SECONDS = 0.5


@dataclass(slots=True)
class Answers:
    """The ids of the republished messages of a run that stand, and the run's rejected requests by reason."""

    messages: set[str] = field(default_factory=set)
    rejected: Counter[str] = field(default_factory=Counter)


async def wait_until_committed(
    changelog: TopicReader, last: Mapping[int, int], settings: Settings, on_progress: Callable[[int], None]
) -> None:
    """Return once the workers have committed what follows from the requests up to these offsets, by partition.

    ``on_progress`` is told how many partitions are left. It waits for ever if no worker runs.
    """
    topic, left = request_topic(settings), dict(last)
    while left:
        on_progress(len(left))
        # The embedded broker may hide commits from who reads on behind an aborted transaction.
        start = None if settings.embedded else changelog.read_to
        async for record in changelog.until_now(start):
            if record.key == POSITION_KEY:
                reached = decode_position(record.value).positions.get(topic, 0)
                if reached > left.get(record.partition, reached):
                    del left[record.partition]
        if left:
            await asyncio.sleep(_LOOK_SECONDS)


async def read_answers(run: Run, segment: str, settings: Settings) -> Answers:
    """Read what was committed in answer to a run's requests, by now."""
    topics, answers, known = topics_of(settings), Answers(), run.id.encode()
    async with open_topic(settings, topics.transitions) as transitions:
        async for record in transitions.until_now(await _start(transitions, run, settings)):
            if known in record.value:
                _take(orjson.loads(record.value), run, segment, answers.messages)
    async with open_topic(settings, topics.rejects) as rejects:
        async for record in rejects.until_now(await _start(rejects, run, settings)):
            rejected = read_reject(record.value)
            if rejected.topic == request_topic(settings) and known in (rejected.kept_value() or b""):
                answers.rejected[rejected.reason] += 1
    return answers


async def _start(topic: TopicReader, run: Run, settings: Settings) -> Mapping[int, int] | None:
    """Return where to begin: no record about the run is older than the run."""
    return None if settings.embedded else await topic.offsets_at(run.at)


def _take(transition: dict[str, object], run: Run, segment: str, messages: set[str]) -> None:
    properties = transition["properties"]
    assert isinstance(properties, dict)
    if not properties.get("republished") or properties["audience_key"] != segment:
        return
    if not run.sent(properties["cause_message_id"]):
        return
    if properties["retracted"]:
        messages.discard(properties["corrects"])
    else:
        messages.add(str(transition["messageId"]))
