"""`lifestage serve` tells what happened: a worker decides a simulated year, and a backtest says what is right."""

import asyncio
import json
import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from aiokafka import AIOKafkaProducer
from jsonschema import Draft202012Validator

from schemas.instant import from_text
from state.calendar import Calendar
from state.policy.sentences import sentences
from state.rules.rulebook import Rulebook
from state.timeline.history import History
from streams.backtest.backtest import BacktestResult, read_events, run
from streams.embedded.ports import HOST, free_port
from streams.policy_file import load_rules
from streams.replay.replay import replay
from streams.sources import simulated
from streams.sources.source import Source, SourceEvent
from streams.topics import topics_of
from tests.reference_model.agreement import POLICIES
from tests.support.installation import Installation, installation, settings_for
from tests.support.serving import Server, customer_path, serving
from tests.support.topics import read
from tests.support.waiting import wait_until

DAYS = 200
LATE_MS = 5 * 86_400_000
ZONE = "America/New_York"
CALENDAR = Calendar(ZONE)
EPOCH = date(1970, 1, 1)


class Served(NamedTuple):
    """A server over an installation that has decided all events, and the truth about them."""

    server: Server
    installation: Installation
    rules: Rulebook
    events: list[SourceEvent]
    values: list[bytes]
    end: int

    def get(self, path: str) -> Any:
        """Ask for a path that is answered."""
        answer = self.server.get(path)
        assert answer.status == 200, answer
        return answer.json


def truth(events: list[SourceEvent], until: int, rules: Rulebook) -> tuple[BacktestResult, dict[str, History]]:
    """Return the backtest of what happened until an instant, and the history of each customer."""
    refused: list[object] = []
    lines = [(number, event.value) for number, event in enumerate(events)]
    read = read_events(lines, events[-1].instant + 1, rules, refused.append)
    assert refused == []
    histories: dict[str, History] = {}
    return run(read, until, rules, histories.__setitem__), histories


def made_events() -> list[SourceEvent]:
    """Customers of a shop, some of whose events come late enough to correct what was published."""
    chance = random.Random(3)
    made = simulated.events(customers=50, days=DAYS, seed=11)
    late = [it._replace(instant=it.instant + LATE_MS) if chance.random() < 0.2 else it for it in made]
    return sorted(late, key=lambda it: it.instant)


