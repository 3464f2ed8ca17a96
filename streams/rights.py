"""Rights: what Kafka lets this client do with topics and a consumer group, asked before anything is done."""

from collections.abc import Iterable, Mapping, Sequence

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.conn import AIOKafkaConnection
from aiokafka.errors import (
    GroupAuthorizationFailedError,
    GroupCoordinatorNotAvailableError,
    IncompatibleBrokerVersion,
    KafkaConnectionError,
    KafkaError,
    NoError,
    TopicAuthorizationFailedError,
    for_code,
)
from aiokafka.protocol.api import Request, RequestStruct, Response
from aiokafka.protocol.coordination import FindCoordinatorRequest
from aiokafka.protocol.types import Array, Boolean, Bytes, Int16, Int32, Schema, String

from streams.connection import connect, refusals
from streams.refusal import not_allowed
from streams.settings import Settings

# Kafka's numbers of operations: each is the place of its bit in what is allowed.
_BITS = {"Read": 3, "Write": 4, "Describe": 8, "DescribeConfigs": 10}
_NOT_TOLD = -(2**31)


async def check_rights(settings: Settings, needed: Mapping[str, Sequence[str]], group: str) -> None:
    """Raise ``RefusedError`` for operations on topics (by name) that are not allowed, or if the group may not be read.

    A broker that does not tell what is allowed is not asked further. Raises ``KafkaError`` and ``OSError``.
    """
    async with refusals(settings, "Describe"):
        await _check_rights(settings, needed, group)


async def check_visible(settings: Settings, admin: AIOKafkaAdminClient, names: Iterable[str]) -> None:
    """Raise ``RefusedError`` if topics that a broker does not list are there, or may be.

    A broker lists only what may be described. It is asked for their configuration, since some brokers create a topic
    whose description is asked for.
    """
    hidden, unknown = [], []
    for name in names:
        for response in await admin.describe_configs([ConfigResource(ConfigResourceType.TOPIC, name)]):
            for code, *_ in response.resources:
                if code == NoError.errno:
                    hidden.append(name)
                elif code == TopicAuthorizationFailedError.errno:
                    unknown.append(name)
    if hidden:
        raise not_allowed(settings, "Describe", "topic", hidden)
    if unknown:
        raise not_allowed(settings, "Describe and DescribeConfigs", "topic", [f"{', '.join(unknown)} (if it is there)"])


async def _check_rights(settings: Settings, needed: Mapping[str, Sequence[str]], group: str) -> None:
    missing: dict[str, list[str]] = {}
    connection = await _connect_to_any(settings)
    try:
        told = await connection.send(_TopicsAllowed([*needed]))
        allowed = _allowed(told)
        for topic, operations in needed.items():
            if lacking := _lacking(operations, allowed.get(topic, _NOT_TOLD)):
                missing.setdefault(" and ".join(lacking), []).append(topic)
        may_read = await _may_read(settings, connection, group)
    except (NotImplementedError, IncompatibleBrokerVersion):
        return
    finally:
        connection.close()
    refused = [(operations, "topic", names) for operations, names in missing.items()]
    if not may_read:
        refused.append(("Read", "group", [group]))
    if refused:
        (operation, resource, names), *others = refused
        also = [f"{what} on {kind} {', '.join(which)}" for what, kind, which in others]
        raise not_allowed(settings, operation, resource, [", nor ".join([", ".join(names), *also])])


def _lacking(operations: Iterable[str], allowed: int) -> list[str]:
    return [] if allowed == _NOT_TOLD else [it for it in operations if not allowed >> _BITS[it] & 1]


async def _connect_to_any(settings: Settings) -> AIOKafkaConnection:
    for address in settings.broker.split(","):
        host, _, port = address.rpartition(":")
        try:
            return await connect(settings, host, int(port))
        except (KafkaError, OSError, TimeoutError):
            continue
    raise KafkaConnectionError(f"no broker of {settings.broker} answers")


