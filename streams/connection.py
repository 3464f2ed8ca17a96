"""Connection arguments: how every Kafka client of a worker reaches the broker."""

import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from aiokafka.admin import AIOKafkaAdminClient

from streams.settings import Security, Settings


def client_arguments(settings: Settings) -> dict[str, Any]:
    """Return the arguments that every aiokafka client takes."""
    security = settings.security
    arguments: dict[str, Any] = {
        "bootstrap_servers": settings.broker.split(","),
        "client_id": settings.client_id,
        "security_protocol": security.protocol,
    }
    if security.protocol.startswith("SASL"):
        arguments |= {
            "sasl_mechanism": security.mechanism,
            "sasl_plain_username": security.username,
            "sasl_plain_password": security.password,
        }
    if security.protocol.endswith("SSL"):
        arguments["ssl_context"] = certificates(security)
    return arguments


@asynccontextmanager
async def administration(settings: Settings) -> AsyncIterator[AIOKafkaAdminClient]:
    """Connect an admin client for the length of a block; raises ``KafkaConnectionError`` when no broker answers."""
    client = AIOKafkaAdminClient(**client_arguments(settings))
    try:
        await client.start()
        yield client
    finally:
        await client.close()


def certificates(security: Security) -> ssl.SSLContext:
    """Return the context that checks a broker's certificate."""
    return ssl.create_default_context(cafile=security.cafile or None)
