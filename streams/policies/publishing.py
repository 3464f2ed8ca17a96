"""Publishing a policy: under the next number, which two who publish at once never both get."""

import asyncio
import logging
import time
from collections.abc import Callable, Sequence
from contextlib import suppress

from aiokafka import AIOKafkaProducer
from aiokafka.errors import (
    InvalidProducerEpoch,
    InvalidTimestampError,
    KafkaError,
    ProducerFenced,
    TopicAuthorizationFailedError,
    TransactionalIdAuthorizationFailed,
)

from agents.policies import PublishedPolicy
from schemas.instant import to_text
from schemas.policy_record import BEGINNING, PolicyRecord, encode, key_of
from state.policy.compiled import CompiledPolicy
from state.policy.succession import why_not_after
from streams.connection import client_arguments
from streams.policies.reading import compiled, read_records
from streams.refusal import not_allowed
from streams.settings import Settings
from streams.topics import topics_of

LEAD_MS = 10_000
"""So far ahead is "now": every worker has read the topic by then."""
_STEP_SECONDS = 30.0
_COMMIT_SECONDS = 4.0
KNOWN_MS = LEAD_MS - 4_000
"""So long after reading the topic it is known, by the wall clock, which policy is in force: a commit takes the rest."""

Next = Callable[[Sequence[PublishedPolicy]], PolicyRecord | None]
"""Makes the next record from what is published; None: nothing is to be published."""


class NotPublishedError(Exception):
    """A policy that cannot be published; the message says why, and what to do."""


async def publish(settings: Settings, following: Next) -> PolicyRecord | None:
    """Publish what ``following`` makes; return it.

    Raises ``NotPublishedError``, ``TopicUnreadableError``, ``RefusedError``. Whoever starts fences who started before,
    and reads what is published only then.
    """
    topic = topics_of(settings).policies
    # That it is fenced the client tells three times, with tracebacks: in its log, and by futures that it leaves behind.
    logging.getLogger("aiokafka.producer").setLevel(logging.CRITICAL)
    logging.getLogger("asyncio").addFilter(_is_not_fencing)
    publisher = f"{topic}-publisher"
    producer = AIOKafkaProducer(**client_arguments(settings), transactional_id=publisher, enable_idempotence=True)
    try:
        async with asyncio.timeout(_STEP_SECONDS):
            await producer.start()
        record = following(compiled(await read_records(settings)))
        if record is not None:
            async with asyncio.timeout(_COMMIT_SECONDS), producer.transaction():
                await producer.send_and_wait(topic, encode(record), key_of(record.number), partition=0)
        return record
    except (ProducerFenced, InvalidProducerEpoch):
        raise NotPublishedError("somebody else publishes at this moment: nothing was published; try again") from None
    except TransactionalIdAuthorizationFailed:
        raise not_allowed(settings, "Write", "transactional-id", [publisher]) from None
    except TopicAuthorizationFailedError:
        raise not_allowed(settings, "Write", "topic", [topic]) from None
    except InvalidTimestampError:
        ours = to_text(_now())
        told = f"{topic} refuses the time of this machine's clock, {ours}: set it right (timedatectl, chronyc tracking)"
        raise NotPublishedError(told) from None
    except TimeoutError:
        told = "Kafka did not take the policy in time: see `lifestage policy published` before you try again"
        raise NotPublishedError(told) from None
    except (KafkaError, OSError) as error:
        told = f"Kafka at {settings.broker}: {str(error) or type(error).__name__}; LIFESTAGE_BROKER says where it is"
        raise NotPublishedError(told) from None
    finally:
        with suppress(KafkaError):  # who was fenced is told so again
            await producer.stop()


def _is_not_fencing(record: logging.LogRecord) -> bool:
    return not (record.exc_info and isinstance(record.exc_info[1], ProducerFenced | InvalidProducerEpoch))


def first(policy: CompiledPolicy, toml: str) -> Next:
    """Return what a first worker publishes: its own policy, from the beginning, if there is none yet."""

    def following(published: Sequence[PublishedPolicy]) -> PolicyRecord | None:
        return None if published else PolicyRecord(1, policy.version, BEGINNING, _now(), False, toml)

    return following


def next_one(policy: CompiledPolicy, toml: str, at: int | None, *, silent: bool, has_wall_clock: bool) -> Next:
    """Return what a person publishes, at an instant (ms since 1970), or now. It raises ``NotPublishedError``."""

    def following(published: Sequence[PublishedPolicy]) -> PolicyRecord:
        now = _now()
        if not published:
            if at is not None:
                raise NotPublishedError(
                    "no policy is published yet, and the first one holds from the beginning: leave --at out"
                )
            return PolicyRecord(1, policy.version, BEGINNING, now, silent, toml)
        if at is None and not has_wall_clock:
            raise NotPublishedError(
                "LIFESTAGE_CLOCK is stream, so that only its events say when now is: name the instant with --at"
            )
        if at is not None and has_wall_clock and at < now + LEAD_MS:
            soon = f"less than {LEAD_MS // 1000} s ahead: workers may decide until then before they know of it"
            why = "in the past: what was decided since is final" if at < now else soon
            raise NotPublishedError(f"--at is {why}; leave it out for now, or name a later instant")
        for it in published:
            why_not = "" if it.rules is None else why_not_after(it.rules.compiled.policy, policy.policy)
            if why_not:
                raise NotPublishedError(f"customers cannot go from policy {it.number} to this one: {why_not}")
        effective = now + LEAD_MS if at is None else at
        return PolicyRecord(published[-1].number + 1, policy.version, effective, now, silent, toml)

    return following


def _now() -> int:
    return time.time_ns() // 1_000_000
