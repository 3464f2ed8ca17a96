"""The broker in Faust's form: its addresses and credentials."""

import faust
from faust.types.auth import CredentialsT

from streams.connection import certificates
from streams.settings import Settings


def faust_broker(settings: Settings) -> list[str]:
    """Return the broker addresses in Faust's form."""
    return [f"kafka://{address}" for address in settings.broker.split(",")]


def faust_credentials(settings: Settings) -> CredentialsT | None:
    """Return the credentials in Faust's form, or ``None`` for an open broker."""
    security = settings.security
    if security.protocol == "PLAINTEXT":
        return None
    if security.protocol == "SSL":
        return faust.SSLCredentials(context=certificates(security))
    return faust.SASLCredentials(
        username=security.username,
        password=security.password,
        mechanism=security.mechanism,
        ssl_context=certificates(security) if security.protocol == "SASL_SSL" else None,
    )
