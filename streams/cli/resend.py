"""Rejected records sent to their input topics again, byte for byte."""

import time
from collections import Counter
from collections.abc import Iterable

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from schemas import instant
from schemas.reject import FORGOTTEN_CUSTOMER, Reject
from streams.connection import client_arguments, refusals
from streams.partitioner import key_partition
from streams.settings import Settings
from streams.topic_reader import TopicUnreadableError, open_topic
from streams.topics import topics_of

_FROM_THE_FUTURE, _MISPLACED = "from_the_future", "misplaced"  # reasons of a reject
_MAX_REQUEST_BYTES = 4 * 1024 * 1024


async def resend(rejects: Iterable[Reject], settings: Settings) -> Counter[str]:
    """Send records again; return the counts ``sent``, ``gone`` (from their topic) and ``elsewhere``.

    Each record goes to its own partition with its own time. A misplaced one goes to the partition of its key; one from
    the future gets the present time, as its event may no longer be ahead of it. Records of topics that are not
    lifestage's own are counted as ``elsewhere`` and not sent: others read them too; those of ``forgotten`` customers
    cannot be, as their bytes were not kept. Raises ``TopicUnreadableError``, ``RefusedError``; records sent before that
    stay sent.
    """
    counts: Counter[str] = Counter()
    partition_of = key_partition(settings.partitioner, settings.partitions)
    inputs = topics_of(settings).own_inputs
    producer = AIOKafkaProducer(
        **client_arguments(settings), enable_idempotence=True, max_request_size=_MAX_REQUEST_BYTES
    )
    try:
        async with refusals(settings, "Write"):
            await producer.start()
            for reject in rejects:
                if reject.topic not in inputs:
                    counts["elsewhere"] += 1
                    continue
                if reject.reason == FORGOTTEN_CUSTOMER:
                    counts["forgotten"] += 1
                    continue
                try:
                    value = await _value(reject, settings)
                except LookupError:
                    counts["gone"] += 1
                    continue
                now = time.time_ns() // 1_000_000
                at = now if reject.reason == _FROM_THE_FUTURE else instant.from_text(reject.timestamp)
                key, partition = reject.key_bytes(), reject.partition
                if reject.reason == _MISPLACED and key is not None and partition_of is not None:
                    partition = partition_of(key)
                await producer.send_and_wait(reject.topic, value, key, partition, at)
                counts["sent"] += 1
    except (KafkaError, OSError) as error:
        raise TopicUnreadableError(
            f"sending to Kafka at {settings.broker} failed after {counts['sent']} records: "
            f"{str(error) or type(error).__name__}"
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
    value: bytes | None = record.value
    if value is None or len(value) != reject.value_bytes or not value.startswith(reject.kept_value() or b""):
        raise LookupError  # the topic was recreated: another record has this offset
    return value
