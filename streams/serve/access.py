"""Access: whether a request may be answered, by the token that it brings and the page that it comes from."""

from http import HTTPStatus
from math import ceil
from urllib.parse import urlsplit

from aiohttp.web import Request

from streams.serve.problems import ProblemError
from streams.serve.rate_limits import RateLimits
from streams.tokens import Scope, Tokens, secret_of

COOKIE = "lifestage_token"
_READING = frozenset(("GET", "HEAD"))
_LOCAL = frozenset(("localhost", "127.0.0.1", "::1"))


class Access:
    """The tokens of a server and their limits. A server without tokens answers only what this machine asks itself."""

    def __init__(self, tokens: Tokens) -> None:
        self.tokens = tokens
        self._limits = RateLimits()

    def check(self, request: Request, scope: Scope, secret: str | None = None) -> None:
        """Raise ``ProblemError`` for a request whose token does not allow this scope, or asks too often.

        ``secret`` is what the request brings elsewhere than in its headers.
        """
        if not self.tokens:
            _check_local(request)
            return
        sent = self.tokens.sent(_secret(request) if secret is None else secret)
        allowed = [it for it in sent if it.allows(scope)]
        if not sent:
            detail = f"Authorization: send `Bearer TOKEN` with a token of the scope {scope}"
            raise ProblemError(HTTPStatus.UNAUTHORIZED, detail)
        if not allowed:
            scopes = ", ".join(dict.fromkeys(it.scope for it in sent))
            detail = f"the token has the scope {scopes}, and this wants {scope}: send one of that scope"
            raise ProblemError(HTTPStatus.FORBIDDEN, detail)
        seconds = self._limits.wait(allowed)
        if seconds:
            detail = "the token asks more often than its limit allows: wait, or have its limit raised"
            raise ProblemError(HTTPStatus.TOO_MANY_REQUESTS, detail, ceil(seconds))

    def is_told(self, request: Request) -> bool:
        """Tell whether the headers of a request are all there is to see who sent it."""
        return not self.tokens or "Authorization" in request.headers

    def knows(self, request: Request) -> bool:
        """Tell whether a request brings a token of any scope, if there are tokens."""
        return not self.tokens or bool(self.tokens.sent(_secret(request)))


def _secret(request: Request) -> str:
    if "Authorization" in request.headers:
        return secret_of(request.headers["Authorization"])
    # A browser sends a cookie by itself: it may only read.
    return request.cookies.get(COOKIE, "") if request.method in _READING else ""


def _check_local(request: Request) -> None:
    """Raise ``ProblemError`` for what a page of somebody else makes a browser on this machine ask."""
    host = request.headers.get("Host", "")
    if _name_of(f"//{host}") not in _LOCAL:
        told = "Host: a server without tokens answers only as localhost: ask it so, or set LIFESTAGE_SERVE_TOKENS"
        raise ProblemError(HTTPStatus.MISDIRECTED_REQUEST, told)
    origin = request.headers.get("Origin")
    if origin is not None and origin not in (f"http://{host}", f"https://{host}"):
        told = "Origin: a server without tokens answers no pages of others: set LIFESTAGE_SERVE_TOKENS"
        raise ProblemError(HTTPStatus.FORBIDDEN, told)


def _name_of(address: str) -> str | None:
    try:
        return urlsplit(address).hostname
    except ValueError:
        return None
