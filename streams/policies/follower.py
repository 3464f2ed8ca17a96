"""The follower of the topic of policies in a worker: what is published while it runs takes effect without a restart."""

import asyncio
import logging
import time
from collections.abc import Callable
from pathlib import Path

from agents.cancellation import raise_if_cancelled
from agents.policies import Policies, PublishedPolicy
from schemas.instant import to_text
from state.rules.rulebook import Rulebook
from streams.fatal import end_process
from streams.policies.publishing import KNOWN_MS, NotPublishedError, first, publish
from streams.policies.reading import READING_ERRORS, compiled, read_records
from streams.policy_file import shipped_policy
from streams.refusal import RefusedError
from streams.settings import Settings
from streams.topic_reader import consuming
from streams.topics import topics_of

logger = logging.getLogger(__name__)

_EVERY_SECONDS = 2.0
_ANSWER_SECONDS = 10.0


class PolicyFollower:
    """Reads what is published; where nothing is, publishes the worker's own policy, whose rules are ``own``.

    ``own`` is None for who only reads. By the wall clock, ``policies`` says until when they are known: nothing comes
    into force before that which was published after they were read. ``tell`` is told why when that is past, and then
    nothing (an empty text).
    """

    def __init__(self, settings: Settings, own: Rulebook | None, tell: Callable[[str], None] | None = None) -> None:
        self.policies = Policies()
        self._tell_worker = tell
        self._settings = settings
        self._own = own
        self._topic = topics_of(settings).policies
        self._reading = asyncio.Lock()
        self._trouble = ""

    async def refresh(self) -> None:
        """Read all that is published by now.

        Raises ``NotPublishedError``, ``TopicUnreadableError``; ``RefusedError`` also where nothing is published, and
        this client may not publish.
        """
        async with self._reading:
            asked = _now()
            records = await read_records(self._settings)
            if not records and self._own is not None:
                await self._publish_first(self._own)
                records = await read_records(self._settings)
            is_start = not self.policies.all
            # To compile one takes a tenth of a second, in which a server answers others.
            found = await asyncio.to_thread(compiled, records, self.policies)
            for it in found:
                self.policies.add(it)
                if not is_start or it.rules is None:
                    _tell(it)
            self._read(asked)
            if is_start and self._own is not None:
                _compare(self._own, self.policies.all[-1], self._settings.policy)

    async def follow(self) -> None:
        """Take over what is published, until cancelled."""
        while True:
            try:
                async with consuming(self._settings, self._topic) as (consumer, partitions):
                    read_to = None
                    while True:
                        asked = _now()
                        async with asyncio.timeout(_ANSWER_SECONDS):
                            ends = await consumer.end_offsets(partitions)
                        if ends != read_to:
                            await self.refresh()
                        self._read(asked)
                        read_to, self._trouble = ends, ""
                        raise_if_cancelled()  # the client loses a cancellation that comes with an answer
                        await asyncio.sleep(_EVERY_SECONDS)
            except RefusedError as error:
                if self._own is not None:
                    end_process(str(error))  # it had the right when it began: somebody has taken it away
                self._lose(str(error))
            except (NotPublishedError, *READING_ERRORS) as error:
                self._lose(str(error) or type(error).__name__)
            raise_if_cancelled()
            await asyncio.sleep(_EVERY_SECONDS)

    async def _publish_first(self, own: Rulebook) -> None:
        try:
            await publish(self._settings, first(own.compiled, _text(self._settings.policy)))
        except RefusedError as error:
            told = f"no policy is published yet, and {error}; or publish one as who may: lifestage policy publish FILE"
            raise RefusedError(told, final=error.final) from None

    def _read(self, asked: int) -> None:
        """Note that all is known that was published by an instant (ms since 1970)."""
        if self._settings.clock == "wall":
            # Not the greatest so far: a clock that was ahead for a while would have known the future.
            self.policies.known_until = asked + KNOWN_MS
        if self._tell_worker is not None:
            self._tell_worker("")

    def _lose(self, trouble: str) -> None:
        until = self.policies.known_until
        if self._tell_worker is not None and until is not None and until < _now():
            self._tell_worker(
                f"nobody is decided beyond {to_text(until)}: {self._topic} cannot be read, and another policy may be "
                f"in force by now: {trouble}"
            )
        if trouble != self._trouble:
            logger.warning("%s cannot be read, trying again: %s", self._topic, trouble)
        self._trouble = trouble


def _tell(policy: PublishedPolicy) -> None:
    if policy.rules is None:
        logger.error("%s; from %s on every partition is stopped", policy.unreadable, to_text(policy.effective_at))
    else:
        logger.info("policy %d (%s) is in force from %s", policy.number, policy.version, to_text(policy.effective_at))


def _compare(own: Rulebook, last: PublishedPolicy, file: Path | None) -> None:
    if own.version != last.version:
        logger.warning(
            "this worker's own policy (%s) is ignored: policy %d (%s) was published last; put yours in force with: "
            "lifestage policy publish %s",
            own.version,
            last.number,
            last.version,
            file or "FILE",
        )


def _now() -> int:
    return time.time_ns() // 1_000_000


def _text(file: Path | None) -> str:
    return (file or shipped_policy()).read_text("utf-8")
