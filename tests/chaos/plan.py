"""The plan of a run: its seed, its load, and the faults in their order."""

import argparse
import random
from collections.abc import Collection, Iterator, Sequence
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
    "forget",
    "policy",
    "recreated",
    "clock",
)
KINDS = (*DEFAULT, "compaction", "stall", "broker", "mixed")
# What the embedded broker cannot show: it waits for a dead member for ever, and killed, it forgets.
APACHE_ONLY = ("zombie", "compaction", "stall", "broker", "mixed", "recreated", "clock", "forget", "policy")
_NOT_BEFORE = {"forget", "policy"}
# How many of a kind come with so many kills; at least one.
_PER_KILLS = {"zombie": 10, "term": 7, "redis": 10, "offsets": 6, "broker": 5, "forget": 5, "policy": 5}


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
    other_tree: Path | None = None
    """The source tree of the version that `mixed` runs beside the present one."""
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
    parser.add_argument(
        "--other-tree", type=Path, help="draw `mixed` too: a worker of this source tree among the others"
    )
    parser.add_argument("--control", default="")
    given = parser.parse_args(arguments)
    impossible = {*APACHE_ONLY} if given.broker == "embedded" else set()
    if library() is None:
        impossible.add("clock")
    if given.other_tree is not None:
        impossible |= _NOT_BEFORE
    possible = [kind for kind in DEFAULT if kind not in impossible]
    faults = tuple(filter(None, given.faults.split(","))) or tuple(possible)
    if given.other_tree is not None and "mixed" not in faults:
        faults = (*faults, "mixed")
    if wrong := next(_wrong(given, faults, impossible), ""):
        parser.error(wrong)
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
        other_tree=given.other_tree,
        control=given.control,
    )


def _wrong(given: argparse.Namespace, faults: Sequence[str], impossible: Collection[str]) -> Iterator[str]:
    """Yield why this cannot be run."""
    drawn, is_embedded, other = {*faults}, given.broker == "embedded", given.other_tree
    for kind in faults:
        if kind not in KINDS:
            yield f"no such fault: {kind}; there are {', '.join(KINDS)}"
        if is_embedded and kind in APACHE_ONLY:
            yield f"{kind} needs BROKER=apache"
    if "mixed" in drawn and drawn & _NOT_BEFORE:
        yield "a version from before cannot forget, and stops under a second policy: one of the two"
    if "clock" in drawn & {*impossible}:
        yield "clock needs libfaketime: install faketime"
    if is_embedded and given.accounts:
        yield "the embedded broker loses events of accounts when a worker is killed: BROKER=apache"
    if drawn & {"zombie", "mixed"} and given.workers < 2:
        yield "a zombie, and a worker of another version, need another worker that takes over: WORKERS=2 or more"
    if "mixed" in drawn and other is None:
        yield "mixed needs --other-tree: the source tree of another version"
    if other is not None and not (other / "streams" / "worker.py").is_file():
        yield f"--other-tree {other}: no source tree of lifestage"
    if "compaction" in drawn and drawn & _NOT_BEFORE:
        yield "compaction deletes the positions that say what came before a request, or a policy: one of the two"


def _steps(faults: tuple[str, ...], kills: int, times: dict[str, int], seed: int) -> tuple[str, ...]:
    dice = random.Random(f"steps {seed}")
    deadly = [kind for kind in faults if kind in ("kill", "failpoint")]
    steps: list[str] = [deadly[number % len(deadly)] for number in range(kills)] if deadly else []
    for kind in faults:
        if kind not in deadly:
            steps += [kind] * times.get(kind, max(1, kills // _PER_KILLS.get(kind, 20)))
    dice.shuffle(steps)
    return tuple(steps)
