"""The environment of Python in which PyFlink is installed, which is not lifestage's own, and commands in it."""

import os
import shutil
from collections.abc import Mapping
from pathlib import Path

from bench.peers import java

PYTHON = "BENCH_FLINK_PYTHON"
_HERE = Path(__file__).parent
_ROOT = _HERE.parents[2]


def missing() -> str | None:
    """Say what this machine lacks to run PyFlink, or None."""
    python = os.environ.get(PYTHON)
    if not python:
        return (
            "PyFlink needs an environment of its own with what bench/peers/flink/requirements.txt lists: say its "
            f"interpreter in {PYTHON}"
        )
    if shutil.which(python) is None:
        return f"PyFlink needs {python}, which {PYTHON} names and which is not there"
    lacking = java.missing()
    return None if lacking is None else lacking.replace("Kafka Streams", "PyFlink")


def command(*arguments: str) -> list[str]:
    """Return a command that runs the job with these arguments."""
    return [os.environ[PYTHON], "-m", "bench.peers.flink.job", *arguments]


def variables() -> Mapping[str, str]:
    """Return the environment variables of such a command, besides those of its task; the connector is fetched first."""
    (connector,) = java.libraries(_HERE / "pom.xml").glob("flink-sql-connector-kafka-*.jar")
    return {"PYTHONPATH": str(_ROOT), "BENCH_FLINK_JAR": connector.as_uri(), "JVM_ARGS": "-Xmx2g"}
