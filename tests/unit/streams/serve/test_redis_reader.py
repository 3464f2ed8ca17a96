"""While Redis does not answer, whoever asks is told so, and the log names no customer."""

import logging

import pytest
from redis.exceptions import BusyLoadingError, RedisError, ResponseError
from redis.exceptions import ConnectionError as NoConnectionError

from streams.serve.problems import ProblemError
from streams.serve.redis_reader import RedisReader
from streams.settings import Settings
from streams.sinks.redis import Keys, connect

_OF_PIPELINE = "Command # 1 (HMGET lifestage:customer:c1 stage) of pipeline caused error: ('loading',)"


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (NoConnectionError("Error 111, localhost:1"), "ConnectionError: Error 111, localhost:1"),
        (BusyLoadingError(_OF_PIPELINE), "BusyLoadingError"),
        (ResponseError("unknown command 'HMGET', with args beginning with: 'lifestage:customer:c1'"), "ResponseError"),
    ],
)
async def test_the_log_says_what_is_wrong_and_names_no_customer(
    caplog: pytest.LogCaptureFixture, error: RedisError, told: str
) -> None:
    async def asked() -> None:
        raise error

    settings = Settings(redis_url="redis://localhost:1/0")
    reader = RedisReader(connect(settings.redis_url), Keys.of(settings))
    with caplog.at_level(logging.INFO):
        for _ in range(2):
            with pytest.raises(ProblemError):
                await reader.answer(asked())
    assert [it.getMessage() for it in caplog.records] == [f"Redis does not answer: {told}"]
