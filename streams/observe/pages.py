"""The pages of a worker's web server: metrics, and whether it is live, ready and well; nothing of any customer."""

from collections.abc import Callable
from typing import Any

import orjson
from aiohttp import web
from aiohttp.web import Request, Response
from prometheus_client import CONTENT_TYPE_LATEST

from streams.observe.health import Health
from streams.observe.metrics import Metrics
from streams.tokens import Tokens

_OPEN = frozenset(("/live", "/ready"))
_WANTED = "Authorization: send `Bearer TOKEN` with a token of the scope read"
_END_SECONDS = 1.0


class Pages:
    """``/metrics``, ``/live``, ``/ready`` and ``/health``, and nothing at any other path.

    They answer from ``open`` on, before the worker has found Kafka, until ``close``. With tokens, all but ``/live`` and
    ``/ready`` wants one of the scope ``read``.
    """

    def __init__(self, health: Health, metrics: Metrics, tokens: Tokens) -> None:
        self._app = web.Application()
        self._runner: web.AppRunner | None = None

        def page(path: str, answer: Callable[[Request], Response]) -> None:
            async def handle(request: Request) -> Response:
                if path not in _OPEN and not tokens.allow(request.headers.get("Authorization", ""), "read"):
                    return _json({"detail": _WANTED}, status=401)
                return answer(request)

            self._app.router.add_get(path, handle)

        def ready(_request: Request) -> Response:
            missing = health.missing()
            return _json({"ready": not missing, "missing": missing}, status=503 if missing else 200)

        page("/metrics", lambda _: Response(body=metrics.text(), headers={"Content-Type": CONTENT_TYPE_LATEST}))
        page("/live", lambda _: _json({"live": True}))
        page("/ready", ready)
        page("/health", lambda _: _json(health.document()))

    async def open(self, host: str, port: int) -> None:
        """Answer from now on, in the event loop that this is called in; raises ``OSError`` where that is impossible."""
        self._runner = web.AppRunner(self._app, access_log=None, shutdown_timeout=_END_SECONDS)
        await self._runner.setup()
        await web.TCPSite(self._runner, host, port).start()

    async def close(self) -> None:
        """Answer no more."""
        if self._runner is not None:
            await self._runner.cleanup()


def _json(value: dict[str, Any], status: int = 200) -> Response:
    return Response(body=orjson.dumps(value), status=status, content_type="application/json")
