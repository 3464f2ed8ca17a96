"""Kafka that asks who comes: each command with the rights of the page and no other, and what is refused is named."""

import asyncio
import json
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
from aiokafka.errors import TransactionalIdAuthorizationFailed
from click.testing import CliRunner, Result

from streams.cli.main import main
from streams.partitions.transaction import GroupTransaction
from streams.policies.follower import PolicyFollower
from streams.policy_file import load_rules
from streams.refusal import RefusedError, refused_request
from streams.security import Security
from streams.settings import Settings
from streams.topics import topics_of
from streams.worker import check_rights
from tests.support.certificates import Authority
from tests.support.installation import Installation
from tests.support.programs import require_apache_kafka
from tests.support.secured_kafka import SecuredKafka, moved, rights_in_the_page, secured_kafka, token
from tests.support.serving import serving
from tests.support.waiting import until, wait_until
from tests.support.workers import LIFESTAGE, Worker, environment

pytestmark = pytest.mark.apache

PREFIX = "rights-"
BASE = Settings(redis_url="", app_id=f"{PREFIX}app", topic_prefix=PREFIX, partitions=2, session_timeout=6.0)
USERS = {command: re.sub(r"\W+", "-", command) for command in rights_in_the_page(BASE)}
FIRST = "worker, publishing the first policy"
WORKER_RIGHTS = rights_in_the_page(BASE)["worker"]


def lacking(number: int) -> str:
    """The name of the worker that has all rights but one."""
    return f"lacking-{number}"


@pytest.fixture(scope="module")
def kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SecuredKafka]:
    require_apache_kafka()
    users = [*USERS.values(), *map(lacking, range(len(WORKER_RIGHTS))), "nobody"]
    with secured_kafka(tmp_path_factory.mktemp("secured-kafka"), users) as server:
        rights = [(USERS[command], right) for command, those in rights_in_the_page(BASE).items() for right in those]
        for number in range(len(WORKER_RIGHTS)):
            rights += [(lacking(number), right) for at, right in enumerate(WORKER_RIGHTS) if at != number]
        asyncio.run(server.allow(BASE, rights))
        yield server


def variables(kafka: SecuredKafka, user: str, **others: str) -> dict[str, str]:
    return environment(BASE, **{**kafka.variables(user), **others})


def call(given: Mapping[str, str], *arguments: str) -> Result:
    return CliRunner().invoke(main, arguments, env=dict(given))


def settings_of(kafka: SecuredKafka, user: str) -> Settings:
    security = Security("SASL_SSL", "PLAIN", user, "correct-horse", str(kafka.authority.certificate))
    return replace(BASE, broker=kafka.sasl, security=security)


def done_by(kafka: SecuredKafka, command: str, *arguments: str, **others: str) -> str:
    """Give a command as the user who may do that and nothing else; return what it prints."""
    done = call(variables(kafka, USERS[command], **others), *command.split(), *arguments)
    assert done.exit_code == 0, done.output
    return done.output


async def publish_first(kafka: SecuredKafka) -> None:
    """Publish the first policy as the worker who may; a worker who may not cannot decide before."""
    with pytest.raises(RefusedError, match="no policy is published yet, and Kafka does not allow user worker to Write"):
        await PolicyFollower(settings_of(kafka, "worker"), load_rules(None)).refresh()
    await PolicyFollower(settings_of(kafka, USERS[FIRST]), load_rules(None)).refresh()


def backtest(kafka: SecuredKafka, file: Path) -> None:
    """Decide one event by the published policies."""
    viewed = {"type": "track", "event": "Product Viewed", "userId": "a", "messageId": "v"}
    file.write_text(json.dumps({**viewed, "timestamp": "2025-01-01T00:00:00Z"}) + "\n")
    done_by(kafka, "backtest --published", str(file), "--out", "-")


def move(kafka: SecuredKafka) -> None:
    """Take the topics for those of before, and move them."""
    done_by(kafka, "topics adopt")
    new = moved(BASE)
    named = ("--partitions", str(new.partitions), "--prefix", new.topic_prefix, "--app-id", new.app_id)
    assert "moved 1 customers" in done_by(kafka, "topics repartition", *named)


