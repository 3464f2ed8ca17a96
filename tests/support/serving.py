"""`lifestage serve` as a process of its own, customers for it in Redis, and requests to it."""

import json
import subprocess
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from agents.policies import Policies, PublishedPolicy
from agents.profile_sink import Row
from schemas.events import AnyFact
from state.rules.rulebook import Rulebook
from state.timeline.snapshot import dump
from state.timeline.timeline import apply_facts, begin
from streams.embedded.child_process import running
from streams.embedded.ports import HOST, free_port
from streams.serve.served_policies import ServedPolicies
from streams.settings import Settings
from streams.sinks.redis import RedisSink
from tests.support.crashes import look_after
from tests.support.waiting import wait_until
from tests.support.workers import LIFESTAGE, environment

_ANSWER_SECONDS = 30.0


class Answer(NamedTuple):
    """An answer: its status, its headers, and its body."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """Return the body as JSON."""
        return json.loads(self.body)

    @property
    def detail(self) -> str:
        """Return the sentence of a problem."""
        assert self.headers["content-type"].startswith("application/problem+json"), self
        return str(self.json["detail"])


class Server(NamedTuple):
    """A running server."""

    address: str
    process: "subprocess.Popen[bytes]"
    log: Path

    def get(self, path: str, **headers: str) -> Answer:
        """Ask for a path."""
        return self.send(urllib.request.Request(f"{self.address}{path}", headers=_named(headers)))

    def post(self, path: str, body: object, **headers: str) -> Answer:
        """Send a body: bytes as they are, anything else as JSON."""
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        return self.send(urllib.request.Request(f"{self.address}{path}", data, _named(headers)))

    def send(self, request: urllib.request.Request) -> Answer:
        """Send a request."""
        try:
            with urllib.request.urlopen(request, timeout=_ANSWER_SECONDS) as answer:
                return Answer(answer.status, _lower(answer.headers.items()), answer.read())
        except urllib.error.HTTPError as error:
            with error:
                return Answer(error.code, _lower(error.headers.items()), error.read())


def customer_path(customer: str) -> str:
    """Return the path of a customer."""
    return f"/v1/customers/{urllib.parse.quote(customer, safe='')}"


@contextmanager
def serving(settings: Settings, log: Path, **variables: str) -> Iterator[Server]:
    """Run a server until the block ends, on a free port if none is given; it answers when the block begins."""
    port = variables.setdefault("LIFESTAGE_SERVE_PORT", str(free_port()))
    given = environment(settings, **variables)
    with running((*LIFESTAGE, "serve"), log=log, environment=given) as process:
        look_after(process, log)
        server = Server(f"http://{HOST}:{port}", process, log)

        def answers() -> bool:
            assert process.poll() is None, log.read_text()
            try:
                return server.get("/live").status == 200
            except OSError:
                return False

        wait_until(answers, what=log.read_text)
        yield server


def served(*published: PublishedPolicy, now: Callable[[], int | None] = lambda: None) -> ServedPolicies:
    """Return these policies as those of a server that learns of no others."""

    async def nothing() -> None:
        """Find no policy more."""

    return ServedPolicies(Policies(published), None, now, nothing)


async def store(settings: Settings, rules: Rulebook, histories: dict[str, list[AnyFact]], upto: int) -> None:
    """Write customers to Redis as a worker does that has come to ``upto``."""
    sink = RedisSink(settings)
    await sink.identity()
    await sink.write([_row(customer, history, upto, rules) for customer, history in histories.items()])
    await sink.close()


def _row(customer: str, history: list[AnyFact], upto: int, rules: Rulebook) -> Row:
    timeline = begin(history[0].at, customer, rules.first_stage)
    lateness = rules.compiled.lateness_ms
    apply_facts(timeline, history, upto, upto - lateness, rules, [])
    profile = rules.profiles.profile(timeline.head, user_id=customer, seq=timeline.seq, at=upto)
    return Row(customer, (upto, len(history)), profile, dump(timeline, rules), (), timeline.head.first_event_at)


def _named(headers: dict[str, str]) -> dict[str, str]:
    return {name.replace("_", "-"): value for name, value in headers.items()}


def _lower(headers: Iterable[tuple[str, str]]) -> dict[str, str]:
    return {name.lower(): value for name, value in headers}
