"""Security: how the connections to Kafka are encrypted, and what this process shows of itself."""

import shlex
import shutil
import ssl
from dataclasses import dataclass, field
from pathlib import Path

from streams.environment import Environment, SettingsError

PROTOCOLS = ("PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL")
MECHANISMS = ("PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512", "OAUTHBEARER")
_ELSEWHERE = {
    "GSSAPI": "Kerberos is not supported",
    "AWS_MSK_IAM": "AWS IAM is reached by OAUTHBEARER, with a LIFESTAGE_SASL_TOKEN_COMMAND that prints its token",
}


@dataclass(frozen=True, slots=True)
class Security:
    """Encryption and authentication of the connections to Kafka.

    ``cafile`` has the certificates to trust; ``certfile`` and ``keyfile`` are this client's own (mTLS). A token of
    OAUTHBEARER is in ``token_file``, or is what ``token_command`` (a program and its arguments) prints.
    """

    protocol: str = "PLAINTEXT"
    mechanism: str = "PLAIN"
    username: str = ""
    password: str = field(default="", repr=False)
    cafile: str = ""
    certfile: str = ""
    keyfile: str = ""
    key_password: str = field(default="", repr=False)
    token_file: str = ""
    token_command: tuple[str, ...] = field(default=(), repr=False)

    @property
    def authenticates(self) -> bool:
        """Whether SASL says who this is."""
        return self.protocol.startswith("SASL")

    @property
    def encrypts(self) -> bool:
        """Whether the connection is TLS."""
        return self.protocol.endswith("SSL")


def security_of(read: Environment) -> Security:
    """Read the variables; raises ``SettingsError``."""
    protocol = read.checked("SECURITY_PROTOCOL", "PLAINTEXT", _protocol, " or ".join(PROTOCOLS))
    given = read.text("SASL_MECHANISM", "PLAIN").upper()
    if given in _ELSEWHERE:
        raise SettingsError(f"LIFESTAGE_SASL_MECHANISM is {given!r}: {_ELSEWHERE[given]}; use {_choices()}")
    if given not in MECHANISMS:
        raise SettingsError(f"LIFESTAGE_SASL_MECHANISM is {read.text('SASL_MECHANISM', '')!r}: set it to {_choices()}")
    security = Security(
        protocol,
        given,
        read.text("SASL_USERNAME", ""),
        read.text("SASL_PASSWORD", ""),
        _file(read, "SSL_CAFILE", "a file of certificates"),
        _file(read, "SSL_CERTFILE", "a file with this client's certificate"),
        _file(read, "SSL_KEYFILE", "a file with the key of this client's certificate"),
        read.text("SSL_KEY_PASSWORD", ""),
        _file(read, "SASL_TOKEN_FILE", "a file with a token"),
        _command(read.text("SASL_TOKEN_COMMAND", "")),
    )
    _check(security)
    return security


def certificates(security: Security) -> ssl.SSLContext:
    """Return the context that checks a broker's certificate, and shows this client's; raises ``SettingsError``."""
    try:
        context = ssl.create_default_context(cafile=security.cafile or None)
    except (ssl.SSLError, OSError) as error:
        raise SettingsError(f"LIFESTAGE_SSL_CAFILE, {security.cafile}, has no certificate to trust: {error}") from None
    if security.certfile:
        try:
            # Without a password, OpenSSL would ask for one at the terminal.
            context.load_cert_chain(security.certfile, security.keyfile or None, security.key_password)
        except (ssl.SSLError, OSError) as error:
            raise SettingsError(
                f"LIFESTAGE_SSL_CERTFILE, {security.certfile}, cannot be used with its key: {error}; "
                "LIFESTAGE_SSL_KEYFILE has the key, LIFESTAGE_SSL_KEY_PASSWORD its password"
            ) from None
    return context


def _check(security: Security) -> None:
    if security.keyfile and not security.certfile:
        raise SettingsError("LIFESTAGE_SSL_KEYFILE is set without a certificate: set LIFESTAGE_SSL_CERTFILE, too")
    if security.certfile and not security.encrypts:
        raise SettingsError(
            f"LIFESTAGE_SSL_CERTFILE is set, and LIFESTAGE_SECURITY_PROTOCOL is {security.protocol}, which shows no "
            "certificate: set it to SSL or SASL_SSL"
        )
    if security.encrypts:
        certificates(security)
    if not security.authenticates:
        return
    if security.mechanism != "OAUTHBEARER":
        if not security.username:
            raise SettingsError("LIFESTAGE_SECURITY_PROTOCOL asks for a user: set LIFESTAGE_SASL_USERNAME")
    elif bool(security.token_file) == bool(security.token_command):
        raise SettingsError(
            "LIFESTAGE_SASL_MECHANISM is OAUTHBEARER: set one of LIFESTAGE_SASL_TOKEN_FILE and "
            "LIFESTAGE_SASL_TOKEN_COMMAND"
        )


def _protocol(given: str) -> str:
    if given.upper() not in PROTOCOLS:
        raise ValueError
    return given.upper()


def _choices() -> str:
    return " or ".join(MECHANISMS)


def _file(read: Environment, name: str, wanted: str) -> str:
    given = read.text(name, "")
    if given and not Path(given).is_file():
        raise SettingsError(f"LIFESTAGE_{name} is {given!r}: set it to {wanted} that exists")
    return given


def _command(given: str) -> tuple[str, ...]:
    try:
        command = tuple(shlex.split(given))
    except ValueError as error:
        raise SettingsError(f"LIFESTAGE_SASL_TOKEN_COMMAND cannot be read: {error}") from None
    if command and shutil.which(command[0]) is None:
        raise SettingsError(
            f"LIFESTAGE_SASL_TOKEN_COMMAND: no program {command[0]!r}: name one that exists, without a shell around it"
        )
    return command