@pytest.fixture(scope="module")
def served(embedded_broker: str, redis_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("history")
    policy = folder / "policy.toml"
    written = POLICIES["everything"].read_text("utf-8")
    for old, new in (('zone = "UTC"', f'zone = "{ZONE}"'), ("lateness_minutes = 60\n", "lateness_minutes = 10080\n")):
        assert old in written
        written = written.replace(old, new, 1)
    policy.write_text(written, "utf-8")
    events, rules = made_events(), load_rules(policy)
    settings = settings_for(
        embedded_broker,
        f"history{random.randrange(2**32)}-",
        redis_url=redis_url,
        embedded=True,
        clock="stream",
        policy=policy,
    )
    with installation(settings, folder) as made:
        made.start(LIFESTAGE_BATCH_RECORDS="400")
        asyncio.run(_replay_and_kill(made, Source("made", "made", events)))
        worker = made.start(LIFESTAGE_BATCH_RECORDS="400")
        asyncio.run(made.wait_until_done(events[-1].instant))
        wait_until(lambda: _is_mirrored(worker.health()), what=made.logs)
        values = asyncio.run(made.transitions())
        with serving(settings, folder / "serve.log") as server:
            wait_until(lambda: server.get("/v1/history/stages").status == 200, what=server.log.read_text)
            yield Served(server, made, rules, events, values, events[-1].instant)


async def _replay_and_kill(made: Installation, source: Source) -> None:
    """Send the events, and end the worker in the middle of them."""
    sending = asyncio.create_task(replay(source, made.settings, lambda _: None))
    await made.wait_for_progress(500)
    made.kill()
    await sending


def _is_mirrored(health: dict[str, Any] | None) -> bool:
    return health is not None and health["mirror"]["connected"] and health["mirror"]["waiting"] == 0


def end_of(text: str) -> int:
    """Return the last instant of a date."""
    return CALENDAR.start_of((date.fromisoformat(text) - EPOCH).days + 1) - 1


def test_there_were_corrections(served: Served) -> None:
    assert any(json.loads(it)["properties"]["retracted"] for it in served.values)


def test_members_by_date_are_those_of_backtests_until_each_date(served: Served) -> None:
    stages, sets = served.get("/v1/history/stages?days=260"), served.get("/v1/history/sets?days=260")
    assert len(stages["dates"]) == 260
    assert stages["dates"] == sets["dates"]
    assert from_text(stages["asOf"]) == served.end
    for place in (0, 60, 150, 258, 259):
        text = stages["dates"][place]
        result, histories = truth(served.events, min(end_of(text), served.end), served.rules)
        assert {key: counts[place] for key, counts in stages["stages"].items() if counts[place]} == result.stages, text
        customers = [it.customer for it in histories.values()]
        segments = Counter(key for it in customers for key in it.memberships)
        assert {key: counts[place] for key, counts in sets["segments"].items() if counts[place]} == segments, text
        steps = Counter(f"{ladder}:{step}" for it in customers for ladder, (step, _) in it.steps.items())
        assert {key: counts[place] for key, counts in sets["steps"].items() if counts[place]} == steps, text


def test_flows_are_the_standing_transitions_of_a_backtest(served: Served) -> None:
    first, last = served.get("/v1/history/stages?days=120")["dates"][:2][0], "2030-01-01"
    flows = served.get(f"/v1/history/flows?from={first}&to={last}")
    result, _ = truth(served.events, served.end, served.rules)
    told = [json.loads(it) for it in result.transitions]
    told = [it for it in told if from_text(it["timestamp"]) > end_of(first) - 86_400_000]
    stages = Counter(
        (it["properties"]["from"], it["properties"]["to"]) for it in told if it["event"] == "Lifecycle Stage Changed"
    )
    assert {(it["from"], it["to"]): it["count"] for it in flows["stages"]} == stages
    for event, side in (("Audience Entered", "entered"), ("Audience Exited", "exited")):
        by_key = Counter(it["properties"]["audience_key"] for it in told if it["event"] == event)
        assert {it["key"]: it[side] for it in flows["segments"] if it[side]} == by_key
    signals = Counter(it["properties"]["signal_key"] for it in told if it["event"] == "Signal Occurred")
    assert {it["key"]: it["count"] for it in flows["signals"]} == signals
    steps = Counter(
        (it["properties"]["ladder_key"], *(_step(it["properties"][side]) for side in ("from", "to")))
        for it in told
        if it["event"] == "Ladder Step Changed"
    )
    assert {(it["ladder"], it["from"], it["to"]): it["count"] for it in flows["steps"]} == steps


def _step(step: str) -> str | None:
    return None if step == "none" else step


def test_a_customers_transitions_are_the_messages_of_the_topic(served: Served) -> None:
    by_customer: dict[str, list[Any]] = {}
    for value in served.values:
        by_customer.setdefault(json.loads(value)["userId"], []).append(json.loads(value))
    for customer in [*by_customer][:15]:
        answer = served.get(f"/v1/history/customers/{customer}")
        assert (answer["userId"], answer["complete"]) == (customer, True)
        assert [it["messageId"] for it in answer["transitions"]] == [it["messageId"] for it in by_customer[customer]]
        assert answer["transitions"] == by_customer[customer]


def test_the_last_transitions_come_first(served: Served) -> None:
    settings = served.installation.settings
    records = asyncio.run(read(settings, topics_of(settings).transitions))
    newness: dict[str, int] = {}
    of_partition: dict[int, list[str]] = {}
    latest: dict[int, int] = {}
    for record in sorted(records, key=lambda it: (it.partition, it.offset)):
        message = json.loads(record.value)
        at = max(from_text(message["timestamp"]), latest.get(record.partition, 0))
        latest[record.partition] = newness[message["messageId"]] = at
        of_partition.setdefault(record.partition, []).append(message["messageId"])

    def recent() -> list[str]:
        return [it["messageId"] for it in served.get("/v1/history/recent?limit=200")["transitions"]]

    # The server may be reading still. Which of two partitions comes first at the same instant is left open.
    newest = sorted(newness.values(), reverse=True)[:200]
    wait_until(lambda: [newness[it] for it in recent()] == newest, what=served.server.log.read_text)
    told = recent()
    for own in of_partition.values():
        of_own = [it for it in told if it in own]
        assert of_own == own[::-1][: len(of_own)]


def test_the_forecast_is_what_the_customers_expect(served: Served) -> None:
    wait_until(lambda: served.server.get("/v1/history/forecast").status == 200, what=served.server.log.read_text)
    forecast = served.get("/v1/history/forecast")
    _, histories = truth(served.events, served.end, served.rules)
    today = CALENDAR.day_of(served.end)
    expected: Counter[tuple[int, str, str]] = Counter()
    for customer in (it.customer for it in histories.values()):
        if customer.expected is not None and customer.expected_at is not None:
            expected[max(today, CALENDAR.day_of(customer.expected_at)), customer.expected, customer.stage] += 1
    told = {
        ((date.fromisoformat(day["date"]) - EPOCH).days, it["change"], it["from"]): it["count"]
        for day in forecast["days"]
        for it in day["changes"]
    }
    assert told == {key: count for key, count in expected.items() if key[0] < today + 30}
    assert told
    assert forecast["customers"] == len(histories)
    assert forecast["tomorrow"] == forecast["days"][1]["changes"]


def test_the_outlook_says_what_holds_and_what_comes(served: Served) -> None:
    _, histories = truth(served.events, served.end, served.rules)
    for customer, history in [*histories.items()][:10]:
        outlook = served.get(f"/v1/history/outlook/{customer}")
        head = history.customer
        assert {it["key"] for it in outlook["segments"] if it["member"]} == {*head.memberships}
        assert {it["key"]: it["step"] for it in outlook["ladders"] if it["step"]} == {
            ladder: step for ladder, (step, _) in head.steps.items()
        }
        by_key = {it.key: it for it in served.rules.compiled.segments}
        for segment in outlook["segments"]:
            rule = by_key[segment["key"]]
            condition = rule.leave if segment["member"] else rule.enter
            assert all(it["holds"] for it in segment["conditions"]) == condition.holds(head, served.end)


def test_the_policy_is_told_in_sentences(served: Served) -> None:
    policy = served.get("/v1/policy")
    assert policy["version"] == served.rules.version
    assert [(it["about"], it["text"]) for it in policy["sentences"]] == [*sentences(served.rules.compiled)]


def test_workers_and_rejects_are_told_and_the_answers_are_as_described(served: Served) -> None:
    settings = served.installation.settings
    asyncio.run(_send(settings.broker, topics_of(settings).inputs[0], b"no json"))
    wait_until(lambda: served.get("/v1/rejects")["reasons"] != [], what=served.server.log.read_text)
    (reason,) = served.get("/v1/rejects")["reasons"]
    assert (reason["reason"], reason["count"]) == ("not_json", 1)
    (example,) = reason["examples"]
    assert example["value"].startswith("no json")
    assert len(example["value"]) == 2048
    (worker,) = served.get("/v1/workers")["workers"]
    assert worker["instance"] == "one"
    assert worker["ready"]
    assert len(worker["partitions"]) == settings.partitions
    document = served.get("/openapi.json")
    customer = json.loads(served.values[0])["userId"]
    for path in (
        "/v1/history/stages",
        "/v1/history/sets",
        "/v1/history/flows",
        "/v1/history/recent",
        "/v1/history/forecast",
        "/v1/history/customers/{customer}",
        "/v1/history/outlook/{customer}",
        "/v1/policy",
        "/v1/workers",
        "/v1/rejects",
    ):
        content = document["paths"][path]["get"]["responses"]["200"]["content"]["application/json"]
        schema = {**content["schema"], "components": document["components"]}
        Draft202012Validator(schema).validate(served.get(path.replace("{customer}", customer)))


async def _send(broker: str, topic: str, value: bytes) -> None:
    async with AIOKafkaProducer(bootstrap_servers=broker) as producer:
        await producer.send_and_wait(topic, value + b"." * 5000, b"c", timestamp_ms=from_text("2030-01-01"))


@pytest.mark.parametrize(
    ("path", "status", "told"),
    [
        ("/v1/history/stages?days=0", 400, "days: '0' cannot be used: send 1 to 400"),
        ("/v1/history/stages?day=3", 400, "no such parameter"),
        ("/v1/history/flows?from=yesterday", 400, "no date: write it like 2026-12-31"),
        ("/v1/history/flows?from=2017-01-02&to=2017-01-01", 400, "comes after"),
        ("/v1/history/recent?limit=201", 400, "send 1 to 200"),
        ("/v1/history/customers/nobody", 404, "no customer has this id"),
        ("/v1/history/outlook/nobody", 404, "no customer has this id"),
        ("/v1/policy?x=1", 400, "there are none"),
    ],
)
def test_what_cannot_be_answered_is_told_with_the_mend(served: Served, path: str, status: int, told: str) -> None:
    answer = served.server.get(path)
    assert answer.status == status
    assert told in answer.detail


def test_rejects_want_a_token_of_their_own_scope(served: Served, tmp_path: Path) -> None:
    tokens = tmp_path / "tokens"
    tokens.write_text("read 0123456789abcdef0\nadmin fedcba9876543210f\n")
    settings = served.installation.settings
    with serving(settings, tmp_path / "serve.log", LIFESTAGE_SERVE_TOKENS=str(tokens)) as server:
        assert server.get("/v1/workers", Authorization="Bearer 0123456789abcdef0").status == 200
        assert server.get("/v1/rejects", Authorization="Bearer 0123456789abcdef0").status == 403
        assert server.get("/v1/rejects", Authorization="Bearer fedcba9876543210f").status in (200, 503)


def test_without_kafka_the_past_is_not_told_and_the_rest_is(served: Served, tmp_path: Path) -> None:
    away = replace(served.installation.settings, broker=f"{HOST}:{free_port()}")
    customer = json.loads(served.values[0])["userId"]
    with serving(away, tmp_path / "serve.log") as server:
        wait_until(lambda: "Kafka" in server.get("/v1/history/stages").detail, what=server.log.read_text)
        for path in ("stages", "sets", "flows", "recent", f"customers/{customer}"):
            answer = server.get(f"/v1/history/{path}")
            assert (answer.status, answer.headers["retry-after"]) == (503, "1")
            assert "Kafka" in answer.detail
        for path in (customer_path(customer), f"/v1/history/outlook/{customer}", "/v1/workers", "/v1/policy"):
            assert server.get(path).status == 200, path
        assert server.get("/ready").status == 200


def test_a_second_server_says_the_same(served: Served, tmp_path: Path) -> None:
    paths = [f"/v1/history/{it}" for it in ("stages?days=100", "sets?days=100", "flows", "recent")]
    with serving(served.installation.settings, tmp_path / "serve.log") as other:
        for path in paths:
            wait_until(partial(_answers, other, path), what=other.log.read_text)
            assert other.get(path).json == served.get(path)


def _answers(server: Server, path: str) -> bool:
    return server.get(path).status == 200
