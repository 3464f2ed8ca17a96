"""The connection: what each kind of security becomes for the two Kafka clients."""

import ssl

import faust
import pytest
from faust.auth import OAuthCredentials

from streams.connection import client_arguments
from streams.faust_driver.broker import faust_broker, faust_credentials
from streams.security import Security
from streams.settings import Settings


def settings(protocol: str) -> Settings:
    security = Security(protocol=protocol, mechanism="SCRAM-SHA-512", username="me", password="secret")
    return Settings(broker="a:1,b:2", app_id="shop", instance="one", security=security)


@pytest.mark.parametrize(
    ("protocol", "signs_in", "encrypts", "credentials"),
    [
        ("PLAINTEXT", False, False, type(None)),
        ("SSL", False, True, faust.SSLCredentials),
        ("SASL_PLAINTEXT", True, False, faust.SASLCredentials),
        ("SASL_SSL", True, True, faust.SASLCredentials),
    ],
)
def test_both_clients_sign_in_and_encrypt_as_the_protocol_says(
    protocol: str, signs_in: bool, encrypts: bool, credentials: type
) -> None:
    arguments = client_arguments(settings(protocol))
    assert arguments["bootstrap_servers"] == ["a:1", "b:2"]
    assert arguments["client_id"] == "shop-one"
    assert arguments["security_protocol"] == protocol
    assert arguments.get("sasl_mechanism") == ("SCRAM-SHA-512" if signs_in else None)
    assert arguments.get("sasl_plain_password") == ("secret" if signs_in else None)
    assert isinstance(arguments.get("ssl_context"), ssl.SSLContext) is encrypts

    assert faust_broker(settings(protocol)) == ["kafka://a:1", "kafka://b:2"]
    given = faust_credentials(settings(protocol))
    assert type(given) is credentials
    if given is not None:
        assert given.protocol.value == protocol
        assert bool(getattr(given, "context", None) or getattr(given, "ssl_context", None)) is encrypts
    if isinstance(given, faust.SASLCredentials):
        assert (given.username, given.password, given.mechanism.value) == ("me", "secret", "SCRAM-SHA-512")


def test_both_clients_share_one_provider_of_tokens() -> None:
    security = Security("SASL_PLAINTEXT", "OAUTHBEARER", token_file="token")
    given = Settings(security=security)
    arguments, credentials = client_arguments(given), faust_credentials(given)
    assert isinstance(credentials, OAuthCredentials)
    assert credentials.oauth_cb is arguments["sasl_oauth_token_provider"]
    assert "sasl_plain_username" not in arguments
