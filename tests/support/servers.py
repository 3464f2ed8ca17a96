"""Real servers for tests: each on free ports of 127.0.0.1, up when its block begins and gone when it ends."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from streams.embedded.child_process import ServerError, log_tail, running, start, wait_until
from streams.embedded.ports import HOST, free_port
from streams.embedded.servers import Server, answers_kafka, kafka_broker, redis_server

POM = Path(__file__).parent / "apache_kafka" / "pom.xml"
_READY_SECONDS = 90.0
_FETCH_SECONDS = 600.0
_JAVA = ["java", "-Xmx400m", "-Xms128m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"]


@dataclass
class Broker:
    """One Apache Kafka node that a test may kill and start again (its data and ports stay)."""

    port: int
    command: list[str]
    log: Path
    process: subprocess.Popen[bytes] = field(init=False)

    def __post_init__(self) -> None:
        self.start()

    @property
    def pid(self) -> int:
        return self.process.pid

    def start(self) -> None:
        with self.log.open("ab") as output:
            self.process = start(self.command, output=output)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()


@dataclass
class Kafka:
    """A running Apache Kafka: ``bootstrap`` as clients want it, and its nodes."""

    bootstrap: str
    brokers: list[Broker]

    @property
    def pids(self) -> list[int]:
        return [broker.pid for broker in self.brokers]

    def wait_until_complete(self) -> None:
        """Return once every node answers and knows all the others."""
        for broker in self.brokers:
            wait_until(
                partial(self._is_complete_at, broker.port),
                broker.process,
                broker.log,
                name=f"Apache Kafka on port {broker.port}",
                timeout=_READY_SECONDS,
            )

    def _is_complete_at(self, port: int) -> bool:
        for broker in self.brokers:
            if broker.process.poll() is not None:
                raise ServerError(f"Apache Kafka on port {broker.port} has ended. {log_tail(broker.log)}")
        return answers_kafka(port, len(self.brokers))


@contextmanager
def embedded_kafka(folder: Path) -> Iterator[Server]:
    """Run the embedded broker; ``address`` is its bootstrap string."""
    with kafka_broker(folder) as server:
        yield server


@contextmanager
def embedded_redis(folder: Path) -> Iterator[Server]:
    """Run the embedded Redis; ``address`` is its URL."""
    with redis_server(folder) as server:
        yield server


@contextmanager
def apache_kafka(
    folder: Path, brokers: int = 1, listeners: Mapping[str, int] | None = None, more: Mapping[str, object] | None = None
) -> Iterator[Kafka]:
    """Run Apache Kafka (KRaft, each node both roles); with three, replication 3 and min.insync 2.

    ``listeners`` are further ones of a single node, by their protocols, and ``more`` are further properties.
    """
    classpath = f"{kafka_libraries()}/*"
    ports = [(free_port(), free_port()) for _ in range(brokers)]
    voters = ",".join(f"{node}@{HOST}:{controller}" for node, (_, controller) in enumerate(ports, start=1))
    java = [*_JAVA, "-cp", classpath, "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn"]
    with ExitStack() as stack:
        nodes: list[Broker] = []
        for node, (client, controller) in enumerate(ports, start=1):
            home = folder / f"node-{node}"
            home.mkdir(parents=True)
            properties = home / "server.properties"
            addresses = {"PLAINTEXT": client, **(listeners or {})}
            settings = {**_properties(node, voters, home / "data", brokers), **_listeners(addresses, controller)}
            lines = (f"{name}={value}\n" for name, value in {**settings, **(more or {})}.items())
            properties.write_text("".join(lines))
            # The same id on every node: they are one cluster.
            format_storage = ["format", "-t", "bGlmZXN0YWdlLXRlc3Rz", "-c", str(properties)]
            log = home / "server.log"
            _call([*java, "kafka.tools.StorageTool", *format_storage], home / "format.log")
            nodes.append(Broker(client, [*java, "kafka.Kafka", str(properties)], log))
            stack.callback(nodes[-1].kill)  # nobody reads its data again, so it need not tidy up
        kafka = Kafka(",".join(f"{HOST}:{client}" for client, _ in ports), nodes)
        kafka.wait_until_complete()
        yield kafka


def apache_kafka_missing() -> str | None:
    """Say what this machine lacks to run Apache Kafka, or None."""
    missing = [program for program in ("java", "mvn") if shutil.which(program) is None]
    if not missing or ("java" not in missing and any(_libraries_folder().glob("kafka_*.jar"))):
        return None
    return f"{' and '.join(missing)} not found: install Java 17 and Maven to test against Apache Kafka"


def kafka_libraries() -> Path:
    """Return the folder of the jars, fetched from Maven Central the first time and kept outside the tree."""
    folder = _libraries_folder()
    if any(folder.glob("kafka_*.jar")):
        return folder
    fetched = folder.with_name(f"{folder.name}.{os.getpid()}")
    goal = ["dependency:copy-dependencies", f"-DoutputDirectory={fetched}"]
    try:
        _call(["mvn", "-q", "-B", "-f", str(POM), *goal], folder.with_name("fetch.log"), _FETCH_SECONDS)
        # All of the jars or none: a fetch that was cut short must not look like a full folder.
        if not any(folder.glob("kafka_*.jar")):
            fetched.rename(folder)
    finally:
        shutil.rmtree(fetched, ignore_errors=True)
    return folder


def _libraries_folder() -> Path:
    named = os.environ.get("TEST_KAFKA_LIBS")
    if named:
        return Path(named)
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return cache / "lifestage" / "apache-kafka-4.1.0"


def _listeners(addresses: Mapping[str, int], controller: int) -> dict[str, str]:
    """Return the properties of listeners by their protocols."""
    listed = ",".join(f"{protocol}://{HOST}:{port}" for protocol, port in addresses.items())
    return {
        "listeners": f"{listed},CONTROLLER://{HOST}:{controller}",
        "advertised.listeners": listed,
        "listener.security.protocol.map": ",".join(f"{it}:{it}" for it in addresses) + ",CONTROLLER:PLAINTEXT",
    }


def _properties(node: int, voters: str, data: Path, brokers: int) -> dict[str, object]:
    replication = 3 if brokers >= 3 else 1
    in_sync = 2 if brokers >= 3 else 1
    return {
        "process.roles": "broker,controller",
        "node.id": node,
        "controller.quorum.voters": voters,
        "controller.listener.names": "CONTROLLER",
        "inter.broker.listener.name": "PLAINTEXT",
        "log.dirs": data,
        "auto.create.topics.enable": "false",
        "default.replication.factor": replication,
        "min.insync.replicas": in_sync,
        "offsets.topic.replication.factor": replication,
        "offsets.topic.num.partitions": 4,
        "transaction.state.log.replication.factor": replication,
        "transaction.state.log.min.isr": in_sync,
        "transaction.state.log.num.partitions": 4,
        "share.coordinator.state.topic.replication.factor": replication,
        "share.coordinator.state.topic.min.isr": in_sync,
        # A killed node may register again after three seconds instead of nine.
        "broker.session.timeout.ms": 3000,
        "broker.heartbeat.interval.ms": 500,
        # A killed worker is gone from its group after a second, and a new group does not wait for company.
        "group.min.session.timeout.ms": 1000,
        "group.initial.rebalance.delay.ms": 0,
    }


def _call(command: list[str], log: Path, timeout: float = _READY_SECONDS) -> None:
    with running(command, log=log) as child:
        try:
            code = child.wait(timeout)
        except subprocess.TimeoutExpired:
            raise ServerError(f"{command[0]} took longer than {timeout:.0f} s, see {log}") from None
    if code != 0:
        raise ServerError(f"{' '.join(command)} ended with {code}:\n{log.read_text(errors='replace')[-2000:]}")


if __name__ == "__main__":
    print(kafka_libraries(), file=sys.stdout)
