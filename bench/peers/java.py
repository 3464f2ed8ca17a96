"""Programs in Kafka Streams: the jars from Maven Central and the compiled classes, both kept outside the tree."""

import hashlib
import os
import shutil
import subprocess
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path

_SOURCE = Path(__file__).parent / "kafka_streams"
_COMPILER = "org.eclipse.jdt.internal.compiler.batch.Main"  # needs no JDK


def missing() -> str | None:
    """Say what this machine lacks to run Kafka Streams, or None."""
    lacking = [program for program in ("java", "mvn") if shutil.which(program) is None]
    return f"Kafka Streams needs {' and '.join(lacking)}" if lacking else None


def command(program: str, *arguments: str) -> list[str]:
    """Return a command that runs a program with these arguments; it is compiled first if that was not done before.

    A program is a class, such as ``orders.Orders``. Raises ``CalledProcessError`` if it cannot be made.
    """
    pom = _SOURCE / "pom.xml"
    sources = sorted(_SOURCE.glob("*/*.java"))
    jars = libraries(pom)
    classes = _made("kafka-streams-classes", [pom, *sources], partial(_compile, jars, sources))
    options = ["-Xmx2g", "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn"]
    return ["java", *options, "-cp", f"{jars}/*:{classes}", program, *arguments]


def libraries(pom: Path) -> Path:
    """Return the folder of the jars that a POM names, fetched first if that was not done before."""
    return _made(f"{pom.parent.name.replace('_', '-')}-libraries", [pom], partial(_fetch, pom))


def _made(kind: str, sources: Iterable[Path], make: Callable[[Path], None]) -> Path:
    digest = hashlib.sha256(b"".join(it.read_bytes() for it in sources)).hexdigest()[:12]
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    folder = cache / "lifestage" / f"{kind}-{digest}"
    if not folder.exists():
        begun = folder.with_name(f"{folder.name}.{os.getpid()}")
        make(begun)
        try:
            begun.rename(folder)  # all of it or nothing
        except OSError:
            if not folder.exists():
                raise
            shutil.rmtree(begun)  # another process was faster
    return folder


def _fetch(pom: Path, folder: Path) -> None:
    goal = ["dependency:copy-dependencies", f"-DoutputDirectory={folder}"]
    subprocess.run(["mvn", "-q", "-B", "-f", str(pom), *goal], check=True)


def _compile(jars: Path, sources: Iterable[Path], folder: Path) -> None:
    options = ["-17", "-cp", os.pathsep.join(map(str, jars.glob("*.jar"))), "-d", str(folder)]
    subprocess.run(["java", "-cp", f"{jars}/*", _COMPILER, *options, *map(str, sources)], check=True)
