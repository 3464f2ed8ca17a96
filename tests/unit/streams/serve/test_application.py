"""What is the same for every request: whether the server is ready, and that one surface harms no other."""

import asyncio
from collections.abc import Sequence

import pytest
from aiohttp.test_utils import TestClient, TestServer
from aiohttp.web import Application

from streams.serve import application as module
from streams.serve.access import Access
from streams.serve.application import application
from streams.serve.metrics import ServeMetrics
from streams.serve.page.routes import Page
from streams.serve.surface import Description, Route
from streams.tokens import Tokens


class _Asking:
    """A surface that asks somebody who says what it lacks, or nobody who ever answers (None)."""

    def __init__(self, name: str, lack: str | None) -> None:
        self.name = name
        self._lack = lack

    def routes(self) -> Sequence[Route]:
        return ()

    def description(self) -> Description:
        return Description({}, {})

    def attach(self, app: Application) -> None:
        pass

    async def missing(self) -> str:
        if self._lack is None:
            await asyncio.Event().wait()
        return self._lack or ""


@pytest.mark.parametrize(
    ("lacks", "status", "missing"),
    [
        (("", None), 200, {"1"}),
        ((None, "", "no Kafka"), 200, {"0", "2"}),
        ((None, "no Kafka"), 503, set()),
    ],
)
async def test_who_does_not_answer_takes_nobody_else_out(
    monkeypatch: pytest.MonkeyPatch, lacks: Sequence[str | None], status: int, missing: set[str]
) -> None:
    monkeypatch.setattr(module, "_LOOK_SECONDS", 1.0)
    shown = [_Asking(str(number), lack) for number, lack in enumerate(lacks)]
    app = application([*shown, Page(dict, Tokens(), shown)], Access(Tokens()), ServeMetrics())
    async with TestClient(TestServer(app)) as client:
        answer = await client.get("/ready")
        assert answer.status == status
        assert (await answer.json()).get("missing", {}).keys() == missing


@pytest.mark.parametrize("origin", ["http://[", "null", "http://elsewhere.example", "http://localhost.example"])
async def test_a_page_of_others_is_refused_however_its_origin_is_written(origin: str) -> None:
    app = application([_Asking("0", "")], Access(Tokens()), ServeMetrics())
    async with TestClient(TestServer(app)) as client:
        assert (await client.get("/openapi.json")).status == 200
        assert (await client.get("/openapi.json", headers={"Origin": origin})).status == 403
