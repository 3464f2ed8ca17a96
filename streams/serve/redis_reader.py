"""Reads of Redis for answers: while it does not answer, whoever asks is told so."""

import logging
from collections.abc import Awaitable
from http import HTTPStatus
from typing import Any, cast

from redis.asyncio import Redis
from redis.exceptions import RedisError, ResponseError

from streams.serve.problems import ProblemError
from streams.sinks.redis import Keys

logger = logging.getLogger(__name__)

RETRY_SECONDS = 1


class RedisReader:
    """A client of Redis, and the names of the keys of one installation."""

    def __init__(self, redis: Redis, keys: Keys) -> None:
        self.redis = redis
        self.keys = keys
        self._trouble = ""

    async def answer(self, asked: object) -> Any:
        """Return what a command gives. Raises ``ProblemError`` while Redis does not answer."""
        try:
            answer = await cast(Awaitable[Any], asked)
        except (RedisError, OSError) as error:
            if (trouble := _shown(error)) != self._trouble:
                logger.warning("Redis does not answer: %s", trouble)
            self._trouble = trouble
            detail = "Redis, where the customers are read, does not answer: ask again in a second"
            raise ProblemError(HTTPStatus.SERVICE_UNAVAILABLE, detail, RETRY_SECONDS) from None
        self._trouble = ""
        return answer


def _shown(error: Exception) -> str:
    """Return an error for the log: that of a pipeline quotes the command, and with it a customer's id."""
    quotes = isinstance(error, ResponseError) or " of pipeline " in str(error)
    return type(error).__name__ if quotes else f"{type(error).__name__}: {error}"
