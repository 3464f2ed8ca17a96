"""What to do with what an earlier run has left: go on with it, or start over."""

import asyncio
from contextlib import suppress
from enum import Enum

import click
from aiokafka.errors import KafkaError
from redis.exceptions import RedisError
from rich.console import Console

from streams.connection import administration
from streams.demo.folder import Folder, Run
from streams.demo.outcome import wipe
from streams.embedded.child_process import ServerError
from streams.settings import Settings
from streams.sinks.redis import Keys


class Wish(Enum):
    """What the user has said about an earlier run."""

    FRESH = "fresh"
    CONTINUE = "continue"
    UNSAID = "unsaid"


def goes_on(folder: Folder, run: Run, wish: Wish, console: Console) -> Run | None:
    """The earlier run that this one goes on with; None to start over. Says what it found, and asks if it can.

    Raises ``ServerError`` when going on was wished and cannot be.
    """
    before = folder.earlier()
    if before is None:
        if wish is Wish.CONTINUE:
            console.print(f"nothing to go on with in {folder.path}: a first run", markup=False, highlight=False)
        return None
    other = run.differs_from(before)
    _say(console, f"found in {folder.path}: {_described(before)}")
    if wish is Wish.FRESH:
        _say(console, "starting over, as told")
        return None
    if other and wish is Wish.CONTINUE:
        raise ServerError(
            f"the run in {folder.path} had another {other}, so this one cannot go on with it: start over with "
            "--fresh, or name another folder with --data"
        )
    if other:
        _say(console, f"starting over: it had another {other}")
        return None
    if wish is Wish.UNSAID and not _agreed(before, console):
        return None
    _say(console, "going on with it: nothing is sent twice")
    return before


def forget(folder: Folder, run: Run, given: Settings, console: Console) -> None:
    """Take away what the earlier run has left: its data, and on servers of the user's own its topics and keys.

    Topics and keys on servers that this run does not use stay, and that is said.
    """
    before = folder.earlier()
    if before is not None and before.broker and before.topics:
        if before.broker == run.broker:
            asyncio.run(_delete(given, before.topics))
        else:
            _say(console, f"the topics {before.prefix}* of the earlier run stay on {before.broker}")
    if before is not None and before.redis:
        if before.redis == run.redis:
            with suppress(RedisError):  # the new run will say it if Redis is not there
                wipe(given.redis_url, Keys(f"{before.app_id}:"))
        else:
            _say(console, f"the keys {before.app_id}:* of the earlier run stay in {before.redis}")
    folder.clear()


async def _delete(settings: Settings, topics: list[str]) -> None:
    with suppress(KafkaError, OSError):  # the new run will say it if Kafka is not there
        async with administration(settings) as admin:
            await admin.delete_topics(topics)


def _agreed(before: Run, console: Console) -> bool:
    complete = before.state == "complete"
    if console.is_terminal and click.get_text_stream("stdin").isatty():
        question = "Show it again (a), or start over (s)?" if complete else "Go on with it (g), or start over (s)?"
        go_on = question.partition("(")[2][0]
        answer = click.prompt(question, type=click.Choice([go_on, "s"]), default=go_on, show_choices=False)
        return bool(answer == go_on)
    if complete:
        _say(console, "starting over, as it was complete (--continue shows it again)")
    return not complete


def _described(run: Run) -> str:
    what = f"{run.source}, {run.events:,} events, begun {run.started}"
    if run.state == "complete":
        return f"{what}, complete"
    return f"{what}, interrupted with {run.sent:,} events sent and about {run.processed:,} processed"


def _say(console: Console, text: str) -> None:
    console.print(text, markup=False, highlight=False, soft_wrap=True)