async def test_each_command_needs_the_rights_of_the_page_and_no_others(kafka: SecuredKafka, tmp_path: Path) -> None:
    may = partial(done_by, kafka)

    def run() -> None:
        # Before anything is there, who may create may do so, and nobody is told to create what they may not see.
        denied = call(variables(kafka, "nobody"), "topics", "create")
        assert (denied.exit_code, "not allow user nobody to Create on topic" in denied.output) == (70, True)
        # Transitions of a replay are kept on its clock alone.
        assert may("topics create", LIFESTAGE_CLOCK="stream").count("created ") == len(topics_of(BASE).all) + 1
        may("topics check")
        assert "all topics are there" in may("topics create --start-over")
        events = tmp_path / "events.jsonl"
        may("replay", "simulated", "--customers", "5", "--limit", "60", LIFESTAGE_CLOCK="stream")
        assert not events.exists()

    await asyncio.to_thread(run)

    # Three ways in for one worker, each through both of its clients: Faust's and lifestage's own.
    tokens = tmp_path / "bearer.txt"
    tokens.write_text(token("worker"))
    certificate, key = kafka.authority.sign("worker", password="sesame")
    mutual = {
        "LIFESTAGE_BROKER": kafka.mutual,
        "LIFESTAGE_SECURITY_PROTOCOL": "SSL",
        "LIFESTAGE_SSL_CERTFILE": str(certificate),
        "LIFESTAGE_SSL_KEYFILE": str(key),
        "LIFESTAGE_SSL_KEY_PASSWORD": "sesame",
    }
    bearer = {
        "LIFESTAGE_SASL_MECHANISM": "OAUTHBEARER",
        "LIFESTAGE_SASL_TOKEN_COMMAND": f"{sys.executable} -c \"print(open('{tokens}').read())\"",
    }
    installation = Installation(BASE, tmp_path)
    # From then on workers need no right to publish.
    await publish_first(kafka)
    try:
        for name, more in (("password", {}), ("token", bearer), ("certificate", mutual)):
            given = {**kafka.variables("worker"), **more, "LIFESTAGE_CLOCK": "stream"}
            started = installation.start(name, **given)

            async def ready(started: Worker = started, first: bool = name == "password") -> bool:
                assert started.alive, started.log.read_text()[-3000:]
                return started.page("/ready")[0] == 200 and (not first or started.health()["tally"]["applied"] > 0)

            await until(ready, what=lambda: started.log.read_text()[-3000:])  # noqa: B023
            assert installation.stop(name) == 0
    finally:
        for each in [*installation.workers]:
            installation.kill(each)

    def read() -> None:
        assert "published " in may("policy publish", "policies/default.toml", LIFESTAGE_CLOCK="wall")
        assert re.search("^ ?2 ", may("policy published"), re.M)
        backtest(kafka, tmp_path / "one.jsonl")
        may("rejects")
        may("rejects --resend", "--yes")
        may("republish", "--segment", "business", LIFESTAGE_CLOCK="stream")
        may("forget", "nobody", "--no-wait")
        may("topics skip-lost", "--partition", "0")
        move(kafka)
        tail = subprocess.Popen(
            [*LIFESTAGE, "tail", "--from-beginning", "--json"], env=variables(kafka, "tail"), stdout=subprocess.PIPE
        )
        assert tail.stdout is not None
        assert b"userId" in tail.stdout.readline()
        tail.kill()
        tail.wait()
        tail.stdout.close()

        # The same server, with the rights to take events and without.
        told = {"type": "identify", "userId": "a", "messageId": "m", "traits": {"plan": "x"}}
        for user, status in (("serve", 503), ("serve-events-over-HTTP", 200)):
            with serving(BASE, tmp_path / f"{user}.log", **kafka.variables(user)) as server:
                wait_until(lambda: server.get("/ready").status == 200, what=lambda: server.get("/ready").body)
                wait_until(lambda: server.post("/v1/identify", told).status == status, what=server.log.read_text)  # noqa: B023
        assert "no events are taken: Kafka does not allow user serve to " in (tmp_path / "serve.log").read_text()

    await asyncio.to_thread(read)


