"""Refusals: what each error of Kafka or TLS is told as, and whether waiting may help."""

import ssl

import pytest
from aiokafka.errors import (
    ClusterAuthorizationFailedError,
    GroupAuthorizationFailedError,
    KafkaConnectionError,
    SaslAuthenticationFailed,
    TopicAuthorizationFailedError,
    TransactionalIdAuthorizationFailed,
)

from streams.refusal import refused_connection, refused_request
from streams.security import Security
from streams.settings import Settings

USER = Security("SASL_SSL", "PLAIN", "me", "secret")


def untrusted(code: int, message: str) -> ssl.SSLCertVerificationError:
    error = ssl.SSLCertVerificationError(1, "certificate verify failed")
    error.verify_code, error.verify_message = code, message
    return error


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (untrusted(10, "certificate has expired"), "certificate has expired; renew it on the broker"),
        (untrusted(62, "Hostname mismatch"), "LIFESTAGE_BROKER must name the broker as its certificate does"),
        (untrusted(20, "unable to get local issuer certificate"), "LIFESTAGE_SSL_CAFILE must have the certificate"),
        (SaslAuthenticationFailed("Invalid username"), "does not accept user me by PLAIN: Invalid username"),
    ],
)
def test_who_is_not_let_in_learns_what_to_mend_and_need_not_wait(error: Exception, told: str) -> None:
    refused = refused_connection(error, USER, "kafka:9092")
    assert refused is not None
    assert refused.final
    assert told in str(refused)
    assert "secret" not in str(refused)


@pytest.mark.parametrize("error", [ConnectionRefusedError(), ssl.SSLEOFError(), KafkaConnectionError("closed")])
def test_a_broker_that_is_away_refuses_nothing(error: Exception) -> None:
    assert refused_connection(error, USER, "kafka:9092") is None


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (TopicAuthorizationFailedError("orders"), "user me to Write on topic orders:"),
        (TopicAuthorizationFailedError({"b", "a"}), "user me to Write on topic a, b:"),
        (GroupAuthorizationFailedError("shop"), "user me to Read on group shop:"),
        (TransactionalIdAuthorizationFailed(), "user me to Write on transactional-id that begin with shop-:"),
        (ClusterAuthorizationFailedError(), "user me to IdempotentWrite on cluster:"),
    ],
)
def test_a_missing_right_is_named_and_may_still_come(error: Exception, told: str) -> None:
    refused = refused_request(error, Settings(app_id="shop", security=USER), "Write")
    assert refused is not None
    assert not refused.final
    assert told in str(refused)
    assert refused_request(KafkaConnectionError(), Settings(), "Write") is None
