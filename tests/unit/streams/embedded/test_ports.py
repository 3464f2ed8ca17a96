"""Ports: free, each another one, and none that a connection can be given."""

import socket

import pytest

from streams.embedded import ports
from streams.embedded.ports import HOST, free_port

MANY = 300
WITH_ROOM = pytest.mark.skipif(
    ports._first_of_connections() <= ports._FIRST, reason="connections of this machine get ports from everywhere"
)


@WITH_ROOM
def test_each_is_another_one_on_which_a_server_can_listen() -> None:
    given = [free_port() for _ in range(MANY)]
    assert len(set(given)) == MANY
    for port in given:
        with socket.create_server((HOST, port)):
            pass


@WITH_ROOM
def test_none_is_in_the_range_of_connections() -> None:
    with socket.create_server((HOST, free_port())) as server:
        for _ in range(20):
            with socket.create_connection(server.getsockname()) as connection:
                assert connection.getsockname()[1] > max(free_port() for _ in range(20))


@WITH_ROOM
def test_who_connects_to_a_port_where_nobody_listens_does_not_meet_themselves() -> None:
    """On a port of that range they would, sooner or later: the connection gets it, and is its own other end."""
    port = free_port()
    for _ in range(MANY):
        with socket.socket() as client:
            assert client.connect_ex((HOST, port)) != 0


def test_one_that_is_taken_is_not_given() -> None:
    drawn = ports._drawn(ports._FIRST + 2)
    first, second = next(drawn), next(drawn)
    with socket.create_server((HOST, first)):
        assert ports._if_free(first) == 0
        assert ports._if_free(second) == second


def test_where_connections_leave_no_room_it_is_any_that_is_free() -> None:
    any_one = next(ports._drawn(1024))
    assert any_one == 0
    assert ports._if_free(any_one) > 0
