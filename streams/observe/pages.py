"""The pages of a worker's web server: metrics, and whether it is live, ready and well; nothing of any customer."""

from collections.abc import Callable
from typing import Any

import faust
import orjson
from aiohttp.web import Request, Response
from prometheus_client import CONTENT_TYPE_LATEST

from streams.observe.health import Health
from streams.observe.metrics import Metrics
from streams.tokens import Tokens

_OPEN = frozenset(("/live", "/ready"))
_WANTED = "Authorization: send `Bearer TOKEN` with a token of the scope read"


def serve_pages(app: faust.App, health: Health, metrics: Metrics, tokens: Tokens) -> None:
    """Serve ``/metrics``, ``/live``, ``/ready`` and ``/health`` on the app's own web server.

    With tokens, all but ``/live`` and ``/ready`` wants one of the scope ``read``.
    """

    def page(path: str, answer: Callable[[Request], Response]) -> None:
        async def handle(_view: Any, request: Request) -> Response:
            if path not in _OPEN and not tokens.allow(request.headers.get("Authorization", ""), "read"):
                return _json({"detail": _WANTED}, status=401)
            return answer(request)

        app.page(path, name=path)(handle)  # type: ignore[arg-type]

    def ready(_request: Request) -> Response:
        missing = health.missing()
        return _json({"ready": not missing, "missing": missing}, status=503 if missing else 200)

    page("/metrics", lambda _: Response(body=metrics.text(), headers={"Content-Type": CONTENT_TYPE_LATEST}))
    page("/live", lambda _: _json({"live": True}))
    page("/ready", ready)
    page("/health", lambda _: _json(health.document()))


def _json(value: dict[str, Any], status: int = 200) -> Response:
    return Response(body=orjson.dumps(value), status=status, content_type="application/json")
