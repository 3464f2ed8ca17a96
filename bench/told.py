"""What a program told: its transitions up to an instant, to be compared with those of another program."""

from collections import Counter
from typing import Any

import orjson

from streams.settings import Settings
from streams.topic_reader import open_topic
from streams.topics import topics_of

Told = Counter[bytes]
"""How often each transition was told."""

_OWN_WORDS = ("why", "policy_version")
"""What every program says in its own words, as it does its message ids."""


async def told(settings: Settings, upto: str) -> Told:
    """Return the committed transitions of an installation, up to an instant (as in a message) and at it.

    Raises ``TopicUnreadableError``.
    """
    found: Told = Counter()
    async with open_topic(settings, topics_of(settings).transitions) as reader:
        async for record in reader.until_now():
            message: dict[str, Any] = orjson.loads(record.value)
            if message["timestamp"] <= upto:
                found[comparable(message)] += 1
    return found


def comparable(message: dict[str, Any]) -> bytes:
    """Return all of a transition that must be the same whoever tells it."""
    properties = {name: it for name, it in message["properties"].items() if name not in _OWN_WORDS}
    customer = {name: message[name] for name in ("userId", "timestamp", "event")}
    return orjson.dumps({**customer, **properties}, option=orjson.OPT_SORT_KEYS)


def difference(program: str, theirs: Told, ours: Told) -> str | None:
    """Say how the transitions of a program differ from lifestage's, or return None."""
    more, fewer = theirs - ours, ours - theirs
    if not more and not fewer:
        return None
    first = min([*more, *fewer]).decode()
    return (
        f"{program} told {more.total():,} transitions that lifestage did not tell, and not {fewer.total():,} that it "
        f"did, so that its run does not count: {first}"
    )
