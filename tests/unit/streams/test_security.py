"""Security: what is read from the environment, and what is refused with the name and the fix."""

from pathlib import Path

import pytest

from streams.environment import SettingsError
from streams.settings import Settings
from tests.support.certificates import Authority

OAUTH = {"SECURITY_PROTOCOL": "SASL_SSL", "SASL_MECHANISM": "oauthbearer"}


def read(variables: dict[str, str]) -> Settings:
    return Settings.from_environment({f"LIFESTAGE_{name}": value for name, value in variables.items()})


@pytest.mark.parametrize(
    ("variables", "told"),
    [
        ({"SASL_MECHANISM": "GSSAPI"}, "Kerberos is not supported"),
        ({"SASL_MECHANISM": "AWS_MSK_IAM"}, "LIFESTAGE_SASL_TOKEN_COMMAND that prints its token"),
        ({"SASL_MECHANISM": "MAGIC"}, "PLAIN or SCRAM-SHA-256 or SCRAM-SHA-512 or OAUTHBEARER"),
        (OAUTH, "set one of LIFESTAGE_SASL_TOKEN_FILE and LIFESTAGE_SASL_TOKEN_COMMAND"),
        ({**OAUTH, "SASL_TOKEN_FILE": __file__, "SASL_TOKEN_COMMAND": "true"}, "set one of LIFESTAGE_SASL_TOKEN_FILE"),
        ({**OAUTH, "SASL_TOKEN_FILE": "no/such/file"}, "a file with a token that exists"),
        ({**OAUTH, "SASL_TOKEN_COMMAND": "no-such-program --all"}, "no program 'no-such-program'"),
        ({**OAUTH, "SASL_TOKEN_COMMAND": "print 'it"}, "LIFESTAGE_SASL_TOKEN_COMMAND cannot be read"),
        ({"SECURITY_PROTOCOL": "SSL", "SSL_KEYFILE": __file__}, "set LIFESTAGE_SSL_CERTFILE, too"),
        ({"SSL_CERTFILE": __file__}, "LIFESTAGE_SECURITY_PROTOCOL is PLAINTEXT, which shows no certificate"),
        ({"SECURITY_PROTOCOL": "SSL", "SSL_CERTFILE": __file__}, "cannot be used with its key"),
        ({"SECURITY_PROTOCOL": "SSL", "SSL_CAFILE": __file__}, "has no certificate to trust"),
    ],
)
def test_what_cannot_work_is_refused_with_the_fix(variables: dict[str, str], told: str) -> None:
    with pytest.raises(SettingsError, match=told):
        read(variables)


def test_a_key_is_opened_by_its_password_alone(tmp_path: Path) -> None:
    certificate, key = Authority.make(tmp_path / "ca").sign("worker", password="sesame")
    variables = {"SECURITY_PROTOCOL": "SSL", "SSL_CERTFILE": str(certificate), "SSL_KEYFILE": str(key)}
    settings = read({**variables, "SSL_KEY_PASSWORD": "sesame"})
    assert "sesame" not in repr(settings)
    for wrong in ("", "other"):
        with pytest.raises(SettingsError, match="LIFESTAGE_SSL_KEY_PASSWORD"):
            read({**variables, "SSL_KEY_PASSWORD": wrong})
