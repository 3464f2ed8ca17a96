"""The application: what is the same for every request, that is who may ask, and what a failure looks like."""

import logging
import time
from collections.abc import Awaitable, Callable
from http import HTTPStatus

from aiohttp import web
from aiohttp.web import Request, Response, StreamResponse
from prometheus_client import CONTENT_TYPE_LATEST

from streams.serve.metrics import ServeMetrics
from streams.serve.problems import ProblemError
from streams.serve.routes import Routes
from streams.serve.tokens import Tokens

MAX_BYTES = 256 * 1024
_OPEN = frozenset(("/live", "/ready"))
_Handler = Callable[[Request], Awaitable[StreamResponse]]

logger = logging.getLogger(__name__)


def application(routes: Routes, tokens: Tokens) -> web.Application:
    """Return the application; with tokens, all but ``/live`` and ``/ready`` wants one."""
    metrics = ServeMetrics()

    @web.middleware
    async def measured(request: Request, handler: _Handler) -> StreamResponse:
        began = time.perf_counter()
        answer = await handler(request)
        metrics.answered(request, answer.status, time.perf_counter() - began)
        return answer

    @web.middleware
    async def answered(request: Request, handler: _Handler) -> StreamResponse:
        try:
            if request.path not in _OPEN and not tokens.allow(request.headers.get("Authorization", ""), "read"):
                detail = "Authorization: send `Bearer TOKEN` with a token of the scope read"
                raise ProblemError(HTTPStatus.UNAUTHORIZED, detail)
            return await handler(request)
        except ProblemError as problem:
            return problem.response()
        except web.HTTPException as error:  # an unknown path, a wrong method, a body that is too large
            told = _OF_AIOHTTP.get(error.status, error.reason)
            answer = ProblemError(HTTPStatus(error.status), told).response()
            if "Allow" in error.headers:
                answer.headers["Allow"] = error.headers["Allow"]
            return answer
        except Exception:
            logger.exception("a request failed")  # the path would name a customer
            detail = "the server failed: its log says how"
            return ProblemError(HTTPStatus.INTERNAL_SERVER_ERROR, detail).response()

    async def measurements(request: Request) -> Response:
        return Response(body=metrics.text(), headers={"Content-Type": CONTENT_TYPE_LATEST})

    app = web.Application(middlewares=[measured, answered], client_max_size=MAX_BYTES)
    app.add_routes(routes.table())
    app.router.add_get("/metrics", measurements)
    return app


_OF_AIOHTTP = {
    404: "there is nothing at this path: /openapi.json lists what there is",
    405: "this path does not take this method: /openapi.json lists what it takes",
    413: f"body: it is larger than {MAX_BYTES} bytes: ask for fewer customers at once",
}
