"""Tokens: who may ask for what, and how often. Several may have one scope, so that one can replace another."""

from base64 import b64decode
from collections.abc import Iterable
from hmac import compare_digest
from pathlib import Path
from typing import Literal, NamedTuple, get_args

from streams.environment import SettingsError

Scope = Literal["read", "stream", "write", "admin"]
SCOPES: tuple[Scope, ...] = get_args(Scope)
_ALL: Scope = "admin"
_MIN_LETTERS = 16
_PER_SECOND = "/s"


class TokensError(ValueError):
    """Tokens that cannot be used; the message names the line and the mend, and no token."""


class Token(NamedTuple):
    """A token: what it allows, itself, and how many requests a second it may make; None for as many as it likes."""

    scope: Scope
    secret: bytes
    per_second: float | None

    def allows(self, scope: Scope) -> bool:
        """Tell whether it allows what wants this scope: ``admin`` allows everything."""
        return self.scope in (scope, _ALL)


class Tokens:
    """The tokens of a server; without any, everybody who reaches it may ask."""

    def __init__(self, tokens: Iterable[Token] = ()) -> None:
        self._tokens = tuple(tokens)

    def __bool__(self) -> bool:
        return bool(self._tokens)

    def allow(self, authorization: str, scope: Scope) -> bool:
        """Tell whether the value of an ``Authorization`` header allows what wants this scope."""
        return not self._tokens or any(it.allows(scope) for it in self.sent(secret_of(authorization)))

    def sent(self, secret: str) -> list[Token]:
        """Return the tokens with this secret: there is one for each of its scopes."""
        given = secret.encode("utf-8", "surrogateescape")  # a header may have any bytes
        # All are compared, so that the time tells nothing of how far one fits.
        fits = [compare_digest(given, token.secret) for token in self._tokens]
        return [token for token, fit in zip(self._tokens, fits, strict=True) if fit]


def secret_of(authorization: str) -> str:
    """Return the secret in an ``Authorization`` header: a bearer's, or the user of ``Basic``, as SDKs send it."""
    kind, _, value = authorization.partition(" ")
    if kind.lower() == "bearer":
        return value.strip()
    if kind.lower() == "basic":
        try:
            return b64decode(value.strip(), validate=True).decode("utf-8").partition(":")[0]
        except ValueError:
            return ""
    return ""


def tokens_in(path: Path, variable: str) -> Tokens:
    """Return the tokens of a file that a variable names. Raises ``SettingsError``."""
    try:
        tokens = read_tokens(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{variable}: {path} cannot be read: {error}") from None
    except TokensError as error:
        raise SettingsError(f"{variable}: {path}: {error}") from None
    if not tokens:
        raise SettingsError(f"{variable}: {path} has no token: write a line `read TOKEN`")
    return tokens


def read_tokens(text: str) -> Tokens:
    """Return the tokens of a text of lines such as ``read 3f1c... 50/s``. Raises ``TokensError``."""
    found = []
    for number, line in enumerate(text.splitlines(), start=1):
        words = line.partition("#")[0].split()
        if words:
            found.append(_token(number, words))
    return Tokens(found)


def _token(number: int, words: list[str]) -> Token:
    scope = next((it for it in SCOPES if it == words[0]), None)
    if scope is None or not 2 <= len(words) <= 3:
        mend = f"write a scope ({', '.join(SCOPES)}), a blank and the token, and a limit such as 50/s if you like"
        raise TokensError(f"line {number}: {mend}")
    if len(words[1]) < _MIN_LETTERS:
        raise TokensError(f"line {number}: the token is too short: use {_MIN_LETTERS} letters or more")
    return Token(scope, words[1].encode(), _limit(number, words[2]) if len(words) == 3 else None)


def _limit(number: int, text: str) -> float:
    try:
        per_second = float(text.removesuffix(_PER_SECOND)) if text.endswith(_PER_SECOND) else 0.0
    except ValueError:
        per_second = 0.0
    if not 0 < per_second < float("inf"):
        raise TokensError(f"line {number}: {text!r} is no limit: write the requests a second, such as 50/s")
    return per_second
