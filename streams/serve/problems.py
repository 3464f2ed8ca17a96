"""Problems: why a request cannot be answered, as RFC 9457 wants to see it (``application/problem+json``)."""

from http import HTTPStatus

import orjson
from aiohttp.web import Response


def why_of(error: Exception) -> str:
    """Return what an error of a client says, in words where it says nothing."""
    return "it took too long" if isinstance(error, TimeoutError) else str(error) or type(error).__name__


class ProblemError(Exception):
    """A request that cannot be answered: its status, and one sentence that names the place and the mend.

    ``closes``: the connection ends with the answer, since what it carries cannot be told apart any more.
    """

    def __init__(
        self, status: HTTPStatus, detail: str, retry_seconds: int | None = None, *, closes: bool = False
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.retry_seconds = retry_seconds
        self.closes = closes

    def response(self, **others: str) -> Response:
        """Return the answer, with these fields besides."""
        told = {"type": "about:blank", "title": self.status.phrase, "status": self.status, "detail": self.detail}
        body = {**told, **others}
        headers = {} if self.retry_seconds is None else {"Retry-After": str(self.retry_seconds)}
        if self.status is HTTPStatus.UNAUTHORIZED:
            headers["WWW-Authenticate"] = "Bearer"
        answer = Response(
            body=orjson.dumps(body), status=self.status, headers=headers, content_type="application/problem+json"
        )
        if self.closes:
            answer.force_close()
        return answer
