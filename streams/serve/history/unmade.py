"""What was told of forgotten customers is taken out of the flows, as if they had never been."""

import asyncio
from typing import NoReturn

from streams.serve.history.messages import Messages
from streams.serve.history.transition_log import TransitionLog
from streams.serve.problems import ProblemError

_AT_ONCE = 500
_LOOK_SECONDS = 0.2
_AGAIN_SECONDS = 2.0


class Unmade:
    """Reads the messages of customers who were forgotten once more, and takes each out of what the log has counted.

    The log keeps counts and no customers, so what one of them is part of is known from the messages only. Those that
    the topic no longer has stay counted.
    """

    def __init__(self, log: TransitionLog, messages: Messages) -> None:
        self._log = log
        self._messages = messages

    async def run(self) -> NoReturn:
        """Do so until cancelled."""
        while True:
            waiting = self._log.forgotten
            if not waiting:
                await asyncio.sleep(_LOOK_SECONDS)
                continue
            key, partition, offsets = waiting[0]
            try:
                found = await self._messages.at(partition, offsets[:_AT_ONCE])
            except ProblemError:
                await asyncio.sleep(_AGAIN_SECONDS)
                continue
            if waiting is not self._log.forgotten:
                continue  # the topic is read anew, and this customer comes again
            for of, value in found:
                if of == key:
                    self._log.unmake(value)
            del offsets[:_AT_ONCE]
            if not offsets:
                waiting.popleft()
