"""The programs of the engine benchmark: lifestage, and the peers that this machine can run."""

import importlib.util
from collections.abc import Mapping
from functools import partial

from bench.comparison import Program, python
from bench.orders import Population
from bench.peers import java
from bench.peers.task import Task
from streams.embedded.ports import free_port
from streams.topics import INPUTS

OURS = "lifestage"
BYTEWAX_NEEDS = "Bytewax needs the package bytewax, which has wheels for Python 3.11 and 3.12 only"


def available() -> tuple[list[Program], list[str]]:
    """Return the programs, and a sentence for each that cannot run here.

    A slow program gets a shorter stream of the same population, so that a round ends. Faust gets one population: in
    the others its stream would be too short to show them all.
    """
    found = [Program(OURS, "lifestage", python("bench.engine_worker"), _all, _settings)]
    left_out = []
    lacking = java.missing()
    if lacking is None:
        for name, title, store, events in (
            ("kafka_streams", "Kafka Streams, RocksDB", "rocksdb", _all),
            ("kafka_streams_memory", "Kafka Streams, in memory", "memory", _all_if_uniform),
        ):
            found.append(Program(name, title, partial(java.command, "orders.Orders", store), events))
    else:
        left_out.append(lacking)
    for package, name, title, module, needs in (
        ("bytewax", "bytewax", "Bytewax", "bench.peers.bytewax_flow", BYTEWAX_NEEDS),
        ("quixstreams", "quix", "Quix Streams", "bench.peers.quix_app", "Quix Streams needs the package quixstreams"),
    ):
        if importlib.util.find_spec(package) is None:
            left_out.append(needs)
        else:
            found.append(Program(name, title, python(module), _fewer))
    found.append(Program("faust", "Faust", python("bench.peers.faust_app", "worker", "-l", "warn"), _few))
    return found, left_out


def _all(_population: Population) -> int:
    return 1_000_000


def _all_if_uniform(population: Population) -> int:
    return 0 if population.zipf else 1_000_000


def _fewer(_population: Population) -> int:
    return 200_000


def _few(population: Population) -> int:
    return 20_000 if population == Population(5_000) else 0


def _settings(task: Task) -> Mapping[str, str]:
    return {
        "LIFESTAGE_BROKER": task.broker,
        "LIFESTAGE_APP_ID": task.name,
        "LIFESTAGE_TOPIC_PREFIX": task.topic.removesuffix(INPUTS[0]),
        "LIFESTAGE_REDIS_URL": "",
        "LIFESTAGE_WEB_PORT": str(free_port()),
        "LIFESTAGE_DATA": str(task.folder / "data"),
        "LIFESTAGE_INSTANCE": "bench",
    }
