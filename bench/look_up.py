"""How long does a look-up over HTTP take, and how many can one server answer?

    python -m bench look_up               # three rounds of ten seconds each: at 300 a second, one by one, 500 at once
    python -m bench look_up --quick

Customers of a simulated year are in Redis as a worker writes them. Server, Redis and the client share the machine, and
the client takes about as much of it as the server. The peer is Redis itself: the same client reads the stored profile,
which is as old as the customer's last change.
"""

import asyncio
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from functools import partial
from multiprocessing import get_context
from pathlib import Path

import psutil

from agents.profile_sink import Row
from bench.look_up_client import AT_ONCE, from_redis, many_over_http, over_http
from bench.population import Population, simulate
from bench.report import Report, Say, Size, Spread, Table
from state.rules.rulebook import Rulebook
from state.timeline.snapshot import load
from streams.embedded.servers import redis_server
from streams.policy_file import load_rules
from streams.settings import Settings
from streams.sinks.redis import RedisSink
from tests.support.serving import serving

GOAL_P99_MS, GOAL_A_SECOND, GOAL_AT_ONCE = 10, 1500, 5000
_RATE = 300
_FEW = ["orders_90d", "revenue_365d", "days_since_order"]


@dataclass(frozen=True, slots=True)
class Asked:
    """One way of asking: customers a second, percentiles in ms, and the server's processor time for each in µs."""

    a_second: Spread
    p50: Spread
    p99: Spread
    processor: Spread | None


def measure(size: Size, say: Say) -> Report:
    """Measure and report, see ``bench.report.Bench``."""
    rules = load_rules(None)
    say("simulating a year")
    population = simulate(rules, size.of(2000, 600), time.time_ns() // 1_000_000)
    customers = [it.key.decode() for it in population.originals]
    seconds = size.of(100, 2) / 10
    rounds: dict[str, list[tuple[list[float], float]]] = {}
    with tempfile.TemporaryDirectory() as folder, redis_server(Path(folder)) as redis:
        settings = Settings(redis_url=redis.address)
        asyncio.run(write_customers(settings, population, rules))
        with (
            serving(settings, Path(folder) / "serve.log") as server,
            ProcessPoolExecutor(1, mp_context=get_context("spawn")) as client,
        ):
            process = psutil.Process(server.process.pid)
            address, few = server.address, f"?features={','.join(_FEW)}"
            ways = {
                f"a profile, {_RATE} a second": partial(over_http, address, customers, seconds, rate=float(_RATE)),
                "a profile": partial(over_http, address, customers, seconds),
                "three values": partial(over_http, address, customers, seconds, query=few),
                f"{AT_ONCE} profiles at once": partial(many_over_http, address, customers, seconds),
                f"three values of {AT_ONCE} at once": partial(many_over_http, address, customers, seconds, _FEW),
                "a stored profile from Redis": partial(from_redis, settings, customers, seconds),
            }
            for _ in range(size.rounds):
                for way, ask in ways.items():
                    before = _seconds(process)
                    took = client.submit(ask).result()
                    rounds.setdefault(way, []).append((took, _seconds(process) - before))
                    say(f"{way}: {len(took)} requests, p99 {_percentile(took, 0.99):.2f} ms")
    return _report({way: _asked(way, it, seconds) for way, it in rounds.items()})


async def write_customers(settings: Settings, population: Population, rules: Rulebook) -> None:
    """Write all customers of a population to Redis, as a worker does."""
    sink = RedisSink(settings)
    await sink.identity()
    rows = []
    for original in population.originals:
        timeline, at = load(original.snapshot, rules, original.key.decode()), population.instant
        user = original.key.decode()
        profile = rules.profiles.profile(timeline.head, user_id=user, seq=timeline.seq, at=at)
        rows.append(Row(user, (at, 0), profile, original.snapshot))
    await sink.write(rows)
    await sink.close()


def _asked(way: str, rounds: list[tuple[list[float], float]], seconds: float) -> Asked:
    each = AT_ONCE if str(AT_ONCE) in way else 1
    processor = [1e6 * used / (len(took) * each) for took, used in rounds]
    return Asked(
        Spread.over(len(took) * each / seconds for took, _ in rounds),
        Spread.over(_percentile(took, 0.5) for took, _ in rounds),
        Spread.over(_percentile(took, 0.99) for took, _ in rounds),
        None if "Redis" in way else Spread.over(processor),
    )


def _percentile(values: list[float], share: float) -> float:
    return sorted(values)[int(share * (len(values) - 1))]


def _seconds(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


def _report(asked: dict[str, Asked]) -> Report:
    return Report(
        bench="look_up",
        figures={
            "goals": {"p99_ms": GOAL_P99_MS, "a_second": GOAL_A_SECOND, "at_once_a_second": GOAL_AT_ONCE},
            "asked": {way: asdict(it) for way, it in asked.items()},
        },
        tables=[
            Table(
                "Look-ups by one server",
                ["asked", "customers a second", "p50 ms", "p99 ms", "µs of the server"],
                [[way, it.a_second, it.p50, it.p99, it.processor or "-"] for way, it in asked.items()],
            )
        ],
    )
