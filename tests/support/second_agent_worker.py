"""A real worker with three more agents that copy: a topic of their own, another one slowly, and the transitions."""

import asyncio
import os
from typing import Any

import faust

from streams.policy_file import load_rules
from streams.settings import Settings
from streams.topics import topics_of
from streams.topology import build
from streams.worker import run
from tests.support.counting import CountingTracker


def copying(app: faust.App, name: str, source: str, target: str, partitions: int, seconds: float = 0.0) -> None:
    """Register an agent that copies one topic to another, and takes so many seconds for a record."""
    raw: dict[str, Any] = {"key_serializer": "raw", "value_serializer": "raw", "partitions": partitions}
    copies = app.topic(target, **raw)

    async def copy(values: faust.StreamT[bytes]) -> None:
        async for value in values:
            await asyncio.sleep(seconds)
            await copies.send(value=value)

    app.agent(app.topic(source, **raw), name=name)(copy)


def main() -> None:
    settings = Settings.from_environment(os.environ)
    app = build(settings, load_rules(None), group_state=CountingTracker)
    prefix, count = settings.topic_prefix, settings.partitions
    copying(app, "copy_campaigns", f"{prefix}campaigns", f"{prefix}campaigns.copy", count)
    copying(app, "copy_slowly", f"{prefix}parcels", f"{prefix}parcels.copy", count, seconds=0.1)
    copying(app, "copy_transitions", topics_of(settings).transitions, f"{prefix}transitions.copy", count)
    run(app, settings)


if __name__ == "__main__":
    main()
