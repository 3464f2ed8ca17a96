"""Ports of this machine on which a server can listen."""

import random
import socket
from collections.abc import Iterator
from pathlib import Path

HOST = "127.0.0.1"
_FIRST = 10_000
_FIRST_OF_CONNECTIONS = 32_768
"""Where Linux begins unless it is told otherwise; others begin later."""
_RANGE_OF_CONNECTIONS = Path("/proc/sys/net/ipv4/ip_local_port_range")


def free_port() -> int:
    """Return a TCP port of 127.0.0.1 that is free.

    It lies below the range from which connections get theirs, if there is room, and is each time another one: a
    connection could take a port of that range before the server listens, or while the server is away for a moment.
    """
    return next(filter(None, map(_if_free, _candidates)))


def _if_free(port: int) -> int:
    """Return the port if it is free, and otherwise 0; for 0, any that is."""
    with socket.socket() as probe:
        try:
            probe.bind((HOST, port))
        except OSError:
            return 0
        given: int = probe.getsockname()[1]
        return given


def _drawn(first_of_connections: int) -> Iterator[int]:
    """Yield ports in any order, without end; 0, which stands for any, if connections leave no room."""
    ports = range(_FIRST, first_of_connections) or range(1)
    chance = random.Random()  # of its own: tests seed the module's alike in several processes
    while True:
        yield from chance.sample(ports, len(ports))


def _first_of_connections() -> int:
    try:
        return int(_RANGE_OF_CONNECTIONS.read_text("ascii").split()[0])
    except (OSError, ValueError, IndexError):
        return _FIRST_OF_CONNECTIONS


_candidates = _drawn(_first_of_connections())
