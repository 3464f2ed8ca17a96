"""Refusals: what Kafka does not allow this process, in a sentence that names the setting or the right to mend."""

import ssl
from collections.abc import Iterable

from aiokafka.errors import (
    ClusterAuthorizationFailedError,
    GroupAuthorizationFailedError,
    IllegalSaslStateError,
    SaslAuthenticationFailed,
    TopicAuthorizationFailedError,
    TransactionalIdAuthorizationFailed,
    UnsupportedSaslMechanismError,
)

from streams.security import Security
from streams.settings import Settings

REFUSED_SECONDS = 30.0
"""How long a worker waits for a right that is missing: brokers learn of new ones one after another."""

# What a broker says of a client's certificate, in the names of OpenSSL.
_OF_CLIENT = ("CERTIFICATE_REQUIRED", "BAD_CERTIFICATE", "CERTIFICATE_EXPIRED", "CERTIFICATE_UNKNOWN", "UNKNOWN_CA")
_EXPIRED = 10
_OTHER_NAME = (62, 64)


class RefusedError(Exception):
    """A connection or a request that Kafka refuses. ``final``: it will be refused again until somebody mends it.

    It is no ``KafkaError``: nobody should take it for a Kafka that is away.
    """

    def __init__(self, message: str, *, final: bool) -> None:
        super().__init__(message)
        self.final = final


def refused_connection(error: Exception, security: Security, address: str) -> RefusedError | None:
    """Return what keeps a connection to a broker from being opened, None where it is no refusal."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return RefusedError(_untrusted(error, address), final=True)
    if isinstance(error, ssl.SSLError):
        return _refused_handshake(error, security, address)
    if isinstance(error, SaslAuthenticationFailed):
        return _unknown_user(error, security, address)
    if isinstance(error, UnsupportedSaslMechanismError | IllegalSaslStateError):
        told = f"Kafka at {address} does not take LIFESTAGE_SASL_MECHANISM {security.mechanism}"
        return RefusedError(f"{told}: set it to one that this listener has", final=True)
    return None


def refused_token(security: Security, address: str, why: str) -> RefusedError:
    """Return that a broker does not accept a token; the next one may be better, as this one may just have expired."""
    source = "LIFESTAGE_SASL_TOKEN_FILE" if security.token_file else "LIFESTAGE_SASL_TOKEN_COMMAND"
    return RefusedError(f"Kafka at {address} does not accept the token of {source}: {why}", final=False)


def refused_request(error: BaseException, settings: Settings, operation: str) -> RefusedError | None:
    """Return which right was missing for an operation on Kafka, None where the error is another."""
    if isinstance(error, TopicAuthorizationFailedError):
        return not_allowed(settings, operation, "topic", _names(error.args))
    if isinstance(error, GroupAuthorizationFailedError):
        return not_allowed(settings, "Read", "group", [settings.app_id])
    if isinstance(error, TransactionalIdAuthorizationFailed):
        return not_allowed(settings, "Write", "transactional-id", [f"{settings.app_id}-"], prefixed=True)
    if isinstance(error, ClusterAuthorizationFailedError):
        return not_allowed(settings, "Create" if operation == "Create" else "IdempotentWrite", "cluster", [])
    return None


def not_allowed(
    settings: Settings, operation: str, resource: str, names: Iterable[str], *, prefixed: bool = False
) -> RefusedError:
    """Return the refusal of an operation (or several, as ``Read and Write``) on resources of a kind."""
    named = ", ".join(names)
    begin = " that begin with" if prefixed else ""
    whom = f"user {settings.security.username}" if settings.security.username else "this client"
    return RefusedError(
        f"Kafka does not allow {whom} to {operation} on {resource}{begin}{' ' if named else ''}{named}: give the right "
        "(docs/operations.md, Rights, has those of each command; kafka-acls.sh --add), or use another user",
        final=False,
    )


def _names(arguments: Iterable[object]) -> list[str]:
    names: list[str] = []
    for it in arguments:
        names += map(str, it) if isinstance(it, set | frozenset | list | tuple) else [str(it)]
    return sorted(names)


def _untrusted(error: ssl.SSLCertVerificationError, address: str) -> str:
    told = f"the certificate of Kafka at {address} is not accepted: {error.verify_message}"
    if error.verify_code == _EXPIRED:
        return f"{told}; renew it on the broker"
    if error.verify_code in _OTHER_NAME:
        return f"{told}; LIFESTAGE_BROKER must name the broker as its certificate does"
    return f"{told}; LIFESTAGE_SSL_CAFILE must have the certificate of who signed it"


def _refused_handshake(error: ssl.SSLError, security: Security, address: str) -> RefusedError | None:
    reason: str = getattr(error, "reason", None) or ""
    if any(it in reason for it in _OF_CLIENT):
        if not security.certfile:
            mend = "set LIFESTAGE_SSL_CERTFILE and LIFESTAGE_SSL_KEYFILE"
            return RefusedError(f"Kafka at {address} wants a certificate of this client: {mend}", final=True)
        told = f"Kafka at {address} does not accept the certificate of LIFESTAGE_SSL_CERTFILE ({_plain(reason)})"
        return RefusedError(f"{told}: is it still valid, and does the broker trust who signed it?", final=True)
    if isinstance(error, ssl.SSLEOFError | ssl.SSLZeroReturnError) or "WRONG_VERSION" in reason or "LAYER" in reason:
        return None  # a broker that is just ending closes like this, too; or it speaks no TLS
    return RefusedError(f"TLS to Kafka at {address} failed: {_plain(reason) or error}", final=True)


def _unknown_user(error: SaslAuthenticationFailed, security: Security, address: str) -> RefusedError:
    why = str(error.args[0]) if error.args and error.args[0] else "no reason given"
    if security.mechanism == "OAUTHBEARER":
        return refused_token(security, address, why)
    return RefusedError(
        f"Kafka at {address} does not accept user {security.username} by {security.mechanism}: {why}; "
        "LIFESTAGE_SASL_USERNAME and LIFESTAGE_SASL_PASSWORD must be those of a user of this listener",
        final=True,
    )


def _plain(reason: str) -> str:
    return reason.lower().replace("_", " ")
