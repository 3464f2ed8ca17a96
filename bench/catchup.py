"""After an hour away, how long until a worker is live again, and does it stay a member of its group meanwhile?

    python -m bench catchup               # 400 k events of the backlog, while new ones keep coming
    python -m bench catchup --quick

An hour at 5,000 events a second is 18 million. Every part of them is like every other, so a part is worked off and
the hour is computed from its speed.
"""

import asyncio
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from functools import partial
from multiprocessing import get_context

from bench.backlog import write
from bench.fabricated_changelog import fabricate
from bench.installation import Installation, kafka, until
from bench.live_load import STEP_MS, first_orders, produce
from bench.policy import BROWSING_SHARE
from bench.population import Population, simulate
from bench.report import Report, Say, Size, Spread, Table
from bench.visits import Visits
from streams.policy_file import load_rules

EVENTS_A_SECOND = 5000
HOUR_SECONDS = 3600
_LIVE_A_SECOND = 200.0
_LIVE_SECONDS = 600.0
_PATIENCE = 600.0
_LOOK_SECONDS = 0.25


@dataclass(frozen=True, slots=True)
class Run:
    """Seconds from ready to live, events per second meanwhile, openings of partitions, peak memory in bytes."""

    seconds: float
    speed: float
    openings: int
    memory: int


def measure(size: Size, say: Say) -> Report:
    """Measure and report, see ``bench.report.Bench``."""
    events, customers = size.of(400_000, 2000), size.of(400_000, 4000)
    say("simulating a year of those who are copied")
    away = events // EVENTS_A_SECOND
    population = simulate(load_rules(None), size.of(1000, 50), int(time.time() - away) * 1000)
    runs = []
    with kafka() as installation:
        for _ in range(size.rounds):
            runs.append(_run(installation(None), population, customers, events))
            say(f"live again after {runs[-1].seconds:.1f} s, {runs[-1].speed:,.0f} events/s")
    return _report(events, runs)


def _run(place: Installation, population: Population, customers: int, events: int) -> Run:
    visits = Visits(population, customers, events, browsing=BROWSING_SHARE)
    asyncio.run(fabricate(place.settings, population, customers))
    asyncio.run(write(place.settings, list(visits.from_instant(population.instant, EVENTS_A_SECOND))))
    load = [partial(first_orders, rate=_LIVE_A_SECOND, step=STEP_MS)]
    loading = get_context("spawn").Process(target=produce, args=(place.settings, load, _LIVE_SECONDS), daemon=True)
    most = 0
    with place.worker() as worker, ExitStack() as stack:
        until(worker.is_ready, [worker], _PATIENCE, "restoring")
        began = time.monotonic()
        loading.start()
        stack.callback(loading.join)
        stack.callback(loading.terminate)

        def is_live() -> bool:
            nonlocal most
            most = max(most, worker.memory())
            lag = worker.lag()
            return lag is not None and lag < _LIVE_A_SECOND and worker.mark().events >= events

        until(is_live, [worker], _PATIENCE, "catching up", every=_LOOK_SECONDS)
        seconds = time.monotonic() - began
        done = worker.mark().events
        openings = worker.log.read_text().count("opened partitions")
    return Run(seconds, done / seconds, openings, most)


def _report(events: int, runs: Sequence[Run]) -> Report:
    speed = Spread.over(it.speed for it in runs)
    backlog = EVENTS_A_SECOND * HOUR_SECONDS
    # While new events come as fast as the old ones did, only what is left of the speed works the backlog off.
    to_spare = speed.median - EVENTS_A_SECOND
    hour = backlog / to_spare if to_spare > 0 else None
    return Report(
        bench="catchup",
        figures={
            "events": events,
            "runs": [asdict(it) for it in runs],
            "hour_at_rest_seconds": round(backlog / speed.median),
            "hour_going_on_seconds": None if hour is None else round(hour),
        },
        tables=[
            Table(
                "From ready to live again",
                ["backlog", "seconds", "events/s", "openings", "MB at most"],
                [
                    [
                        events,
                        Spread.over(it.seconds for it in runs),
                        speed,
                        max(it.openings for it in runs),
                        max(it.memory for it in runs) / 1e6,
                    ]
                ],
            ),
            Table(
                f"An hour at {EVENTS_A_SECOND:,} events/s ({backlog:,} events), computed from it",
                ["meanwhile", "minutes"],
                [
                    ["nothing more comes", backlog / speed.median / 60],
                    ["as much comes as before", "never" if hour is None else hour / 60],
                ],
            ),
        ],
    )
