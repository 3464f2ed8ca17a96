"""DeleteGroups, which the client library does not know: what `kafka-consumer-groups --delete` sends."""

from aiokafka.errors import for_code
from aiokafka.protocol.api import Request, RequestStruct, Response
from aiokafka.protocol.types import Array, Int16, Int32, Schema, String

from streams.connection import administration
from streams.settings import Settings

_API_KEY = 42


class _Response(Response):  # type: ignore[misc]  # untyped library
    API_KEY = _API_KEY
    API_VERSION = 0
    SCHEMA = Schema(
        ("throttle_time_ms", Int32),
        ("results", Array(("group_id", String("utf-8")), ("error_code", Int16))),
    )


class _RequestStruct(RequestStruct):  # type: ignore[misc]  # untyped library
    API_KEY = _API_KEY
    API_VERSION = 0
    RESPONSE_TYPE = _Response
    SCHEMA = Schema(("groups", Array(String("utf-8"))))


class _Request(Request[_RequestStruct]):  # type: ignore[misc]  # untyped library
    API_KEY = _API_KEY

    def __init__(self, group: str) -> None:
        self._group = group

    def build(self, request_struct_class: type[_RequestStruct]) -> _RequestStruct:
        return request_struct_class([self._group])


async def delete_group(settings: Settings) -> None:
    """Delete the consumer group with all its offsets; raises ``KafkaError`` while it has members, or is none."""
    async with administration(settings) as admin:
        coordinator = await admin.find_coordinator(settings.app_id)
        response = await admin._client.send(coordinator, _Request(settings.app_id))
        for _, code in response.results:
            if code:
                raise for_code(code)(settings.app_id)
