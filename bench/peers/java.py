"""Kafka Streams' jars from Maven Central and the compiled program, both kept outside the tree."""

import hashlib
import os
import shutil
import subprocess
from collections.abc import Callable
from functools import partial
from pathlib import Path

_SOURCE = Path(__file__).parent / "kafka_streams"
_COMPILER = "org.eclipse.jdt.internal.compiler.batch.Main"  # needs no JDK


def missing() -> str | None:
    """Say what this machine lacks to run Kafka Streams, or None."""
    lacking = [program for program in ("java", "mvn") if shutil.which(program) is None]
    return f"Kafka Streams needs {' and '.join(lacking)}" if lacking else None


def runs(store: str) -> Callable[[], list[str]]:
    """Return a command that runs the program over ``store`` (rocksdb or memory), made first if it is not there."""

    def command() -> list[str]:
        jars = _made("libraries", "pom.xml", _fetch)
        classes = _made("classes", "Orders.java", partial(_compile, jars))
        options = ["-Xmx2g", "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn"]
        return ["java", *options, "-cp", f"{jars}/*:{classes}", "Orders", store]

    return command


def _made(kind: str, source: str, make: Callable[[Path], None]) -> Path:
    digest = hashlib.sha256((_SOURCE / source).read_bytes()).hexdigest()[:12]
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    folder = cache / "lifestage" / f"kafka-streams-{kind}-{digest}"
    if not folder.exists():
        begun = folder.with_name(f"{folder.name}.{os.getpid()}")
        make(begun)
        begun.rename(folder)  # all of it or nothing
    return folder


def _fetch(folder: Path) -> None:
    goal = ["dependency:copy-dependencies", f"-DoutputDirectory={folder}"]
    subprocess.run(["mvn", "-q", "-B", "-f", str(_SOURCE / "pom.xml"), *goal], check=True)


def _compile(jars: Path, folder: Path) -> None:
    options = ["-17", "-cp", os.pathsep.join(map(str, jars.glob("*.jar"))), "-d", str(folder)]
    subprocess.run(["java", "-cp", f"{jars}/*", _COMPILER, *options, str(_SOURCE / "Orders.java")], check=True)
