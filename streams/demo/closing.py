"""The last words under the picture: what it took, and how to look further."""

import shlex
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

from rich.text import Text

from schemas.instant import to_text
from streams.demo.folder import ENVIRONMENT, Folder, Run
from streams.demo.outcome import differences
from streams.demo.picture import Year
from streams.demo.places import Places
from streams.demo.processor import Processor
from streams.demo.stories import stories

_DEFAULTS = {"LIFESTAGE_APP_ID": "lifestage", "LIFESTAGE_TOPIC_PREFIX": "", "LIFESTAGE_PARTITIONS": "4"}


def closing(year: Year, run: Run, places: Places, processor: Processor, folder: Folder, stays: bool) -> Iterator[Text]:
    """The lines, one by one."""
    yield Text("")
    yield Text.assemble(*_figures(year, run, processor))
    yield _agreement(year)
    if not stays:
        yield _pair("data", f"{folder.path}; run it again without --exit to look customers up")
        return
    told = stories(year.standing, year.profiles)
    customer = told[0].profile.user_id if told else next(iter(year.profiles), "ID")
    yield Text("")
    yield _pair("a customer", _command(places, ["LIFESTAGE_REDIS_URL", "LIFESTAGE_APP_ID"], "show", customer))
    needed = ["LIFESTAGE_BROKER", "LIFESTAGE_TOPIC_PREFIX", "LIFESTAGE_APP_ID"]
    yield _pair("all changes", _command(places, needed, "tail", "--from-beginning"))
    yield _pair("metrics", f"{places.web}/metrics")
    yield _pair("health", f"{places.web}/health")
    yield _pair("data", str(folder.path))
    yield _pair("worker's log", str(processor.log))
    yield _pair("in a shell", f". {folder.path / ENVIRONMENT}  (then without the settings before each command)")
    yield Text("")
    clock = to_text(year.last)[:16].replace("T", " ")
    yield Text(f"The clock stands at {clock}. Ctrl-C ends everything; the next run finds the data.")


def _figures(year: Year, run: Run, processor: Processor) -> Iterator[tuple[str, str] | str]:
    rate = run.measured / run.seconds if run.seconds else 0.0
    yield (f"{run.measured:,} events in {run.seconds:.1f} s: {rate:,.0f} events a second", "bold")
    yield f", {year.standing.published:,} changes published"
    if year.standing.corrections:
        yield f" ({year.standing.corrections:,} corrections, {year.standing.retracted:,} taken back)"
    yield f", worker {run.memory / 1e6:,.0f} MB"
    if processor.restarts:
        yield f", started {processor.restarts + 1} times"
    yield "."


def _agreement(year: Year) -> Text:
    other = differences(year.standing, year.profiles)
    if other:
        return Text(f"{other:,} profiles in Redis do not say what the transitions in Kafka say.", "bold red")
    return Text(f"The {len(year.profiles):,} profiles in Redis say what the transitions in Kafka say.", "dim")


def _pair(name: str, text: str) -> Text:
    return Text.assemble((f"{name:<13}", "dim"), text)


def _command(places: Places, names: list[str], *words: str) -> str:
    variables = places.variables()
    needed = [f"{name}={shlex.quote(variables[name])}" for name in names if variables[name] != _DEFAULTS.get(name)]
    return " ".join([*needed, _program(), *map(shlex.quote, words)])


def _program() -> str:
    """How this program was called, so that the same words call it again."""
    called = Path(sys.argv[0])
    if called.name != "lifestage" or shutil.which("lifestage") == str(called):
        return "lifestage"
    return shlex.quote(str(called.relative_to(Path.cwd())) if called.is_relative_to(Path.cwd()) else str(called))