async def test_each_right_that_a_worker_lacks_is_named(kafka: SecuredKafka) -> None:
    for number, right in enumerate(WORKER_RIGHTS):
        settings = settings_of(kafka, lacking(number))
        if right.resource == "transactional-id":
            refused = await _not_fenced(settings)
        else:
            with pytest.raises(RefusedError) as caught:
                await check_rights(settings)
            refused = caught.value
        assert not refused.final
        asked, _, where = str(refused).partition(f" on {right.resource}")
        # Of a topic that may not be described, Kafka tells nothing else either.
        assert re.search(rf"not allow user {lacking(number)} to .*\b{right.operation}\b", asked), right
        assert right.name in where


async def _not_fenced(settings: Settings) -> RefusedError:
    transaction = GroupTransaction(settings, 0)
    try:
        with pytest.raises(TransactionalIdAuthorizationFailed) as caught:
            await transaction.fence()
    finally:
        await transaction.discard()
    refused = refused_request(caught.value, settings, "")
    assert refused is not None
    return refused


@pytest.mark.parametrize(
    "command", [("topics", "check"), ("tail",), ("rejects",), ("replay", "simulated", "--limit", "9")]
)
def test_who_may_do_nothing_is_told_so(kafka: SecuredKafka, command: tuple[str, ...]) -> None:
    done = call(variables(kafka, "nobody"), *command)
    assert done.exit_code == 70
    assert "Kafka does not allow user nobody to " in done.output
    assert "topics create" not in done.output


def test_who_is_not_let_in_learns_why(kafka: SecuredKafka, tmp_path: Path) -> None:
    other = Authority.make(tmp_path / "other")
    foreign, foreign_key = other.sign("worker")
    mutual = {"LIFESTAGE_SECURITY_PROTOCOL": "SSL", "LIFESTAGE_BROKER": kafka.mutual}
    stale = tmp_path / "token"
    stale.write_text("no.token.")
    bearer = {"LIFESTAGE_SASL_MECHANISM": "OAUTHBEARER", "LIFESTAGE_SASL_TOKEN_FILE": str(stale)}
    cases: list[tuple[dict[str, str], str]] = [
        ({"LIFESTAGE_SASL_PASSWORD": "wrong"}, "does not accept user topics-check by PLAIN: Authentication failed"),
        ({"LIFESTAGE_SASL_MECHANISM": "SCRAM-SHA-512"}, "does not take LIFESTAGE_SASL_MECHANISM SCRAM-SHA-512"),
        ({"LIFESTAGE_SSL_CAFILE": str(other.certificate)}, "LIFESTAGE_SSL_CAFILE must have the certificate"),
        (bearer, "does not accept the token of LIFESTAGE_SASL_TOKEN_FILE"),
        (mutual, "wants a certificate of this client: set LIFESTAGE_SSL_CERTFILE"),
        (
            {**mutual, "LIFESTAGE_SSL_CERTFILE": str(foreign), "LIFESTAGE_SSL_KEYFILE": str(foreign_key)},
            "does not accept the certificate of LIFESTAGE_SSL_CERTFILE",
        ),
        ({"LIFESTAGE_SECURITY_PROTOCOL": "PLAINTEXT"}, "speaks TLS, and LIFESTAGE_SECURITY_PROTOCOL is PLAINTEXT"),
        ({"LIFESTAGE_BROKER": kafka.plain}, "does not speak TLS"),
    ]
    for given, told in cases:
        done = call(variables(kafka, "topics-check", **given), "topics", "check")
        assert (done.exit_code, told in done.output) == (70, True), done.output
        assert "LIFESTAGE_BROKER says where" not in done.output

    wrong = variables(kafka, "worker", LIFESTAGE_SASL_PASSWORD="wrong", LIFESTAGE_DATA=str(tmp_path))
    ended = subprocess.run([*LIFESTAGE, "worker"], env=wrong, capture_output=True, text=True, timeout=120, check=False)
    assert ended.returncode == 70
    assert "lifestage worker ends: Kafka at" in ended.stderr
    assert "does not accept user worker" in ended.stderr
    assert "Traceback" not in ended.stderr
    assert "trying again" not in ended.stderr
