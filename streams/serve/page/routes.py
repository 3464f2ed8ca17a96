"""The routes of the page. Its files want no token: what they show does, and is asked for from the page."""

import asyncio
from collections.abc import Callable, Sequence
from hashlib import blake2b
from http import HTTPStatus
from typing import Any

import orjson
from aiohttp.web import Application, Request, Response

from streams.serve.page.files import PageFile, page_files
from streams.serve.page.session import Sessions
from streams.serve.problems import ProblemError
from streams.serve.surface import Description, Route, Surface
from streams.serve.tags import is_held
from streams.tokens import Tokens

_TAG_BYTES = 12
_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "connect-src 'self'",
        "img-src 'self' data:",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
        "require-trusted-types-for 'script'",
        "trusted-types 'none'",
    )
)
HEADERS = {
    "Content-Security-Policy": _POLICY,
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Vary": "Accept-Encoding",
    "Cache-Control": "no-cache",  # kept, and asked for again by its tag: another version of the server has other files
}


class Page:
    """The page, what it needs to know of the policy, and the session of a browser."""

    name = "page"

    def __init__(self, legend: Callable[[], dict[str, Any]], tokens: Tokens, shown: Sequence[Surface]) -> None:
        self._shown = shown
        self._files = page_files()
        self._legend = legend
        self._sessions = Sessions(tokens)

    def routes(self) -> list[Route]:
        """Return what is answered."""
        return [
            Route("GET", "/", self._index, None),
            Route("GET", "/page/legend.json", self._told_legend, "read"),
            Route("GET", "/page/{path:.+}", self._file, None),
            Route("GET", "/session", self._sessions.tell, None),
            Route("POST", "/session", self._sessions.begin, None),
            Route("POST", "/session/end", self._sessions.end, None),
        ]

    def attach(self, app: Application) -> None:
        """Need nothing: the files are read at the start."""

    def description(self) -> Description:
        """Return nothing: the page is for people."""
        return Description({}, {})

    async def missing(self) -> str:
        """Return that nothing can be shown; a part that cannot be shown is told on the page."""
        looks = [asyncio.ensure_future(it.missing()) for it in self._shown]
        try:
            for each in asyncio.as_completed(looks):
                if not await each:
                    return ""
        finally:
            for it in looks:
                it.cancel()
        return "the page has nothing to show"

    async def _index(self, request: Request) -> Response:
        return _answer(request, self._files["index.html"])

    async def _file(self, request: Request) -> Response:
        file = self._files.get(request.match_info["path"])
        if file is None:
            raise ProblemError(HTTPStatus.NOT_FOUND, "the page has no such file: it begins at /")
        return _answer(request, file)

    async def _told_legend(self, request: Request) -> Response:
        body = orjson.dumps(self._legend())
        headers = {"ETag": f'"{blake2b(body, digest_size=_TAG_BYTES).hexdigest()}"'}
        if is_held(request, headers["ETag"]):
            return Response(status=HTTPStatus.NOT_MODIFIED, headers=headers)
        return Response(body=body, headers=headers, content_type="application/json")


def _answer(request: Request, file: PageFile) -> Response:
    headers = HEADERS | {"ETag": file.tag}
    if is_held(request, file.tag):
        return Response(status=HTTPStatus.NOT_MODIFIED, headers=headers)
    if "gzip" in request.headers.get("Accept-Encoding", ""):
        headers["Content-Encoding"] = "gzip"
    body = file.packed if "Content-Encoding" in headers else file.body
    return Response(body=body, headers=headers, content_type=file.content_type, charset="utf-8")
