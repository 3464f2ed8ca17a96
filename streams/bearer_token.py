"""The bearer token of OAUTHBEARER: from a file, or from a command."""

import asyncio
import base64
import json
import subprocess
import threading
import time
from functools import cache
from pathlib import Path

from aiokafka.abc import AbstractTokenProvider
from aiokafka.errors import KafkaError

from streams.security import Security

_COMMAND_SECONDS = 30.0
_EARLY_SECONDS = 30.0
# For a token that does not say how long it holds.
_KEPT_SECONDS = 60.0


class TokenError(KafkaError):  # type: ignore[misc]  # the client takes it for a connection that failed, and tries again
    """A token that cannot be had; the message names the setting."""


class BearerToken(AbstractTokenProvider):  # type: ignore[misc]
    """A provider of tokens that every client of a process may share, in whatever thread it runs.

    A file is read at each connection, so what writes it may renew it at any time. The answer of a command is kept until
    half a minute before it expires (its claim ``exp``), or a minute if it does not say when.
    """

    def __init__(self, security: Security) -> None:
        self._file = security.token_file
        self._command = security.token_command
        self._lock = threading.Lock()
        self._kept = ""
        self._until = 0.0

    async def token(self) -> str:
        """Return the token; raises ``TokenError``."""
        return await asyncio.to_thread(self._read if self._file else self._ask)

    def _read(self) -> str:
        try:
            token = Path(self._file).read_text().strip()
        except (OSError, UnicodeDecodeError) as error:
            raise TokenError(f"LIFESTAGE_SASL_TOKEN_FILE cannot be read: {error}") from None
        if not token:
            raise TokenError(f"LIFESTAGE_SASL_TOKEN_FILE, {self._file}, is empty")
        return token

    def _ask(self) -> str:
        with self._lock:
            if time.time() < self._until:
                return self._kept
            try:
                done = subprocess.run(
                    self._command, capture_output=True, text=True, timeout=_COMMAND_SECONDS, check=False
                )
            except (OSError, subprocess.TimeoutExpired, UnicodeDecodeError) as error:
                raise TokenError(f"LIFESTAGE_SASL_TOKEN_COMMAND failed: {type(error).__name__}") from None
            token = done.stdout.strip()
            if done.returncode or not token:
                why = (done.stderr.strip().splitlines() or ["it printed nothing"])[-1]
                raise TokenError(f"LIFESTAGE_SASL_TOKEN_COMMAND ended with status {done.returncode}: {why}")
            expires = expiry(token)
            self._until = time.time() + _KEPT_SECONDS if expires is None else expires - _EARLY_SECONDS
            self._kept = token
            return token


@cache
def bearer_token(security: Security) -> BearerToken:
    """Return the provider of these settings, one for all clients of the process."""
    return BearerToken(security)


def expiry(token: str) -> float | None:
    """Return when a token expires, in seconds since 1970, None where it does not say so."""
    parts = token.split(".")
    if len(parts) < 2:
        return None
    try:
        claims = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
        return float(claims["exp"])
    except (ValueError, KeyError, TypeError):
        return None
