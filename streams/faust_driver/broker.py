"""The broker in Faust's form: its addresses and credentials."""

import faust
from faust.auth import OAuthCredentials
from faust.types.auth import CredentialsT

from streams.bearer_token import bearer_token
from streams.security import certificates
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
    context = certificates(security) if security.encrypts else None
    if security.mechanism == "OAUTHBEARER":
        return OAuthCredentials(oauth_cb=bearer_token(security), ssl_context=context)
    return faust.SASLCredentials(
        username=security.username, password=security.password, mechanism=security.mechanism, ssl_context=context
    )
