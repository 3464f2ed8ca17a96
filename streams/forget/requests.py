"""Requests to forget customers, sent to the partitions that may have them."""

import secrets
from collections.abc import Sequence

from aiokafka import AIOKafkaProducer

from schemas.forget_request import REQUEST_KEY, ForgetRequest, write_request
from streams.connection import client_arguments
from streams.forget.standing import Standing
from streams.partitioner import key_partition, partition_by
from streams.republish.requests import request_topic
from streams.settings import Settings


def partitions_of(customer: str, standing: Standing, settings: Settings) -> list[int]:
    """Return where a request about a customer has to go.

    That is where the partitioner of the installation puts them, or Java's if that is not known, and wherever else the
    changelog has something of them: producers with different partitioners may have split a customer.
    """
    known = key_partition(settings.partitioner, settings.partitions)
    partition_of = known or partition_by("murmur2", settings.partitions)
    return sorted({partition_of(customer.encode()), *standing.kept[customer], *standing.marked[customer]})


async def send_requests(requests: Sequence[ForgetRequest], standing: Standing, settings: Settings) -> dict[int, int]:
    """Send requests, and return by partition the offset of the last once Kafka has acknowledged all.

    With the clock of the stream a request has the instant that its partition has come to, so that no time passes by
    it. Raises ``aiokafka.errors.KafkaError`` when one could not be written; those before stay.
    """
    last: dict[int, int] = {}
    topic = request_topic(settings)
    async with AIOKafkaProducer(**client_arguments(settings), enable_idempotence=True) as producer:
        for request in requests:
            for partition in partitions_of(request.customer, standing, settings):
                position = standing.positions.get(partition)
                at = None if settings.clock == "wall" or position is None else position.upto
                sent = await producer.send_and_wait(topic, write_request(request), REQUEST_KEY, partition, at)
                last[partition] = max(sent.offset, last.get(partition, 0))
    return last


def new_id() -> str:
    """Return an id for the requests of one command."""
    return secrets.token_hex(8)
