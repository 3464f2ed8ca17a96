"""The topics as the brokers know them now: the id of each, and the number of its partitions."""

import random
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from io import BytesIO

from aiokafka.client import AIOKafkaClient
from aiokafka.errors import KafkaConnectionError, KafkaError, UnknownTopicOrPartitionError, for_code
from aiokafka.protocol.abstract import AbstractType
from aiokafka.protocol.api import Request, RequestStruct, Response
from aiokafka.protocol.metadata import MetadataRequest_v5
from aiokafka.protocol.types import (
    Boolean,
    CompactArray,
    CompactString,
    Int16,
    Int32,
    Schema,
    TaggedFields,
)

from streams.connection import client_arguments
from streams.settings import Settings

_NO_ID = bytes(16)


@dataclass(frozen=True, slots=True)
class TopicMetadata:
    """A topic. ``id`` is another one after the topic was deleted and made again, and empty if the broker has none."""

    id: bytes
    partitions: int


class TopicMetadataReader:
    """A client that asks for the metadata of some topics, without making those that are missing."""

    def __init__(self, client: AIOKafkaClient, names: Sequence[str], *, lists_all: bool) -> None:
        self._client = client
        self._names = tuple(names)
        self._lists_all = lists_all

    async def read(self) -> Mapping[str, TopicMetadata]:
        """Return the topics that exist; raises ``KafkaError`` when no broker answers, or one may not be described."""
        nodes = [broker.nodeId for broker in self._client.cluster.brokers()]
        failure: KafkaError = KafkaConnectionError("no broker is known")
        # A broker that is away for a while is still listed.
        for node in random.sample(nodes, len(nodes)):
            try:
                answer = await self._client.send(node, _TopicMetadataRequest(None if self._lists_all else self._names))
            except KafkaError as error:
                failure = error
            else:
                return self._topics(answer)
        raise failure

    def _topics(self, answer: Response) -> Mapping[str, TopicMetadata]:
        topics: dict[str, TopicMetadata] = {}
        for topic in answer.to_object()["topics"]:
            name, code = topic["topic"], topic["error_code"]
            if name not in self._names or code == UnknownTopicOrPartitionError.errno:
                continue
            if code:
                raise for_code(code)(name)
            identity = topic.get("topic_id", _NO_ID)
            topics[name] = TopicMetadata(b"" if identity == _NO_ID else identity, len(topic["partitions"]))
        return topics


@asynccontextmanager
async def topic_metadata(settings: Settings, names: Sequence[str]) -> AsyncIterator[TopicMetadataReader]:
    """Connect a reader of the metadata of these topics for the length of a block."""
    client = AIOKafkaClient(**client_arguments(settings))
    try:
        await client.bootstrap()
        # The embedded broker would create a topic that is asked for.
        yield TopicMetadataReader(client, names, lists_all=settings.embedded)
    finally:
        await client.close()


class _Uuid(AbstractType[bytes]):  # type: ignore[misc]  # aiokafka has no types for these
    @classmethod
    def encode(cls, value: bytes) -> bytes:
        return value

    @classmethod
    def decode(cls, data: BytesIO) -> bytes:
        return data.read(16)


class _MetadataResponseV10(Response):  # type: ignore[misc]
    API_KEY = 3
    API_VERSION = 10
    SCHEMA = Schema(
        ("throttle_time_ms", Int32),
        (
            "brokers",
            CompactArray(
                ("node_id", Int32),
                ("host", CompactString("utf-8")),
                ("port", Int32),
                ("rack", CompactString("utf-8")),
                ("tags", TaggedFields),
            ),
        ),
        ("cluster_id", CompactString("utf-8")),
        ("controller_id", Int32),
        (
            "topics",
            CompactArray(
                ("error_code", Int16),
                ("topic", CompactString("utf-8")),
                ("topic_id", _Uuid),
                ("is_internal", Boolean),
                (
                    "partitions",
                    CompactArray(
                        ("error_code", Int16),
                        ("partition", Int32),
                        ("leader", Int32),
                        ("leader_epoch", Int32),
                        ("replicas", CompactArray(Int32)),
                        ("isr", CompactArray(Int32)),
                        ("offline_replicas", CompactArray(Int32)),
                        ("tags", TaggedFields),
                    ),
                ),
                ("topic_authorized_operations", Int32),
                ("tags", TaggedFields),
            ),
        ),
        ("cluster_authorized_operations", Int32),
        ("tags", TaggedFields),
    )


class _MetadataRequestV10(RequestStruct):  # type: ignore[misc]
    """The first version whose answer has the ids of topics (KIP-516); aiokafka itself stops at the fifth."""

    API_KEY = 3
    API_VERSION = 10
    FLEXIBLE_VERSION = True
    RESPONSE_TYPE = _MetadataResponseV10
    SCHEMA = Schema(
        (
            "topics",
            CompactArray(("topic_id", _Uuid), ("name", CompactString("utf-8")), ("tags", TaggedFields)),
        ),
        ("allow_auto_topic_creation", Boolean),
        ("include_cluster_authorized_operations", Boolean),
        ("include_topic_authorized_operations", Boolean),
        ("tags", TaggedFields),
    )


class _TopicMetadataRequest(Request[MetadataRequest_v5 | _MetadataRequestV10]):  # type: ignore[misc]
    API_KEY = 3

    def __init__(self, names: Sequence[str] | None) -> None:
        self._names = names

    def build(self, request_struct_class: type[RequestStruct]) -> RequestStruct:
        names = self._names
        if request_struct_class is MetadataRequest_v5:
            return MetadataRequest_v5(None if names is None else list(names), False)
        topics: list[tuple[bytes, str, dict[int, bytes]]] | None = (
            None if names is None else [(_NO_ID, name, {}) for name in names]
        )
        return _MetadataRequestV10(topics, False, False, False, {})
