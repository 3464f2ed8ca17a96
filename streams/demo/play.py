"""The demo from its first word to its last: what is started, what is shown, and what stays behind."""

import asyncio
import logging
import time
import uuid
from collections.abc import Callable, Iterable, Mapping
from contextlib import ExitStack, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from aiokafka.errors import KafkaError
from redis.exceptions import RedisError
from rich.console import Console
from rich.text import Text

from schemas.instant import from_datetime, to_text
from schemas.profile import Profile
from state.policy.compiled import CompiledPolicy
from streams.demo.closing import closing
from streams.demo.earlier import Wish, forget, goes_on
from streams.demo.folder import ENVIRONMENT, Folder, Run, claimed
from streams.demo.outcome import differences, read_profiles, read_transitions
from streams.demo.picture import Year, picture
from streams.demo.places import opened
from streams.demo.processor import Processor
from streams.demo.standing import Standing
from streams.demo.stream import Stream
from streams.demo.watch import Watch
from streams.embedded.child_process import ServerError
from streams.policy_file import compile_file
from streams.settings import Settings
from streams.sinks.redis import described
from streams.sources.named import open_source
from streams.sources.source import Source, SourceError
from streams.topic_reader import TopicUnreadableError
from streams.topics import TopicsError, create

_AGREEMENT_SECONDS = 20.0
_AGAIN_SECONDS = 0.25


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the user asked for. ``broker`` and ``redis`` name their own servers; empty: the embedded ones."""

    source: str
    policy: Path | None
    limit: int | None
    customers: int | None
    broker: str
    redis: str
    data: Path
    wish: Wish
    stays: bool


def play(wanted: Wanted, given: Settings, environ: Mapping[str, str], console: Console) -> None:
    """Play the whole demo; ``given`` leads to the user's own servers.

    Raises ``ServerError``, ``SourceError`` or ``PolicyFileError``, in words for the user.
    """
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)  # what it has to say comes as an exception too
    policy = compile_file(wanted.policy)
    with claimed(wanted.data) as folder, ExitStack() as servers:
        with console.status(f"reading {wanted.source}"):
            source = open_source(wanted.source, limit=wanted.limit, customers=wanted.customers)
        if not source.events:
            raise SourceError(f"{wanted.source} holds no event")
        run = _run(wanted, source, policy)
        before = goes_on(folder, run, wanted.wish, console)
        if before is None:
            forget(folder, run, given, console)
        run = before or run
        folder.remember(run)
        _say(console, f"{source.title}: {run.events:,} events, {to_text(run.first)[:10]} to {to_text(run.last)[:10]}")
        places = servers.enter_context(opened(folder, run, replace(given, policy=wanted.policy)))
        run.topics = sorted({*run.topics, *asyncio.run(_topics(places.settings))})
        folder.remember(run)
        places.write_environment(folder.path / ENVIRONMENT)
        for line in places.words(folder, run):
            _say(console, line)
        environment = places.worker_environment(environ)
        processor = servers.enter_context(Processor(environment, places.web, folder.path / "worker.log"))
        watch = Watch(console, run.events, run.processed)
        stream = Stream(source, places, processor, watch, _remembering(folder, run, watch))
        _measure(stream, folder, run)
        year = _year(places.settings, run, policy)
        console.print(picture(year, console))
        words = closing(year, run, places, processor, folder, wanted.stays)
        if not wanted.stays:
            _print(console, words)
            return
        with suppress(KeyboardInterrupt, SystemExit):
            _print(console, words)
            asyncio.run(stream.stay())
        _say(console, f"\nending; the data stay in {folder.path}")


def _run(wanted: Wanted, source: Source, policy: CompiledPolicy) -> Run:
    own = bool(wanted.broker or wanted.redis)
    # On servers of the user's own, every run has names of its own: what is there is not ours to touch.
    name = f"lifestage-demo-{uuid.uuid4().hex[:6]}" if own else "lifestage"
    return Run(
        source=wanted.source,
        limit=wanted.limit,
        customers=wanted.customers,
        policy=policy.version,
        events=len(source.events),
        first=source.events[0].instant,
        last=source.events[-1].instant,
        broker=wanted.broker,
        redis=described(wanted.redis) if wanted.redis else "",
        app_id=name,
        prefix=f"{name}." if wanted.broker else "",
        started=to_text(from_datetime(datetime.now(UTC)))[:16].replace("T", " ") + " UTC",
    )


async def _topics(settings: Settings) -> list[str]:
    try:
        return await create(settings)
    except TopicsError as error:
        raise ServerError(str(error)) from None
    except (KafkaError, TimeoutError, OSError) as error:
        raise ServerError(f"no Kafka answers at {settings.broker}: {error}") from None


def _remembering(folder: Folder, run: Run, watch: Watch) -> Callable[[], None]:
    def looked() -> None:
        so_far = (watch.sent, watch.processed)
        if run.state == "interrupted" and so_far != (run.sent, run.processed):
            run.sent, run.processed = so_far
            folder.remember(run)

    return looked


def _measure(stream: Stream, folder: Folder, run: Run) -> None:
    complete = run.state == "complete"
    with stream.watch:
        took = asyncio.run(stream.play(sends=not complete))
    if not complete:
        run.measured, run.seconds, run.memory = took.events, took.seconds, took.memory
        run.state = "complete"
        folder.remember(run)


def _year(settings: Settings, run: Run, policy: CompiledPolicy) -> Year:
    try:
        standing = asyncio.run(read_transitions(settings))
        profiles = _agreeing(settings, standing)
    except (TopicUnreadableError, RedisError) as error:
        raise ServerError(f"the result cannot be read: {error}") from error
    rules = policy.policy
    return Year(standing, profiles, run.first, run.last, rules.money.currency, rules.time.day_seconds * 1000)


def _agreeing(settings: Settings, standing: Standing) -> dict[str, Profile]:
    """The profiles, as soon as they say what the transitions say; as they are when that takes too long."""
    deadline = time.monotonic() + _AGREEMENT_SECONDS
    while differences(standing, profiles := read_profiles(settings)) and time.monotonic() < deadline:
        time.sleep(_AGAIN_SECONDS)
    return profiles


def _say(console: Console, text: str) -> None:
    console.print(text, markup=False, highlight=False, soft_wrap=True)


def _print(console: Console, texts: Iterable[Text]) -> None:
    for text in texts:
        console.print(text, soft_wrap=True)
