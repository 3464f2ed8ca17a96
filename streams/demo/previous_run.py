"""What to do about the previous run in the data folder: resume it, or start over."""

import asyncio
from contextlib import suppress
from enum import Enum

import click
from aiokafka.errors import KafkaError
from redis.exceptions import RedisError
from rich.console import Console

from streams.connection import administration
from streams.demo.data_folder import DataFolder, RunRecord
from streams.demo.results import delete_keys
from streams.embedded.child_process import ServerError
from streams.settings import Settings
from streams.sinks.redis import Keys


class ResumeChoice(Enum):
    """What the user chose to do about a previous run; ``ASK`` where no option decides it."""

    FRESH = "fresh"
    CONTINUE = "continue"
    ASK = "ask"


def resumable_run(folder: DataFolder, run: RunRecord, choice: ResumeChoice, console: Console) -> RunRecord | None:
    """Return the previous run if ``run`` resumes it, or None to start over; print what was found, and ask if needed.

    Raises ``ServerError`` when the user chose ``CONTINUE`` and the previous run was a different one.
    """
    previous = folder.previous_run()
    if previous is None:
        if choice is ResumeChoice.CONTINUE:
            _print(console, f"nothing to go on with in {folder.path}: a first run")
        return None
    different = run.differs_from(previous)
    _print(console, f"found in {folder.path}: {_described(previous)}")
    if choice is ResumeChoice.FRESH:
        _print(console, "starting over, as asked")
        return None
    if different and choice is ResumeChoice.CONTINUE:
        raise ServerError(
            f"the run in {folder.path} had another {different}, so this one cannot go on with it: start over with "
            "--fresh, or name another folder with --data"
        )
    if different:
        _print(console, f"starting over: it had another {different}")
        return None
    if choice is ResumeChoice.ASK and not _confirmed(previous, console):
        return None
    _print(console, "going on with it: nothing is sent twice")
    return previous


def discard_previous_run(folder: DataFolder, run: RunRecord, given: Settings, console: Console) -> None:
    """Delete the previous run's data, and its topics and keys on the user's own servers.

    Topics and keys on servers that ``run`` does not use are kept, and a printed line names them.
    """
    previous = folder.previous_run()
    if previous is not None and previous.broker and previous.topics:
        if previous.broker == run.broker:
            asyncio.run(_delete_topics(given, previous.topics))
        else:
            _print(console, f"the topics {previous.prefix}* of the earlier run stay on {previous.broker}")
    if previous is not None and previous.redis:
        if previous.redis == run.redis:
            with suppress(RedisError):  # if Redis is away, the new run reports it
                delete_keys(given.redis_url, Keys(f"{previous.app_id}:"))
        else:
            _print(console, f"the keys {previous.app_id}:* of the earlier run stay in {previous.redis}")
    folder.clear()


async def _delete_topics(settings: Settings, topics: list[str]) -> None:
    with suppress(KafkaError, OSError):  # if Kafka is away, the new run reports it
        async with administration(settings) as admin:
            await admin.delete_topics(topics)


def _confirmed(previous: RunRecord, console: Console) -> bool:
    complete = previous.state == "complete"
    if console.is_terminal and click.get_text_stream("stdin").isatty():
        question = "Show it again (a), or start over (s)?" if complete else "Go on with it (g), or start over (s)?"
        resume = question.partition("(")[2][0]
        answer = click.prompt(question, type=click.Choice([resume, "s"]), default=resume, show_choices=False)
        return bool(answer == resume)
    if complete:
        _print(console, "starting over, as it was complete (--continue shows it again)")
    return not complete


def _described(run: RunRecord) -> str:
    what = f"{run.source}, {run.events:,} events, begun {run.started}"
    if run.state == "complete":
        return f"{what}, complete"
    return f"{what}, interrupted with {run.sent:,} events sent and about {run.processed:,} processed"


def _print(console: Console, text: str) -> None:
    console.print(text, markup=False, highlight=False, soft_wrap=True)
