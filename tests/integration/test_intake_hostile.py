"""Requests that mean harm: slow ones, many, and such that are more than they seem."""

import asyncio
import gzip
import json
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from pathlib import Path
from urllib.parse import urlsplit
from uuid import uuid4

import psutil
import pytest
from aiohttp import web

from streams.embedded.ports import HOST, free_port
from streams.serve.connections import runner_of
from streams.serve.intake.requests import MAX_BYTES
from streams.topics import create
from tests.support.installation import settings_for
from tests.support.serving import Server, serving
from tests.support.waiting import PATIENCE, wait_until

MIB = 1024 * 1024
HEAD = b"POST /v1/batch HTTP/1.1\r\nHost: localhost\r\n"
ONE = {"type": "page", "userId": "c", "messageId": "m", "timestamp": "2026-01-01T00:00:00Z"}


@pytest.fixture(scope="module")
def server(embedded_broker: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    settings = settings_for(embedded_broker, f"t{uuid4().hex[:8]}-", embedded=True)
    asyncio.run(create(settings))
    with serving(settings, tmp_path_factory.mktemp("intake") / "serve.log") as server:
        wait_until(lambda: server.get("/ready").status == 200, what=server.log.read_text)
        yield server


def connected(server: Server) -> socket.socket:
    address = urlsplit(server.address)
    return socket.create_connection((address.hostname, address.port), timeout=PATIENCE)


def held(server: Server) -> float:
    lines = server.get("/metrics").body.decode().splitlines()
    return next(float(it.split()[1]) for it in lines if it.startswith("lifestage_intake_held_bytes "))


def head(size: int) -> bytes:
    return f"POST /v1/batch HTTP/1.1\r\nHost: localhost\r\nContent-Length: {size}\r\n\r\n".encode()


def test_what_unpacks_to_more_than_there_may_be_is_not_unpacked(server: Server) -> None:
    bomb = gzip.compress(b" " * (256 * MIB))
    assert len(bomb) < MIB
    twice = gzip.compress(bomb)
    process = psutil.Process(server.process.pid)
    before = process.memory_info().rss
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: server.post("/v1/batch", bomb, Content_Encoding="gzip"), range(8)))
    assert {it.status for it in answers} == {413}
    assert process.memory_info().rss < before + 96 * MIB
    assert server.post("/v1/batch", twice, Content_Encoding="gzip").status == 400  # it is unpacked once
    assert held(server) == 0


def test_only_so_much_is_held_at_once(server: Server) -> None:
    large = json.dumps({"batch": [ONE]}).encode().ljust(MAX_BYTES)
    with ExitStack() as stack:

        def is_full() -> bool:
            for _ in range(6):  # before the first of them has taken too long
                slow = stack.enter_context(connected(server))
                with suppress(OSError):  # there may be no room for it
                    slow.sendall(head(MAX_BYTES) + large[:-1])
            return server.post("/v1/batch", large).status == 503

        wait_until(is_full)
        assert held(server) <= 64 * MIB
        answer = server.post("/v1/batch", large)
        assert answer.status == 503
        assert answer.headers["retry-after"] == "1"
        assert "send these again in a moment" in answer.detail
    wait_until(lambda: held(server) == 0, what="that what was torn is given back")
    assert server.post("/v1/batch", large).status == 200
    assert "Traceback" not in server.log.read_text()


def test_who_may_not_send_keeps_nobody_out(embedded_broker: str, topic_prefix: str, tmp_path: Path) -> None:
    settings = settings_for(embedded_broker, topic_prefix, embedded=True)
    asyncio.run(create(settings))
    tokens = tmp_path / "tokens"
    tokens.write_text("write write-key-of-the-shop\n")
    with serving(settings, tmp_path / "serve.log", LIFESTAGE_SERVE_TOKENS=str(tokens)) as server, ExitStack() as stack:
        wait_until(lambda: server.get("/ready").status == 200, what=server.log.read_text)
        large = b" " * (400 * 1024)

        def is_full() -> bool:
            for _ in range(7):
                slow = stack.enter_context(connected(server))
                with suppress(OSError):
                    slow.sendall(head(len(large) + 1) + large)
            return server.post("/v1/batch", large).status == 503

        wait_until(is_full)
        answer = server.post("/v1/batch", {"batch": [ONE]}, Authorization="Bearer write-key-of-the-shop")
        assert answer.status == 200


def test_many_connections_keep_nobody_out(server: Server) -> None:
    with ExitStack() as stack:
        for number in range(300):
            connection = stack.enter_context(connected(server))
            connection.sendall(b"POST /v1/batch HT" if number % 2 else head(1000) + b'{"batch"')
        assert server.post("/v1/batch", {"batch": [ONE]}).status == 200
    assert server.post("/v1/batch", {"batch": [ONE]}).status == 200


@pytest.mark.parametrize(
    "lines",
    [
        HEAD + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        HEAD + b"Content-Length: -1\r\n\r\n",
        HEAD + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n",
        HEAD + b"X: " + b"x" * 100_000 + b"\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    ],
)
def test_what_is_no_request_is_refused(server: Server, lines: bytes) -> None:
    with connected(server) as connection:
        connection.sendall(lines)
        assert b" 400 " in connection.recv(100)
    assert server.post("/v1/batch", {"batch": [ONE]}).status == 200


@pytest.mark.parametrize("answered", [0, 1])
async def test_a_head_that_does_not_end_is_waited_for_only_so_long(answered: int) -> None:
    async def slow(_request: web.Request) -> web.Response:
        await asyncio.sleep(1.5)  # longer than a head may take: an answer may
        return web.Response(text="answered")

    app = web.Application()
    app.router.add_get("/", slow)
    runner = runner_of(app, head_seconds=1.0)
    await runner.setup()
    try:
        port = free_port()
        await web.TCPSite(runner, HOST, port).start()
        reader, writer = await asyncio.open_connection(HOST, port)
        for _ in range(answered):
            writer.write(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
            told = await asyncio.wait_for(reader.readuntil(b"answered"), PATIENCE)
            assert told.startswith(b"HTTP/1.1 200")
        began = time.monotonic()
        writer.write(b"GET / HTTP/1.1\r\n")
        while not reader.at_eof():
            writer.write(b"X-Slow: 1\r\n")
            with suppress(TimeoutError, OSError):
                await asyncio.wait_for(reader.read(1), 0.05)
            assert time.monotonic() < began + PATIENCE, "it is still waited for"
        writer.close()
    finally:
        await runner.cleanup()


def test_a_body_that_is_packed_and_says_a_size_is_bound_by_what_it_unpacks_to(server: Server) -> None:
    body = gzip.compress(json.dumps({"batch": [{**ONE, "properties": {"text": " " * (5 * MIB)}}]}).encode())
    assert len(body) < MAX_BYTES
    assert server.post("/v1/batch", body, Content_Encoding="gzip").status == 413
