"""The bearer token: a file is read each time, a command is asked again before its token expires."""

import base64
import json
import sys
import time
from pathlib import Path

import pytest

from streams.bearer_token import BearerToken, TokenError, expiry
from streams.security import Security


def jwt(**claims: object) -> str:
    body = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
    return f"e30.{body}."


async def test_a_file_that_changes_is_read_again(tmp_path: Path) -> None:
    file = tmp_path / "token"
    token = BearerToken(Security(token_file=str(file)))
    with pytest.raises(TokenError, match="LIFESTAGE_SASL_TOKEN_FILE cannot be read"):
        await token.token()
    for content, answer in (("one\n", "one"), ("two", "two")):
        file.write_text(content)
        assert await token.token() == answer
    file.write_text("\n")
    with pytest.raises(TokenError, match="is empty"):
        await token.token()


@pytest.mark.parametrize(("left", "asked"), [(3600, 1), (10, 2)])
async def test_a_command_is_asked_again_only_when_its_token_expires(tmp_path: Path, left: int, asked: int) -> None:
    calls = tmp_path / "calls"
    answer = jwt(exp=time.time() + left)
    program = f"open({str(calls)!r}, 'a').write('.'); print({answer!r})"
    token = BearerToken(Security(token_command=(sys.executable, "-c", program)))
    assert [await token.token(), await token.token()] == [answer, answer]
    assert len(calls.read_text()) == asked


async def test_a_command_that_fails_says_why() -> None:
    program = "import sys; print('first'); sys.exit('no session')"
    token = BearerToken(Security(token_command=(sys.executable, "-c", program)))
    with pytest.raises(TokenError, match="LIFESTAGE_SASL_TOKEN_COMMAND ended with status 1: no session"):
        await token.token()


@pytest.mark.parametrize(
    ("token", "at"), [(jwt(exp=17), 17.0), (jwt(sub="a"), None), ("opaque", None), ("a.%%.c", None), ("a.W10.c", None)]
)
def test_a_token_says_when_it_expires_or_does_not(token: str, at: float | None) -> None:
    assert expiry(token) == at
