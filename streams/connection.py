"""Connection arguments: how every Kafka client of a worker reaches the broker, and why it is refused."""

import asyncio
import ssl
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

from aiokafka import AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.conn import AIOKafkaConnection, create_conn
from aiokafka.errors import KafkaConnectionError, KafkaError, KafkaTimeoutError, NodeNotReadyError
from aiokafka.protocol.metadata import MetadataRequest

from streams.bearer_token import TokenError, bearer_token
from streams.refusal import RefusedError, refused_connection, refused_request, refused_token
from streams.security import certificates
from streams.settings import Settings

_ANSWER_SECONDS = 5.0
# A broker that closes with something unread resets the connection, and its reason may be lost with that.
_TRIES = 3
_CUT = (ConnectionError, EOFError)
_NO_BROKER = (KafkaConnectionError, KafkaTimeoutError, NodeNotReadyError)
_API_VERSIONS = struct.pack(">ihhih", 10, 18, 0, 1, -1)


def client_arguments(settings: Settings) -> dict[str, Any]:
    """Return the arguments that every aiokafka client takes."""
    return {"bootstrap_servers": settings.broker.split(","), **_connection_arguments(settings)}


@asynccontextmanager
async def administration(settings: Settings) -> AsyncIterator[AIOKafkaAdminClient]:
    """Connect an admin client for the length of a block.

    Raises ``KafkaConnectionError`` when no broker answers, ``RefusedError`` when one does not let this client in.
    """
    async with refusals(settings, "Describe"):
        client = AIOKafkaAdminClient(**client_arguments(settings))
        try:
            await client.start()
            yield client
        finally:
            await client.close()


@asynccontextmanager
async def producing(settings: Settings, **arguments: Any) -> AsyncIterator[AIOKafkaProducer]:
    """Connect an idempotent producer for the length of a block; raises as ``administration`` does."""
    async with refusals(settings, "Write"):
        producer = AIOKafkaProducer(**client_arguments(settings), enable_idempotence=True, **arguments)
        try:
            await producer.start()
            yield producer
        finally:
            await producer.stop()


@asynccontextmanager
async def refusals(settings: Settings, operation: str) -> AsyncIterator[None]:
    """Raise ``RefusedError`` for what a block was refused by Kafka; ``operation`` is what it does with topics.

    The clients say only that they found no broker, and not why. So a connection is opened that says it.
    """
    try:
        yield
    except KafkaError as error:
        refused = refused_request(error, settings, operation)
        if refused is None and isinstance(error, _NO_BROKER):
            refused = await find_refusal(settings)
        if refused is None:
            raise
        raise refused from error


async def find_refusal(settings: Settings) -> RefusedError | None:
    """Return why the brokers do not let this client in, None if one does, or if none answers."""
    found = None
    for address in settings.broker.split(","):
        for _try in range(_TRIES):
            try:
                return await _refusal_of(settings, address)
            except TokenError as error:
                return RefusedError(str(error.args[0]), final=False)
            except (KafkaError, OSError, TimeoutError, EOFError) as error:
                host, _, port = address.rpartition(":")
                found = found or refused_connection(error, settings.security, address)
                found = found or await _other_listener(settings, host, int(port))
                if found is not None or not isinstance(error, _CUT):
                    break
    return found


async def _refusal_of(settings: Settings, address: str) -> RefusedError | None:
    """Connect to a broker; return why it does not take a token, None if it lets this client in."""
    host, _, port = address.rpartition(":")
    async with asyncio.timeout(_ANSWER_SECONDS):
        if settings.security.encrypts:
            await _greet(host, int(port), certificates(settings.security))
        connection = await connect(settings, host, int(port))
        try:
            answer = await connection.send(MetadataRequest([]))
        finally:
            connection.close()
    # The client takes a broker's refusal of a token for its consent, and reads nothing of use afterwards.
    if not answer.brokers and settings.security.mechanism == "OAUTHBEARER":
        return refused_token(settings.security, address, "is it expired, and for this broker?")
    return None


async def connect(settings: Settings, host: str, port: int) -> AIOKafkaConnection:
    """Open one connection to one broker; raises ``KafkaError``, ``OSError``."""
    return await create_conn(host, port, **_connection_arguments(settings))


async def _greet(host: str, port: int, context: ssl.SSLContext | None) -> None:
    """Ask which requests a broker knows, over TLS if there is a context; raises ``OSError``, ``EOFError``.

    The client's own connection would hide the reason for which a certificate is refused behind "closed": it is told
    only when something is read.
    """
    reader, writer = await asyncio.open_connection(host, port, ssl=context)
    try:
        writer.write(_API_VERSIONS)
        await reader.readexactly(4)
    finally:
        writer.close()
        with suppress(OSError, TimeoutError):
            await writer.wait_closed()


async def _other_listener(settings: Settings, host: str, port: int) -> RefusedError | None:
    """Return that a broker speaks TLS where plain text is expected, or the other way round; None if it does not."""
    encrypts, protocol = settings.security.encrypts, settings.security.protocol
    anybody = ssl.create_default_context()
    anybody.check_hostname, anybody.verify_mode = False, ssl.CERT_NONE  # nothing of use is sent over it
    try:
        async with asyncio.timeout(_ANSWER_SECONDS):
            await _greet(host, port, None if encrypts else anybody)
    except ssl.SSLError as error:
        if "ALERT" not in (getattr(error, "reason", None) or ""):  # else it speaks TLS, and wants a certificate
            return None
    except (OSError, EOFError, TimeoutError):
        return None
    told = f"Kafka at {host}:{port} {'does not speak' if encrypts else 'speaks'} TLS"
    mend = "PLAINTEXT or SASL_PLAINTEXT, or name another port in LIFESTAGE_BROKER" if encrypts else "SSL or SASL_SSL"
    return RefusedError(f"{told}, and LIFESTAGE_SECURITY_PROTOCOL is {protocol}: set it to {mend}", final=True)


def _connection_arguments(settings: Settings) -> dict[str, Any]:
    security = settings.security
    arguments: dict[str, Any] = {"client_id": settings.client_id, "security_protocol": security.protocol}
    if security.authenticates:
        arguments["sasl_mechanism"] = security.mechanism
        if security.mechanism == "OAUTHBEARER":
            arguments["sasl_oauth_token_provider"] = bearer_token(security)
        else:
            arguments |= {"sasl_plain_username": security.username, "sasl_plain_password": security.password}
    if security.encrypts:
        arguments["ssl_context"] = certificates(security)
    return arguments
