"""One run of the demo, from the options to the report."""

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
from streams.demo.data_folder import ENVIRONMENT, DataFolder, RunRecord, open_data_folder
from streams.demo.legend import Legend
from streams.demo.live_progress import LiveProgress
from streams.demo.page_process import PageProcess
from streams.demo.pipeline import Pipeline
from streams.demo.previous_run import ResumeChoice, discard_previous_run, resumable_run
from streams.demo.report import ReportData, render_report
from streams.demo.results import count_differences, read_profiles, read_transitions
from streams.demo.run_tally import read_source, run_tally
from streams.demo.servers import run_servers
from streams.demo.summary import command_lines, figure_lines, see_all
from streams.demo.transition_history import TransitionHistory
from streams.demo.worker_process import WorkerProcess
from streams.embedded.child_process import ServerError
from streams.policy_file import PolicyFileError, compile_file
from streams.settings import Settings
from streams.sinks.redis import described
from streams.sources.named import open_source
from streams.sources.source import Source, SourceError
from streams.tally.mapped import add_report
from streams.tally.sentence import nothing_usable
from streams.tally.table import BACKTEST, print_tally
from streams.tally.tally import Tally
from streams.topic_reader import TopicUnreadableError
from streams.topics import TopicsError, create

_MIRROR_TIMEOUT_SECONDS = 20.0
_RETRY_SECONDS = 0.25


@dataclass(frozen=True, slots=True)
class DemoOptions:
    """What the user asked for. ``broker`` and ``redis`` name their own servers; empty: the embedded ones.

    ``stays``: after the report, the servers and the worker go on until Ctrl-C.
    """

    source: str
    mapping: str | None
    policy: Path | None
    limit: int | None
    customers: int | None
    broker: str
    redis: str
    data: Path
    resume: ResumeChoice
    stays: bool


def run_demo(options: DemoOptions, given: Settings, environ: Mapping[str, str], console: Console) -> None:
    """Run the whole demo; ``given`` are the settings of the user's own servers.

    Raises ``ServerError``, ``SourceError`` or ``PolicyFileError``, with messages for the user.
    """
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)  # its errors arrive as exceptions too
    policy = compile_file(options.policy)
    if policy.policy.subject == "account":
        fix = "try it with lifestage backtest; docs/operations.md says how its workers are run"
        raise PolicyFileError(f"{options.policy} decides accounts, and what is shown here is of customers: {fix}")
    with open_data_folder(options.data) as folder, ExitStack() as stack:
        with console.status(f"reading {options.source}"):
            source = open_source(
                options.source, mapping=options.mapping, limit=options.limit, customers=options.customers
            )
            read = read_source(source, policy)
        if source.report is not None:
            _print(console, source.report.told())
        if not read.usable:
            add_report(read, source.report)
            print_tally(console, read, BACKTEST, decided=False)
            raise SourceError(nothing_usable(read, options.source, source.report))
        run = _new_run(options, source, policy)
        previous = resumable_run(folder, run, options.resume, console)
        if previous is None:
            discard_previous_run(folder, run, given, console)
        run = previous or run
        folder.save(run)
        _print(console, f"{source.title}: {run.events:,} events, {to_text(run.first)[:10]} to {to_text(run.last)[:10]}")
        servers = stack.enter_context(run_servers(folder, run, replace(given, policy=options.policy)))
        run.topics = sorted({*run.topics, *asyncio.run(_create_topics(servers.settings))})
        folder.save(run)
        servers.write_environment(folder.path / ENVIRONMENT)
        _print(console, servers.description(folder, run))
        environment = servers.worker_environment(environ)
        worker = stack.enter_context(WorkerProcess(environment, servers.web, folder.path / "worker.log"))
        page = _start_page(environment, folder, console, stack) if options.stays else None
        progress = LiveProgress(console, Legend(policy), run.events, run.processed, run.duplicates)
        pipeline = Pipeline(source, servers, worker, progress, _saving(folder, run, progress), page)
        _measure(pipeline, folder, run)
        data = _report_data(servers.settings, run, policy)
        tally = _run_tally(servers.settings, read, run)
        add_report(tally, source.report)
        told = see_all(servers, options.source, options.mapping, options.stays)
        if not data.profiles:
            print_tally(console, tally, told)
            raise SourceError(nothing_usable(tally, options.source, source.report))
        console.print(render_report(data, console))
        with suppress(KeyboardInterrupt, SystemExit):
            _print_all(console, figure_lines(data, run, worker))
            print_tally(console, tally, told)
            _print_all(console, command_lines(data, servers, worker, folder, page))
            if not options.stays:
                return
            asyncio.run(pipeline.supervise())
        _print(console, f"\nending; the data stay in {folder.path}")


