"""The environment: what nobody reads is told with what was probably meant."""

from streams.environment import Environment
from streams.settings import Settings


def unknown(**variables: str) -> list[str]:
    environment = Environment({f"LIFESTAGE_{name}": it for name, it in variables.items()} | {"HOME": "/", "LIFE": "x"})
    Settings.read(environment)
    return environment.unknown()


def test_a_variable_that_no_setting_reads_is_told_with_the_nearest_that_one_reads() -> None:
    assert unknown(LOGLEVEL="DEBUG", FOO="1", BROKER="a:1", SERVE_TOKEN="f") == [
        "LIFESTAGE_FOO is no setting, and has no effect",
        "LIFESTAGE_LOGLEVEL is no setting, and has no effect: do you mean LIFESTAGE_LOG_LEVEL?",
        "LIFESTAGE_SERVE_TOKEN is no setting, and has no effect: do you mean LIFESTAGE_SERVE_TOKENS?",
    ]


def test_what_kubernetes_sets_for_a_service_is_not_told() -> None:
    address = "tcp://10.0.0.1:6080"
    assert not unknown(
        SERVICE_HOST="10.0.0.1",
        SERVICE_PORT="6080",
        SERVICE_PORT_HTTP="6080",
        PORT=address,
        PORT_6080_TCP=address,
        PORT_6080_TCP_ADDR="10.0.0.1",
        PORT_6080_TCP_PROTO="tcp",
    )
