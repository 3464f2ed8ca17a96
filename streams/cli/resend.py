"""Sending rejected records to their input topics again, byte for byte."""

import time
from collections import Counter
from collections.abc import Iterable

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from schemas import instant
from schemas.reject import Reject
from streams.connection import client_arguments
from streams.settings import Settings
from streams.topic_reader import TopicUnreadableError, open_topic
from streams.topics import topics_of

FROM_THE_FUTURE = "from_the_future"
_MAX_REQUEST = 4 * 1024 * 1024


async def resend(rejects: Iterable[Reject], settings: Settings) -> Counter[str]:
    """Send records again and count what became of them: ``sent``, ``gone`` from their topic, or ``elsewhere``.

    Each goes to its own partition with its own time, but one from the future with the present time: its event may
    not be ahead any more. ``elsewhere`` are those of topics that these settings do not read: left alone.
    Raises ``TopicUnreadableError``; what was sent until then stays sent.
    """
    counts: Counter[str] = Counter()
    inputs = topics_of(settings).inputs
    producer = AIOKafkaProducer(**client_arguments(settings), enable_idempotence=True, max_request_size=_MAX_REQUEST)
    try:
        await producer.start()
        for reject in rejects:
            if reject.topic not in inputs:
                counts["elsewhere"] += 1
                continue
            try:
                value = await _value(reject, settings)
            except LookupError:
                counts["gone"] += 1
                continue
            now = time.time_ns() // 1_000_000
            at = now if reject.reason == FROM_THE_FUTURE else instant.from_text(reject.timestamp)
            key = reject.key_bytes()
            await producer.send_and_wait(reject.topic, value, key, reject.partition, at)
            counts["sent"] += 1
    except (KafkaError, OSError) as error:
        raise TopicUnreadableError(
            f"sending to Kafka at {settings.broker} failed after {counts['sent']} records: {error}"
        ) from error
    finally:
        await producer.stop()
    return counts


async def _value(reject: Reject, settings: Settings) -> bytes | None:
    if not reject.truncated:
        return reject.kept_value()
    async with open_topic(settings, reject.topic) as topic:
        record = await topic.at(reject.partition, reject.offset)
    if record is None:
        raise LookupError
    whole: bytes | None = record.value
    if whole is None or len(whole) != reject.value_bytes or not whole.startswith(reject.kept_value() or b""):
        raise LookupError  # the topic was made anew, and another record has its place
    return whole