async def _may_read(settings: Settings, connection: AIOKafkaConnection, group: str) -> bool:
    found = await connection.send(FindCoordinatorRequest(group, 0))
    if found.error_code == GroupAuthorizationFailedError.errno:
        return False
    if found.error_code == GroupCoordinatorNotAvailableError.errno:
        raise GroupCoordinatorNotAvailableError("the broker is still creating the topic of offsets")
    if found.error_code:
        raise for_code(found.error_code)
    coordinator = await connect(settings, found.host, found.port)
    try:
        answer = await coordinator.send(_GroupAllowed(group))
    finally:
        coordinator.close()
    ((code, *_, bits),) = answer.groups
    return code != GroupAuthorizationFailedError.errno and not _lacking(["Read"], bits)


def _allowed(answer: Response) -> dict[str, int]:
    topics: list[tuple[int, str, bool, object, int]] = answer.topics
    hidden = TopicAuthorizationFailedError.errno
    return {topic: 0 if code == hidden else bits for code, topic, _, _, bits in topics}


class _TopicsAnswer(Response):  # type: ignore[misc]
    API_KEY = 3
    API_VERSION = 8
    SCHEMA = Schema(
        ("throttle_time_ms", Int32),
        ("brokers", Array(("node_id", Int32), ("host", String()), ("port", Int32), ("rack", String()))),
        ("cluster_id", String()),
        ("controller_id", Int32),
        (
            "topics",
            Array(
                ("error_code", Int16),
                ("topic", String()),
                ("is_internal", Boolean),
                (
                    "partitions",
                    Array(
                        ("error_code", Int16),
                        ("partition", Int32),
                        ("leader", Int32),
                        ("leader_epoch", Int32),
                        ("replicas", Array(Int32)),
                        ("isr", Array(Int32)),
                        ("offline_replicas", Array(Int32)),
                    ),
                ),
                ("authorized_operations", Int32),
            ),
        ),
        ("cluster_authorized_operations", Int32),
    )


class _TopicsQuestion(RequestStruct):  # type: ignore[misc]
    API_KEY = 3
    API_VERSION = 8
    RESPONSE_TYPE = _TopicsAnswer
    SCHEMA = Schema(
        ("topics", Array(String())),
        ("allow_auto_topic_creation", Boolean),
        ("include_cluster_authorized_operations", Boolean),
        ("include_topic_authorized_operations", Boolean),
    )


class _TopicsAllowed(Request[_TopicsQuestion]):  # type: ignore[misc]
    """Metadata with what is allowed, which aiokafka 0.14.0 cannot ask for."""

    API_KEY = 3

    def __init__(self, topics: list[str]) -> None:
        self._topics = topics

    def build(self, request_struct_class: type[_TopicsQuestion]) -> _TopicsQuestion:
        return request_struct_class(self._topics, False, False, True)


class _GroupAnswer(Response):  # type: ignore[misc]
    API_KEY = 15
    API_VERSION = 3
    SCHEMA = Schema(
        ("throttle_time_ms", Int32),
        (
            "groups",
            Array(
                ("error_code", Int16),
                ("group", String()),
                ("state", String()),
                ("protocol_type", String()),
                ("protocol", String()),
                (
                    "members",
                    Array(
                        ("member_id", String()),
                        ("client_id", String()),
                        ("client_host", String()),
                        ("member_metadata", Bytes),
                        ("member_assignment", Bytes),
                    ),
                ),
                ("authorized_operations", Int32),
            ),
        ),
    )


class _GroupQuestion(RequestStruct):  # type: ignore[misc]
    API_KEY = 15
    API_VERSION = 3
    RESPONSE_TYPE = _GroupAnswer
    SCHEMA = Schema(("groups", Array(String())), ("include_authorized_operations", Boolean))


class _GroupAllowed(Request[_GroupQuestion]):  # type: ignore[misc]
    """The description of a group with what is allowed, which aiokafka 0.14.0 asks for and reads as another version."""

    API_KEY = 15

    def __init__(self, group: str) -> None:
        self._group = group

    def build(self, request_struct_class: type[_GroupQuestion]) -> _GroupQuestion:
        return request_struct_class([self._group], True)
