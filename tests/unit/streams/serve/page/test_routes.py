"""The page over HTTP: its headers, its files, and the session of a browser."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp.test_utils import TestClient, TestServer

from streams.serve.access import COOKIE, Access
from streams.serve.application import application
from streams.serve.metrics import ServeMetrics
from streams.serve.page.routes import HEADERS, Page
from streams.tokens import read_tokens

READ, ADMIN = "read-token-0123456789", "admin-token-012345678"
TOKENS = read_tokens(f"read {READ}\nadmin {ADMIN}\n")
Client = TestClient[Any, Any]


@pytest.fixture
async def client() -> AsyncIterator[Client]:
    app = application([Page(lambda: {"stages": []}, TOKENS, ())], Access(TOKENS), ServeMetrics())
    async with TestClient(TestServer(app)) as made:
        yield made


async def test_each_file_has_the_headers_that_keep_others_out(client: Client) -> None:
    for path in ("/", "/page/main.js", "/page/style.css"):
        answer = await client.get(path)
        assert answer.status == 200
        assert HEADERS.items() <= dict(answer.headers).items()
        policy = answer.headers["Content-Security-Policy"]
        assert "unsafe" not in policy and policy.startswith("default-src 'none'")
        assert "frame-ancestors 'none'" in policy
        again = await client.get(path, headers={"If-None-Match": answer.headers["ETag"]})
        assert again.status == 304


async def test_a_file_is_packed_for_whom_that_suits(client: Client) -> None:
    packed = await client.get("/page/main.js", headers={"Accept-Encoding": "gzip"})
    plain = await client.get("/page/main.js", headers={"Accept-Encoding": "identity"})
    assert (packed.headers.get("Content-Encoding"), plain.headers.get("Content-Encoding")) == ("gzip", None)
    assert await packed.read() == await plain.read()  # the client unpacks
    assert packed.headers["Vary"] == "Accept-Encoding"


@pytest.mark.parametrize("path", ["/page/nothing.js", "/page/../routes.py", "/page/%2e%2e/routes.py", "/page/"])
async def test_nothing_else_is_a_file(client: Client, path: str) -> None:
    assert (await client.get(path)).status in {401, 404}


async def test_the_legend_wants_a_token(client: Client) -> None:
    assert (await client.get("/page/legend.json")).status == 401
    begun = await client.post("/session", json={"token": READ})
    assert (await begun.json()) == {"wanted": True, "scopes": ["read"]}
    assert (await client.get("/page/legend.json")).status == 200


async def test_a_session_begins_with_a_token_and_ends(client: Client) -> None:
    assert (await (await client.get("/session")).json()) == {"wanted": True, "scopes": []}
    wrong = await client.post("/session", json={"token": "nothing like a token"})
    assert wrong.status == 401 and COOKIE not in wrong.cookies
    begun = await client.post("/session", json={"token": f" {ADMIN}\n"})
    cookie = begun.cookies[COOKIE]
    assert (cookie["httponly"], cookie["samesite"], cookie["secure"], cookie["path"]) == (True, "Strict", "", "/")
    told = await (await client.get("/session")).json()
    assert told["scopes"] == ["read", "stream", "write", "admin"]
    await client.post("/session/end", json={})
    assert (await (await client.get("/session")).json())["scopes"] == []


async def test_behind_a_proxy_with_tls_the_cookie_is_secure(client: Client) -> None:
    begun = await client.post("/session", json={"token": READ}, headers={"X-Forwarded-Proto": "https"})
    assert begun.cookies[COOKIE]["secure"]


async def test_another_site_cannot_begin_a_session(client: Client) -> None:
    # What a form of another site can send without being asked first.
    for sent in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data"):
        answer = await client.post("/session", data=f'{{"token": "{READ}"}}', headers={"Content-Type": sent})
        assert answer.status == 415 and COOKIE not in answer.cookies


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"token": 1}', b'{"other": ""}', b"\xff"])
async def test_a_body_that_is_none_is_told(client: Client, body: bytes) -> None:
    answer = await client.post("/session", data=body, headers={"Content-Type": "application/json"})
    assert answer.status == 400
    assert "token" in (await answer.json())["detail"]


async def test_without_tokens_none_is_wanted() -> None:
    none = read_tokens("")
    async with TestClient(TestServer(application([Page(dict, none, ())], Access(none), ServeMetrics()))) as client:
        told = await (await client.get("/session")).json()
        assert told == {"wanted": False, "scopes": ["read", "stream", "write", "admin"]}
