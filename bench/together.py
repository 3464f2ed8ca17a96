"""One server does everything at once: how long do look-ups take, and how long is an event on its way to a listener?

    python -m bench together              # three rounds of a minute
    python -m bench together --quick

50 first orders a second come over HTTP, each alone, and 500 other events a second in batches; each order is a
transition, which a client hears as a server-sent event. Beside that, 300 customers a second are looked up. Server,
worker, Apache Kafka, Redis and three clients share the machine.
"""

import asyncio
import tempfile
import time
from collections.abc import Iterable, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import ExitStack
from dataclasses import asdict, dataclass, replace
from multiprocessing import get_context
from pathlib import Path

from bench.installation import Installation, kafka, until
from bench.intake_client import steadily
from bench.live_load import sent_at
from bench.look_up import write_customers
from bench.look_up_client import over_http
from bench.population import simulate
from bench.report import Report, Say, Size, Spread, Table
from bench.stream_reader import hear
from bench.transitions_reader import PERCENTILES, Readings, percentiles
from streams.embedded.servers import redis_server
from streams.policy_file import load_rules
from tests.support.serving import serving
from tests.support.waiting import wait_until

GOAL_HEARD_P99_MS, GOAL_LOOK_UP_P99_MS = 250, 10
_ORDERS, _OTHERS, _LOOK_UPS = 50.0, 500.0, 300.0
_WARM_SECONDS, _QUICK_WARM_SECONDS = 5, 1
_PATIENCE = 300.0


@dataclass(frozen=True, slots=True)
class Round:
    """Percentiles in ms: until an order is taken, until its transition is heard, and of a look-up."""

    taken: dict[str, float]
    heard: dict[str, float]
    looked_up: dict[str, float]


def measure(size: Size, say: Say) -> Report:
    """Measure and report, see ``bench.report.Bench``."""
    rounds: list[Round] = []
    say("simulating a year")
    rules = load_rules(None)
    population = simulate(rules, size.of(2000, 100), time.time_ns() // 1_000_000)
    customers = [it.key.decode() for it in population.originals]
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        redis = stack.enter_context(redis_server(folder))
        installation = stack.enter_context(kafka())
        clients = stack.enter_context(ProcessPoolExecutor(2, mp_context=get_context("spawn")))
        for number in range(size.rounds):
            place = installation(None)
            place.settings = replace(place.settings, redis_url=redis.address)
            asyncio.run(write_customers(place.settings, population, rules))
            with place.worker() as worker, serving(place.settings, folder / f"serve-{number}.log") as server:
                until(worker.is_ready, [worker], _PATIENCE, "starting")
                wait_until(lambda server=server: server.get("/ready").json.get("missing") == {})  # type: ignore[misc]
                rounds.append(asyncio.run(_round(place, server.address, clients, customers, size)))
            say(f"{rounds[-1]}")
    return _report(rounds)


async def _round(
    place: Installation, address: str, clients: ProcessPoolExecutor, customers: list[str], size: Size
) -> Round:
    warm, seconds = size.of(_WARM_SECONDS, _QUICK_WARM_SECONDS), float(size.of(60, 2))
    ready, over = asyncio.Event(), Future[None]()
    hearing = asyncio.ensure_future(hear(address, over.done, ready))
    await ready.wait()
    sending = asyncio.wrap_future(clients.submit(steadily, address, _ORDERS, _OTHERS, warm + seconds))
    await asyncio.sleep(warm)
    asking = asyncio.wrap_future(clients.submit(over_http, address, customers, seconds, rate=_LOOK_UPS))
    taken, looked_up = await sending, await asking
    over.set_result(None)
    return Round(_in_ms(taken[int(warm * _ORDERS) :]), _heard(await hearing, warm), _in_ms(looked_up))


def _heard(readings: Readings, warm: int) -> dict[str, float]:
    began = min(map(sent_at, readings.orders)) + warm * 1000
    return percentiles(delay for order, delay in readings.orders.items() if sent_at(order) >= began)


def _in_ms(delays: Iterable[float]) -> dict[str, float]:
    """Return percentiles of delays, which are told in tenths of a millisecond."""
    return {name: it if name == "count" else it / 10 for name, it in percentiles(int(10 * d) for d in delays).items()}


def _report(rounds: Sequence[Round]) -> Report:
    rows = []
    for name, delays in (
        ("an order is taken", [it.taken for it in rounds]),
        ("its transition is heard", [it.heard for it in rounds]),
        ("a customer is looked up", [it.looked_up for it in rounds]),
    ):
        rows.append([name, *(Spread.over(it[share] for it in delays) for share in PERCENTILES)])
    return Report(
        bench="together",
        figures={
            "goals": {"heard_p99_ms": GOAL_HEARD_P99_MS, "look_up_p99_ms": GOAL_LOOK_UP_P99_MS},
            "a_second": {"orders": _ORDERS, "others": _OTHERS, "look_ups": _LOOK_UPS},
            "rounds": [asdict(it) for it in rounds],
        },
        tables=[Table("Everything at once: ms until", ["until", *PERCENTILES], rows)],
    )
