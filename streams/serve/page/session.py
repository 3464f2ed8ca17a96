"""A session: a browser's token in a cookie, which no script can read and no other site can have sent."""

from http import HTTPStatus

import msgspec
import orjson
from aiohttp.web import Request, Response

from streams.serve.access import COOKIE
from streams.serve.body import read_body
from streams.serve.problems import ProblemError
from streams.tokens import SCOPES, Scope, Tokens

_MAX_BYTES = 4096


class SignIn(msgspec.Struct, forbid_unknown_fields=True):
    """The body that begins a session."""

    token: str


_sign_in = msgspec.json.Decoder(SignIn).decode


class Sessions:
    """What begins, tells and ends a session."""

    def __init__(self, tokens: Tokens) -> None:
        self._tokens = tokens

    async def tell(self, request: Request) -> Response:
        """Tell whether a token is wanted, and what the one of this browser allows."""
        return self._told(request.cookies.get(COOKIE, ""))

    async def begin(self, request: Request) -> Response:
        """Put a token in a cookie. Raises ``ProblemError`` for one that is none."""
        # A form of another site cannot send this type, so nobody is signed in by a site that they look at.
        if request.content_type != "application/json":
            told = 'Content-Type: send application/json, as in {"token": "..."}'
            raise ProblemError(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, told)
        body = await read_body(request, _MAX_BYTES, "send the token alone")
        try:
            token = _sign_in(body).token.strip()
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise ProblemError(HTTPStatus.BAD_REQUEST, f'body: {error}: send {{"token": "..."}}') from None
        if not self._tokens.sent(token):
            told = "token: the server has no such token: ask whoever runs it for one with the scope read"
            raise ProblemError(HTTPStatus.UNAUTHORIZED, told)
        answer = self._told(token)
        answer.set_cookie(COOKIE, token, path="/", httponly=True, samesite="Strict", secure=_is_secure(request))
        return answer

    async def end(self, request: Request) -> Response:
        """Take the cookie away."""
        answer = self._told("")
        answer.del_cookie(COOKIE, path="/", httponly=True, samesite="Strict", secure=_is_secure(request))
        return answer

    def _told(self, secret: str) -> Response:
        allowed = self._tokens.sent(secret)
        scopes: list[Scope] = [it for it in SCOPES if not self._tokens or any(token.allows(it) for token in allowed)]
        body = {"wanted": bool(self._tokens), "scopes": scopes}
        return Response(body=orjson.dumps(body), content_type="application/json")


def _is_secure(request: Request) -> bool:
    # Who lies about the proxy only keeps their own cookie from a connection that is not encrypted.
    return request.secure or request.headers.get("X-Forwarded-Proto", "") == "https"
