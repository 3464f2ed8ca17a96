"""The lines under the report: what the run took, and the commands to look further."""

import shlex
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

from rich.text import Text

from schemas.instant import to_text
from streams.demo.data_folder import ENVIRONMENT, DataFolder, RunRecord
from streams.demo.page_process import PageProcess
from streams.demo.report import ReportData
from streams.demo.results import count_differences
from streams.demo.servers import DemoServers
from streams.demo.stories import choose_stories
from streams.demo.worker_process import WorkerProcess
from streams.tally.table import BACKTEST, SeeAll
from streams.terminal_text import printable

_KAFKA = ["LIFESTAGE_BROKER", "LIFESTAGE_TOPIC_PREFIX", "LIFESTAGE_APP_ID"]
_DEFAULTS = {"LIFESTAGE_APP_ID": "lifestage", "LIFESTAGE_TOPIC_PREFIX": "", "LIFESTAGE_PARTITIONS": "4"}


def figure_lines(data: ReportData, run: RunRecord, worker: WorkerProcess) -> Iterator[Text]:
    """Yield what the run took, and whether both results agree."""
    yield Text("")
    yield Text.assemble(*_figures(data, run, worker))
    yield _agreement(data)
    yield Text("")


def see_all(servers: DemoServers, source: str, mapping: str | None, stays: bool) -> SeeAll:
    """Return how to see everything that was put aside."""
    if not stays:
        return BACKTEST._replace(rejects="run it again without --exit (EXIT=1), then lifestage rejects")
    file = shlex.quote(source) if mapping is None else f"{shlex.quote(source)} --mapping {shlex.quote(mapping)}"
    again = f"{_program()} backtest {file} --out /dev/null"
    rejects = _command(servers, _KAFKA, "rejects") if mapping is None else f"{again} --rejects -"
    return SeeAll(rejects=rejects, unknown=f"{again} --unknown -", duplicates=f"{again} --duplicates -")


def command_lines(
    data: ReportData, servers: DemoServers, worker: WorkerProcess, folder: DataFolder, page: PageProcess | None
) -> Iterator[Text]:
    """Yield the commands to look further, and the address of the page; None: nothing goes on that could be asked."""
    if page is None:
        yield _pair("data", f"{folder.path}; run it again without --exit (EXIT=1) to look customers up")
        return
    stories = choose_stories(data.history, data.profiles, own_stages=data.legend.is_own)
    customer = stories[0].profile.user_id if stories else next(iter(data.profiles), "ID")
    yield Text("")
    yield _pair("a customer", _command(servers, ["LIFESTAGE_REDIS_URL", "LIFESTAGE_APP_ID"], "show", customer))
    yield _pair("all changes", _command(servers, _KAFKA, "tail", "--from-beginning"))
    yield _pair("metrics", f"{servers.web}/metrics")
    yield _pair("health", f"{servers.web}/health")
    yield _pair("data", str(folder.path))
    yield _pair("logs", f"{worker.log}, {page.log.name}")
    yield _pair("in a shell", f". {folder.path / ENVIRONMENT}  (then without the settings before each command)")
    yield Text("")
    clock = to_text(data.last)[:16].replace("T", " ")
    yield Text(f"The clock stands at {clock}. Ctrl-C ends everything; the next run finds the data.")
    yield Text.assemble("All of it is to be seen at ", (page.url, "bold"))


def _figures(data: ReportData, run: RunRecord, worker: WorkerProcess) -> Iterator[tuple[str, str] | str]:
    rate = run.measured / run.seconds if run.seconds else 0.0
    yield (f"{run.measured:,} events in {run.seconds:.1f} s: {rate:,.0f} events a second", "bold")
    yield f", {data.history.published:,} changes published"
    if data.history.corrections:
        yield f" ({data.history.corrections:,} corrections, {data.history.retracted:,} taken back)"
    yield f", worker {run.memory / 1e6:,.0f} MB"
    if worker.restarts:
        yield f", started {worker.restarts + 1} times"
    yield "."


def _agreement(data: ReportData) -> Text:
    differences = count_differences(data.history, data.profiles, data.legend.first)
    if differences:
        return Text(f"{differences:,} profiles in Redis do not say what the transitions in Kafka say.", "bold red")
    return Text(f"The {len(data.profiles):,} profiles in Redis say what the transitions in Kafka say.", "dim")


def _pair(name: str, text: str) -> Text:
    return Text.assemble((f"{name:<13}", "dim"), text)


def _command(servers: DemoServers, names: list[str], *words: str) -> str:
    variables = servers.variables()
    needed = [f"{name}={shlex.quote(variables[name])}" for name in names if variables[name] != _DEFAULTS.get(name)]
    return printable(" ".join([*needed, _program(), *map(shlex.quote, words)]))


def _program() -> str:
    """Return how this program was called, so that the same words call it again."""
    called = Path(sys.argv[0])
    if called.name != "lifestage" or shutil.which("lifestage") == str(called):
        return "lifestage"
    return shlex.quote(str(called.relative_to(Path.cwd())) if called.is_relative_to(Path.cwd()) else str(called))
