"""The application: what is the same for every request, that is who may ask, and what a failure looks like."""

import logging
from collections.abc import Awaitable, Callable
from http import HTTPStatus

from aiohttp import web
from aiohttp.web import Request, StreamResponse

from streams.serve.problems import ProblemError
from streams.serve.routes import Routes
from streams.serve.tokens import Tokens

MOST_BYTES = 256 * 1024
_OPEN = frozenset(("/live",))
_Handler = Callable[[Request], Awaitable[StreamResponse]]

logger = logging.getLogger(__name__)


def application(routes: Routes, tokens: Tokens) -> web.Application:
    """Return the application; with tokens, all but ``/live`` wants one."""

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
            return ProblemError(HTTPStatus(error.status), _OF_AIOHTTP.get(error.status, error.reason)).response()
        except Exception:
            logger.exception("a request failed")  # the path would name a customer
            detail = "the server failed: its log says how"
            return ProblemError(HTTPStatus.INTERNAL_SERVER_ERROR, detail).response()

    app = web.Application(middlewares=[answered], client_max_size=MOST_BYTES)
    app.add_routes(routes.table())
    return app


_OF_AIOHTTP = {
    404: "there is nothing at this path: /openapi.json lists what there is",
    405: "this path does not take this method: /openapi.json lists what it takes",
    413: f"body: it is larger than {MOST_BYTES} bytes: ask for fewer customers at once",
}
