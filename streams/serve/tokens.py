"""Tokens: who may ask for what. Several may have one scope, so that one can be taken out of use after another came."""

from collections.abc import Iterable
from hmac import compare_digest
from typing import Literal, get_args

Scope = Literal["read"]
SCOPES: tuple[str, ...] = get_args(Scope)
_MIN_LETTERS = 16
_BEARER = "bearer "


class TokensError(ValueError):
    """Tokens that cannot be used; the message names the line and the mend, and no token."""


class Tokens:
    """The tokens of each scope; without any, everybody who reaches the server may ask."""

    def __init__(self, of_scope: Iterable[tuple[str, str]] = ()) -> None:
        self._of_scope = tuple((scope, token.encode()) for scope, token in of_scope)

    def __bool__(self) -> bool:
        return bool(self._of_scope)

    def allow(self, authorization: str, scope: Scope) -> bool:
        """Tell whether the value of an ``Authorization`` header has a token of this scope."""
        if not self._of_scope:
            return True
        is_bearer = authorization.lower().startswith(_BEARER)
        token = authorization[len(_BEARER) :].strip() if is_bearer else ""
        given = token.encode("utf-8", "surrogateescape")  # a header may have any bytes
        # All are compared, so that the time tells nothing of how far one fits.
        fits = [compare_digest(given, known) & (allowed == scope) for allowed, known in self._of_scope]
        return any(fits)


def read_tokens(text: str) -> Tokens:
    """Return the tokens of a text of lines such as ``read 3f1c...``. Raises ``TokensError``."""
    found = []
    for number, line in enumerate(text.splitlines(), start=1):
        words = line.partition("#")[0].split()
        if not words:
            continue
        if len(words) != 2 or words[0] not in SCOPES:
            raise TokensError(f"line {number}: write a scope ({', '.join(SCOPES)}), a blank and the token")
        if len(words[1]) < _MIN_LETTERS:
            raise TokensError(f"line {number}: the token is too short: use {_MIN_LETTERS} letters or more")
        found.append((words[0], words[1]))
    return Tokens(found)