def _new_run(options: DemoOptions, source: Source, policy: CompiledPolicy) -> RunRecord:
    own_servers = bool(options.broker or options.redis)
    # On the user's own servers each run uses unique names, so that it touches nothing else there.
    name = f"lifestage-demo-{uuid.uuid4().hex[:6]}" if own_servers else "lifestage"
    return RunRecord(
        source=options.source,
        mapping=options.mapping or "",
        limit=options.limit,
        customers=options.customers,
        policy=policy.version,
        events=len(source.events),
        first=source.events[0].instant,
        last=source.events[-1].instant,
        broker=options.broker,
        redis=described(options.redis) if options.redis else "",
        app_id=name,
        prefix=f"{name}." if options.broker else "",
        started=to_text(from_datetime(datetime.now(UTC)))[:16].replace("T", " ") + " UTC",
    )


def _start_page(environment: Mapping[str, str], folder: DataFolder, console: Console, stack: ExitStack) -> PageProcess:
    page = stack.enter_context(PageProcess(environment, folder.path / "serve.log"))
    _print(console, f"watch the year at {page.url}")
    return page


async def _create_topics(settings: Settings) -> list[str]:
    try:
        return await create(settings)
    except TopicsError as error:
        raise ServerError(str(error)) from None
    except (KafkaError, TimeoutError, OSError) as error:
        raise ServerError(f"no Kafka answers at {settings.broker}: {str(error) or type(error).__name__}") from None


def _saving(folder: DataFolder, run: RunRecord, progress: LiveProgress) -> Callable[[], None]:
    """Return a callback that saves the run's record whenever its progress has changed."""

    def save() -> None:
        current = (progress.sent, progress.processed, progress.duplicates)
        if run.state == "interrupted" and current != (run.sent, run.processed, run.duplicates):
            run.sent, run.processed, run.duplicates = current
            folder.save(run)

    return save


def _measure(pipeline: Pipeline, folder: DataFolder, run: RunRecord) -> None:
    complete = run.state == "complete"
    with pipeline.progress:
        measured = asyncio.run(pipeline.run(sends=not complete))
    if not complete:
        run.measured, run.seconds, run.memory = measured.events, measured.seconds, measured.memory
        run.duplicates = pipeline.progress.duplicates
        run.state = "complete"
        folder.save(run)


def _report_data(settings: Settings, run: RunRecord, policy: CompiledPolicy) -> ReportData:
    legend = Legend(policy)
    try:
        history = asyncio.run(read_transitions(settings))
        profiles = _matching_profiles(settings, history, legend.first)
    except (TopicUnreadableError, RedisError) as error:
        raise ServerError(f"the result cannot be read: {str(error) or type(error).__name__}") from error
    rules = policy.policy
    return ReportData(
        history=history,
        profiles=profiles,
        legend=legend,
        first=run.first,
        last=run.last,
        currency=rules.money.currency,
        day_ms=rules.time.day_seconds * 1000,
    )


def _run_tally(settings: Settings, read: Tally, run: RunRecord) -> Tally:
    try:
        return asyncio.run(run_tally(settings, read, run.duplicates))
    except TopicUnreadableError as error:
        raise ServerError(f"the rejects cannot be read: {error}") from error


def _matching_profiles(settings: Settings, history: TransitionHistory, first_stage: str) -> dict[str, Profile]:
    """Read the profiles until they match the transitions, or a timeout is over: then as they are."""
    deadline = time.monotonic() + _MIRROR_TIMEOUT_SECONDS
    while count_differences(history, profiles := read_profiles(settings), first_stage) and time.monotonic() < deadline:
        time.sleep(_RETRY_SECONDS)
    return profiles


def _print(console: Console, text: str) -> None:
    console.print(text, markup=False, highlight=False, soft_wrap=True)


def _print_all(console: Console, texts: Iterable[Text]) -> None:
    for text in texts:
        console.print(text, soft_wrap=True)
