"""Origins: the pages whose scripts may send events from a browser (CORS)."""

from collections.abc import Sequence
from http import HTTPStatus

from aiohttp.web import Request, Response, StreamResponse

from streams.serve.problems import ProblemError

_PREFLIGHT = {
    "Access-Control-Allow-Methods": "POST",
    "Access-Control-Allow-Headers": "Authorization, Content-Type, Content-Encoding, X-Retry-Count",
    "Access-Control-Max-Age": "86400",
}


class Origins:
    """The origins of pages that may send; a request without an origin comes from no page."""

    def __init__(self, allowed: Sequence[str]) -> None:
        self._allowed = frozenset(allowed)

    def check(self, request: Request) -> None:
        """Raise ``ProblemError`` for a page that may not send."""
        if self._allowed and "Origin" in request.headers and request.headers["Origin"] not in self._allowed:
            raise _not_allowed()

    def preflight(self, request: Request) -> Response:
        """Return what a browser asks before it sends. Raises ``ProblemError``."""
        if request.headers.get("Origin") not in self._allowed:
            raise _not_allowed()
        return Response(status=HTTPStatus.NO_CONTENT, headers=_PREFLIGHT)

    def show(self, request: Request, answer: StreamResponse) -> None:
        """Let the page that asked read an answer, if it may send."""
        origin = request.headers.get("Origin")
        if origin in self._allowed:
            answer.headers["Access-Control-Allow-Origin"] = origin
            answer.headers["Access-Control-Expose-Headers"] = "Retry-After"
        answer.headers["Vary"] = "Origin"


def _not_allowed() -> ProblemError:
    told = "Origin: pages of this origin may not send events: list it in LIFESTAGE_SERVE_ORIGINS"
    return ProblemError(HTTPStatus.FORBIDDEN, told)
