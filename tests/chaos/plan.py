"""The plan of a run: its seed, its load, and the faults in their order."""

import argparse
import random
from dataclasses import dataclass
from pathlib import Path

from streams.policy_file import shipped_policy
from tests.support.fake_clock import library

DEFAULT = (
    "kill",
    "failpoint",
    "zombie",
    "term",
    "scale",
    "redis",
    "offsets",
    "disk",
    "poison",
    "truncation",
    "recreated",
    "clock",
)
KINDS = (*DEFAULT, "compaction", "stall", "broker")
# What the embedded broker cannot show: it waits for a dead member for ever, and killed, it forgets.
APACHE_ONLY = ("zombie", "compaction", "stall", "broker", "recreated", "clock")
# How many of a kind come with so many kills; at least one.
_PER_KILLS = {"zombie": 10, "term": 7, "redis": 10, "offsets": 6, "broker": 5}


@dataclass(frozen=True)
class Plan:
    """``steps`` are the faults one after another; ``failpoint`` counts as a kill, as does ``kill``."""

    seed: int
    broker: str
    kills: int
    workers: int
    rate: float
    partitions: int
    faults: tuple[str, ...]
    steps: tuple[str, ...]
    policy: Path
    accounts: Path | None
    """The policy of the accounts; none: no accounts are decided."""
    results: Path
    control: str = ""

    @property
    def brokers(self) -> int:
        """Nodes of the cluster: three when one of them is to die."""
        return 3 if "broker" in self.faults else 1


def read_plan(arguments: list[str]) -> Plan:
    """Read the command line; raises ``SystemExit`` with a message for what is impossible."""
    parser = argparse.ArgumentParser(prog="chaos", description="Kill anything, lose nothing, repeat nothing.")
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1, 100_000))
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--broker", choices=("apache", "embedded"), default="apache")
    parser.add_argument("--rate", type=float, default=150.0)
    parser.add_argument("--partitions", type=int, default=4)
    parser.add_argument("--faults", default="")
    parser.add_argument("--times", default="", help="for example zombie=20,scale=3")
    parser.add_argument("--policy", type=Path, default=shipped_policy())
    parser.add_argument("--accounts", type=Path, help="decide accounts too, under this policy")
    cache = Path.home() / ".cache" / "lifestage" / "chaos.jsonl"
    parser.add_argument("--results", type=Path, default=cache)
    parser.add_argument("--control", default="")
    given = parser.parse_args(arguments)
    impossible = {*APACHE_ONLY} if given.broker == "embedded" else set()
    if library() is None:
        impossible.add("clock")
    possible = [kind for kind in DEFAULT if kind not in impossible]
    faults = tuple(filter(None, given.faults.split(","))) or tuple(possible)
    for kind in faults:
        if kind not in KINDS:
            parser.error(f"no such fault: {kind}; there are {', '.join(KINDS)}")
        if given.broker == "embedded" and kind in APACHE_ONLY:
            parser.error(f"{kind} needs BROKER=apache")
        if kind in impossible:
            parser.error(f"{kind} needs libfaketime: install faketime")
    if given.broker == "embedded" and given.accounts:
        parser.error("the embedded broker loses events of accounts when a worker is killed: BROKER=apache")
    if "zombie" in faults and given.workers < 2:
        parser.error("a zombie needs another worker that takes over: WORKERS=2 or more")
    times = dict(pair.split("=") for pair in filter(None, given.times.split(",")))
    return Plan(
        seed=given.seed,
        broker=given.broker,
        kills=given.kills,
        workers=given.workers,
        rate=given.rate,
        partitions=given.partitions,
        faults=faults,
        steps=_steps(faults, given.kills, {kind: int(number) for kind, number in times.items()}, given.seed),
        policy=given.policy,
        accounts=given.accounts,
        results=given.results,
        control=given.control,
    )


def _steps(faults: tuple[str, ...], kills: int, times: dict[str, int], seed: int) -> tuple[str, ...]:
    dice = random.Random(f"steps {seed}")
    deadly = [kind for kind in faults if kind in ("kill", "failpoint")]
    steps: list[str] = [deadly[number % len(deadly)] for number in range(kills)] if deadly else []
    for kind in faults:
        if kind not in deadly:
            steps += [kind] * times.get(kind, max(1, kills // _PER_KILLS.get(kind, 20)))
    dice.shuffle(steps)
    return tuple(steps)
