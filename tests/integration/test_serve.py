"""`lifestage serve`: customers over HTTP, from a real Redis, as they are at the moment of asking."""

import asyncio
import json
import signal
import socket
import subprocess
import time
import urllib.parse
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, cast

import pytest
from aiokafka import AIOKafkaProducer
from jsonschema import Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator
from redis.asyncio import Redis

from agents.batch import Batch, Position, Record
from agents.mirror import Mirror
from agents.tracker import Tracker
from schemas.envelope import decode
from schemas.events import AnyFact, Browsed, OrderCompleted
from schemas.instant import to_text
from state.timeline.history import decide_history
from streams.backtest.backtest import profile_of
from streams.embedded.ports import HOST, free_port
from streams.policy_file import load_rules
from streams.settings import Settings
from streams.sinks.redis import Keys, RedisSink, version_text
from streams.topics import create, topics_of
from tests.support.installation import settings_for
from tests.support.mirror import working
from tests.support.serving import Server, customer_path, serving, store
from tests.support.waiting import PATIENCE, until, wait_until
from tests.support.workers import LIFESTAGE, Worker, environment

DAY = 86_400_000
NOW = time.time_ns() // 1_000_000
SEEN = NOW - 3_600_000
RULES = load_rules(None)
ODD_IDS = ("a/b", "a b", "..", "%2e%2e", "ä?ö#ü&", "c:1\n2", "batch/x", "*")


def order(number: int, days_ago: int, total: int = 20_000) -> AnyFact:
    return OrderCompleted(NOW - days_ago * DAY - 7_200_000, f"m{number}", f"o{number}", total, 1, ())


def history(number: int) -> list[AnyFact]:
    """A customer's events: one who buys, one who is nearly at risk, one who only looks."""
    if number % 3 == 0:
        return [order(it, days) for it, days in enumerate((200, 170, 140, 100, 60, 30, 5))]
    if number % 3 == 1:
        return [order(1, 59)]
    return [Browsed(NOW - 3 * DAY + it, f"v{it}", "Product Viewed") for it in range(3)]


HISTORIES = {**{f"c{it}": history(it) for it in range(30)}, **{it: history(0) for it in ODD_IDS}}


@pytest.fixture(scope="module")
def served(redis_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Settings, Server]]:
    settings = Settings(redis_url=redis_url, app_id=f"serve-{time.time_ns()}")
    asyncio.run(store(settings, RULES, HISTORIES, SEEN))
    with serving(settings, tmp_path_factory.mktemp("serve") / "serve.log") as server:
        yield settings, server


@pytest.fixture
def server(served: tuple[Settings, Server]) -> Server:
    return served[1]


def backtest(customer: str, at: int) -> bytes:
    truth = decide_history(HISTORIES[customer], at, RULES, customer)
    assert truth is not None
    return profile_of(customer, truth, at, RULES)


@pytest.mark.parametrize("days", [0, 1, 2, 30, 200, 399])
@pytest.mark.parametrize("customer", ["c0", "c1", "c2"])
def test_a_customer_at_an_instant_is_that_of_a_backtest(server: Server, customer: str, days: int) -> None:
    at = NOW + days * DAY
    answer = server.get(f"{customer_path(customer)}?at={urllib.parse.quote(to_text(at))}")
    assert answer.status == 200
    assert answer.json == json.loads(backtest(customer, at))


def test_who_is_asked_for_now_has_changed_since_the_worker_wrote(redis_url: str, tmp_path: Path) -> None:
    # The last order lies so far back that the customer is at risk since a second ago, and the worker has not run since.
    rules = load_rules(None)
    bought = time.time_ns() // 1_000_000 - 60 * DAY - 1000
    settings = Settings(redis_url=redis_url, app_id=f"serve-{time.time_ns()}")
    facts: list[AnyFact] = [OrderCompleted(bought, "m", "o", 1000, 1, ())]
    asyncio.run(store(settings, rules, {"c": facts}, bought + DAY))
    with serving(settings, tmp_path / "serve.log") as server:
        told = server.get(customer_path("c")).json
        assert told["stage"] == "at_risk"
        assert told["since"] == to_text(bought + 60 * DAY)
        assert told["windows"]["orders_30d"] == 0


@pytest.mark.parametrize("customer", ODD_IDS)
def test_any_id_is_found_and_nothing_else(server: Server, customer: str) -> None:
    if customer == "..":  # clients take such a part out of a path: a batch asks for it
        found = server.post("/v1/customers/batch", {"customers": [customer]}).json["customers"][customer]
    else:
        answer = server.get(customer_path(customer))
        assert answer.status == 200, answer
        found = answer.json
    assert found["userId"] == customer


def test_each_value_is_that_of_the_profile(server: Server) -> None:
    at = to_text(NOW + DAY)
    whole = server.get(f"{customer_path('c0')}?at={at}").json
    told = {**whole["figures"], **whole["windows"], **whole["measures"]}
    few = server.post("/v1/customers/batch", {"customers": ["c0"], "at": at, "features": [*told]}).json
    assert few["customers"]["c0"]["features"] == told


def test_a_few_values_are_those_of_the_profile(server: Server) -> None:
    at = to_text(NOW + DAY)
    whole = server.get(f"{customer_path('c0')}?at={at}").json
    few = server.get(f"{customer_path('c0')}?at={at}&features=orders_90d,days_since_order,stage").json
    assert few["features"] == {
        "orders_90d": whole["windows"]["orders_90d"],
        "days_since_order": whole["figures"]["days_since_order"],
        "stage": whole["stage"],
    }
    assert (few["stage"], few["asOf"]) == (whole["stage"], whole["asOf"])
    assert few["segments"] == sorted(whole["segments"])


def test_many_at_once_are_each_as_alone(server: Server) -> None:
    at = to_text(NOW + DAY)
    asked = [*HISTORIES, "nobody"]
    answer = server.post("/v1/customers/batch", {"customers": asked, "at": at}).json["customers"]
    assert [*answer] == asked
    assert answer.pop("nobody") is None
    for customer, found in answer.items():
        assert found == json.loads(backtest(customer, NOW + DAY))


def test_a_tag_holds_until_something_else_is_told(server: Server) -> None:
    path = f"{customer_path('c0')}?features=orders_90d"
    first = server.get(path)
    assert server.get(path, If_None_Match=first.headers["etag"]).status == 304
    other = server.get(f"{path}&at={to_text(NOW + 90 * DAY)}", If_None_Match=first.headers["etag"])
    assert other.status == 200
    assert other.json["features"]["orders_90d"] == 0


def test_the_members_of_a_stage_come_in_pages(server: Server) -> None:
    stages = {it["stage"]: it["count"] for it in server.get("/v1/stages").json["stages"]}
    assert sum(stages.values()) == len(HISTORIES)
    members: set[str] = set()
    cursor = "0"
    while cursor is not None:
        page = server.get(f"/v1/stages/new/members?limit=2&cursor={cursor}").json
        assert page["count"] == stages["new"]
        members.update(page["members"])
        cursor = page["cursor"]
    assert members == {f"c{it}" for it in range(30) if it % 3 == 1}


def test_segments_and_steps_have_members(server: Server) -> None:
    segments = {it["key"]: it["count"] for it in server.get("/v1/segments").json["segments"]}
    for key, count in segments.items():
        assert server.get(f"/v1/segments/{key}/members").json["count"] == count
    on_step = server.get("/v1/ladders/tier/steps/long_tail/members?limit=1000").json
    assert on_step["count"] == len(on_step["members"])


@pytest.mark.parametrize(
    ("path", "status", "told"),
    [
        ("/v1/customers/nobody", 404, "no customer has this id"),
        (f"/v1/customers/{'x' * 2000}", 400, "ids have 1 to"),
        ("/v1/customers/c0?features=orders_91d", 400, "no feature 'orders_91d': the nearest is 'orders_90d'"),
        ("/v1/customers/c0?features=", 400, "features: there are 0"),
        ("/v1/customers/c0?at=tomorrow", 400, "at: 'tomorrow' is no instant: write it like"),
        ("/v1/customers/c0?at=2026-01-01T00:00:00", 400, "names no time zone"),
        ("/v1/customers/c0?at=2000-01-01", 400, "cannot be told of 'c0': name an instant from 20"),
        ("/v1/customers/c0?at=2190-01-01", 400, "when they were decided last, to 20"),
        ("/v1/customers/c0?at=9999-12-31T23:59:59-23:59", 400, "outside the years 1970 to 2199"),
        ("/v1/customers/c0?at=0001-01-01T00:00:00%2B23:59", 400, "outside the years 1970 to 2199"),
        ("/v1/customers/c0?at=2030-01-01T00:00:00+01:00", 400, "write + as %2B in a query"),
        ("/v1/customers/c0?fields=x", 400, "fields: there is no such parameter"),
        ("/v1/customers/c0?at=2190-01-01&at=2190-01-02", 400, "more than once"),
        ("/v1/segments/windw_shoppers/members", 404, "the nearest is 'window_shoppers'"),
        ("/v1/segments/nothing-like-it/members", 404, "the policy has no segment"),
        ("/v1/ladders/tier/steps/cor/members", 404, "the nearest is 'core'"),
        ("/v1/stages/new/members?cursor=-1", 400, "cursor: '-1' cannot be used"),
        ("/v1/stages/new/members?cursor=99999999999999999999999", 400, "cannot be used"),
        ("/v1/stages/new/members?limit=1001", 400, "send 1 to 1000"),
        ("/v1/nothing", 404, "there is nothing at this path"),
        ("/v1/customers/batch", 404, "no customer has this id"),
    ],
)
def test_what_cannot_be_answered_is_told_with_the_mend(server: Server, path: str, status: int, told: str) -> None:
    answer = server.get(path)
    assert answer.status == status
    assert told in answer.detail


@pytest.mark.parametrize(
    ("body", "status", "told"),
    [
        (b"", 400, "body:"),
        (b"[" * 100_000, 400, "body:"),
        (b'{"customers": "c0"}', 400, "Expected `array`"),
        (b'{"customers": ["c0"], "attributes": []}', 400, "attributes"),
        ({"customers": []}, 400, "there are 0: send 1 to 500"),
        ({"customers": ["c"] * 501}, 400, "there are 501"),
        ({"customers": [""]}, 400, "the id has 0 letters"),
        ({"customers": ["c0"], "features": ["odrers"]}, 400, "the nearest is 'orders'"),
        (b" " * 300_000, 413, "it is larger than"),
    ],
)
def test_a_body_that_cannot_be_used_is_refused(server: Server, body: object, status: int, told: str) -> None:
    answer = server.post("/v1/customers/batch", body)
    assert answer.status == status
    assert told in answer.detail


def test_customers_of_another_policy_are_not_told(served: tuple[Settings, Server], tmp_path: Path) -> None:
    other = tmp_path / "other.toml"
    other.write_text(Path("policies/club.toml").read_text("utf-8"), "utf-8")
    with serving(replace(served[0], policy=other), tmp_path / "serve.log") as server:
        answer = server.get(customer_path("c0"))
        assert answer.status == 503
        assert "another policy" in answer.detail


def test_a_snapshot_that_cannot_be_read_is_told(redis_url: str, tmp_path: Path) -> None:
    settings = Settings(redis_url=redis_url, app_id=f"serve-{time.time_ns()}")
    asyncio.run(_spoil(settings))
    with serving(settings, tmp_path / "serve.log") as server:
        for customer in ("torn", "empty", "older", "without"):
            answer = server.get(customer_path(customer))
            assert answer.status == 503, answer
            assert "in the version of the workers" in answer.detail
        many = server.post("/v1/customers/batch", {"customers": ["torn", "whole", "nobody"]})
        assert many.status == 200
        assert many.json["customers"]["whole"]["userId"] == "whole"
        assert many.json["customers"]["nobody"] is None
        assert "in the version of the workers" in many.json["problems"]["torn"]
        assert [*many.json["customers"], *many.json["problems"]] == ["whole", "nobody", "torn"]
        assert "torn" not in server.log.read_text()


async def _spoil(settings: Settings) -> None:
    await store(settings, RULES, {"whole": history(0)}, SEEN)
    redis, keys = Redis.from_url(settings.redis_url), Keys.of(settings)
    fingerprint = RULES.fingerprint
    for customer, snapshot in (
        ("torn", b"\x05\x01" + bytes(8) + fingerprint + b"\xff\xff"),
        ("empty", b""),
        ("older", b"\x02" + bytes(40)),
    ):
        row: dict[str | bytes, str | bytes] = {"stage": "new", "snapshot": snapshot, "version": version_text((0, 0))}
        await redis.hset(keys.customer(customer), mapping=cast(Any, row))
    await redis.hset(keys.customer("without"), mapping={"stage": "new", "version": version_text((0, 0))})
    await redis.aclose()


def test_without_redis_it_says_so_and_goes_on_when_redis_is_back(tmp_path: Path) -> None:
    settings = Settings(redis_url=f"redis://{HOST}:{free_port()}/0")
    with serving(settings, tmp_path / "serve.log") as server:
        for path in ("/v1/customers/c0", "/v1/stages", "/v1/segments/unhappy/members", "/ready"):
            answer = server.get(path)
            assert answer.status == 503
            assert "Redis" in answer.detail
            assert answer.headers["retry-after"] == "1"
        assert server.log.read_text().count("Redis does not answer: ConnectionError") == 1


def test_a_prefix_under_which_nobody_wrote_is_not_ready(redis_url: str, tmp_path: Path) -> None:
    with serving(Settings(redis_url=redis_url, app_id="nobody"), tmp_path / "serve.log") as server:
        answer = server.get("/ready")
        assert answer.status == 503
        assert "under 'nobody:'" in answer.detail


def test_tokens(served: tuple[Settings, Server], tmp_path: Path) -> None:
    file = tmp_path / "tokens"
    file.write_text("# the shop\nread 0123456789abcdef0\nread fedcba9876543210f  # the one to come\n")
    with serving(served[0], tmp_path / "serve.log", LIFESTAGE_SERVE_TOKENS=str(file)) as server:
        assert server.get("/live").status == 200
        wrong = ("Bearer wrong", "Basic 0123456789abcdef0", "Bearer \xff\xfe", "Bearer", "")
        for headers in ({}, *({"Authorization": it} for it in wrong)):
            answer = server.get(customer_path("c0"), **headers)
            assert answer.status == 401
            assert answer.headers["www-authenticate"] == "Bearer"
        for token in ("0123456789abcdef0", "fedcba9876543210f"):
            assert server.get(customer_path("c0"), Authorization=f"Bearer {token}").status == 200


@pytest.mark.parametrize(
    ("variables", "tokens", "told"),
    [
        ({"LIFESTAGE_SERVE_HOST": "0.0.0.0"}, None, "set LIFESTAGE_SERVE_TOKENS to a file"),
        ({}, "", "has no token"),
        ({}, "read short", "line 1: the token is too short"),
        ({}, "\nmagic 0123456789abcdef0", "line 2: write a scope (read, stream, write, admin)"),
        ({"LIFESTAGE_SERVE_TOKENS": "/nowhere/tokens"}, None, "set it to a file that exists"),
        ({"LIFESTAGE_SERVE_PORT": "0"}, None, "a port, 1 to 65535"),
        ({"LIFESTAGE_POLICY": "/nowhere.toml"}, None, "cannot be read"),
        (
            {"LIFESTAGE_REDIS_URL": "", "LIFESTAGE_SUBJECT": "account"},
            None,
            "set it to the Redis that the workers write",
        ),
        ({"LIFESTAGE_SERVE_ORIGINS": "shop.example"}, None, "set it to https://shop.example"),
        ({"LIFESTAGE_SERVE_ORIGINS": "https://shop.example"}, None, "set LIFESTAGE_SERVE_TOKENS"),
        ({"LIFESTAGE_SERVE_HOST": "192.0.2.1"}, "read 0123456789abcdef0", "cannot be listened to"),
    ],
)
def test_a_setting_that_cannot_be_used_is_told_and_ends_it(
    tmp_path: Path, variables: dict[str, str], tokens: str | None, told: str
) -> None:
    if tokens is not None:
        (tmp_path / "tokens").write_text(tokens)
        variables = {**variables, "LIFESTAGE_SERVE_TOKENS": str(tmp_path / "tokens")}
    ended = subprocess.run(
        (*LIFESTAGE, "serve"),
        env=environment(Settings(), **variables),
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert ended.returncode == 2, ended.stderr
    assert told in ended.stderr
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_ends_when_asked(served: tuple[Settings, Server], tmp_path: Path, number: int) -> None:
    with serving(served[0], tmp_path / "serve.log") as server:
        server.process.send_signal(number)
        wait_until(lambda: server.process.poll() is not None, what=server.log.read_text)
        assert server.process.returncode == 0
        assert "Traceback" not in server.log.read_text()


def test_the_document_is_openapi_and_the_answers_are_as_it_says(server: Server) -> None:
    document = server.get("/openapi.json").json
    OpenAPIV31SpecValidator(document).validate()
    batch = {"customers": ["c0", "nobody"], "features": ["orders"]}
    answers = {
        ("/v1/customers/{customer}", "get"): server.get("/v1/customers/c0"),
        ("/v1/customers/batch", "post"): server.post("/v1/customers/batch", batch),
        ("/v1/stages", "get"): server.get("/v1/stages"),
        ("/v1/stages/{stage}/members", "get"): server.get("/v1/stages/new/members?limit=1"),
        ("/v1/segments", "get"): server.get("/v1/segments"),
        ("/v1/segments/{segment}/members", "get"): server.get("/v1/segments/unhappy/members"),
        ("/v1/ladders/{ladder}/steps/{step}/members", "get"): server.get("/v1/ladders/tier/steps/core/members"),
    }
    described = {(path, method) for path, methods in document["paths"].items() for method in methods}
    assert described >= {*answers}
    for (path, method), answer in answers.items():
        content = document["paths"][path][method]["responses"][str(answer.status)]["content"]
        schema = {**content["application/json"]["schema"], "components": document["components"]}
        Draft202012Validator(schema).validate(answer.json)


def test_a_body_that_is_not_in_its_encoding_is_refused(server: Server) -> None:
    answer = server.post("/v1/customers/batch", b"no gzip", Content_Encoding="gzip")
    assert answer.status == 400
    assert answer.detail.startswith("body: ")


def test_what_the_server_cannot_read_is_not_in_its_log(server: Server) -> None:
    host, _, port = server.address.removeprefix("http://").partition(":")
    for request in (
        b"GET /v1/customers/jos\xe9@private.example HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /live HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer private\x00\r\n\r\n",
    ):
        with socket.create_connection((host, int(port)), timeout=PATIENCE) as connection:
            connection.sendall(request)
            assert connection.recv(100)
    assert "private" not in server.log.read_text()


def test_tags_are_compared_as_a_list_and_weakly(server: Server) -> None:
    path = f"{customer_path('c0')}?features=orders_90d"
    tag = server.get(path).headers["etag"]
    for known in (f'"x", {tag}', tag.removeprefix("W/"), "*"):
        assert server.get(path, If_None_Match=known).status == 304
    assert server.get(path, If_None_Match='"x"').status == 200


def test_another_method_is_refused_with_those_that_there_are(server: Server) -> None:
    answer = server.post("/v1/stages", {})
    assert answer.status == 405
    assert "GET" in answer.headers["allow"]


def test_names_with_commas_can_be_asked_for(redis_url: str, tmp_path: Path) -> None:
    policy = Path("policies/club.toml")
    rules = load_rules(policy)
    settings = Settings(redis_url=redis_url, app_id=f"serve-{time.time_ns()}", policy=policy.resolve())
    asyncio.run(store(settings, rules, {"c": history(0)}, SEEN))
    names = [it for it in rules.compiled.catalogue.features if "," in it]
    assert names
    with serving(settings, tmp_path / "serve.log") as server:
        asked = urllib.parse.quote(",".join(["orders", *names]))
        answer = server.get(f"{customer_path('c')}?features={asked}")
        assert answer.status == 200, answer
        assert [*answer.json["features"]] == ["orders", *names]


async def test_who_is_not_taken_over_yet_is_not_told_under_the_new_policy(redis_url: str, tmp_path: Path) -> None:
    table: dict[bytes, bytes] = {}
    tracker = Tracker(RULES, 0, table)
    value = json.dumps(
        {"type": "track", "event": "Product Viewed", "userId": "c", "messageId": "m", "timestamp": to_text(SEEN)}
    )
    tracker.apply(tracker.compute(Batch(0, 1, [Record("customer.browsing", 0, SEEN, b"c", value.encode())], SEEN)))
    policy = Path("policies/club.toml").resolve()
    new = load_rules(policy)
    settings = Settings(redis_url=redis_url, app_id=f"serve-{time.time_ns()}", policy=policy)
    mirror = Mirror(RedisSink(settings), time.monotonic)
    mirror.opened(0, Position({}, SEEN, {}), Tracker(new, 0, table))
    async with working(mirror):
        await until(partial(_is_written, mirror))
    with serving(settings, tmp_path / "serve.log") as server:
        answer = server.get(customer_path("c"))
        assert answer.status == 503
        assert "another policy" in answer.detail


async def _is_written(mirror: Mirror) -> bool:
    return mirror.status.written == 1


def test_answers_are_counted_by_route_and_status(server: Server) -> None:
    def counted() -> float:
        line = 'lifestage_serve_requests_total{route="/v1/customers/{customer}",status="404"} '
        found = [it for it in server.get("/metrics").body.decode().splitlines() if it.startswith(line)]
        return float(found[0].removeprefix(line)) if found else 0.0

    before = counted()
    assert server.get("/v1/customers/nobody").status == 404
    assert counted() == before + 1


def test_no_customer_is_in_the_log_or_the_metrics(server: Server) -> None:
    server.get(customer_path("a very private name"))
    assert "private" not in server.log.read_text()
    assert b"private" not in server.get("/metrics").body


async def test_beside_a_worker_it_tells_what_a_backtest_of_the_same_events_does(
    embedded_broker: str, redis_url: str, topic_prefix: str, tmp_path: Path
) -> None:
    settings = settings_for(embedded_broker, topic_prefix, embedded=True, redis_url=redis_url)
    await create(settings)
    now = time.time_ns() // 1_000_000
    events = {f"c{number}": [event(f"c{number}", it, now) for it in range(number, -1, -1)] for number in range(8)}
    worker = Worker.start(settings, tmp_path, "one")
    try:
        async with AIOKafkaProducer(bootstrap_servers=settings.broker) as producer:
            for customer, values in events.items():
                for value in values:
                    await producer.send_and_wait(topics_of(settings).inputs[0], value, customer.encode())
        with serving(settings, tmp_path / "serve.log") as server:
            for customer, values in events.items():
                facts = [decode(it, customer.encode(), RULES.intake).fact for it in values]
                at = now + 61 * DAY
                truth = decide_history([it for it in facts if it is not None], at, RULES, customer)
                assert truth is not None
                told = json.loads(profile_of(customer, truth, at, RULES))
                path = f"{customer_path(customer)}?at={to_text(at)}"
                wait_until(partial(_tells, server, path, told), what=worker.log.read_text)
    finally:
        worker.process.kill()
        worker.process.wait()


def event(customer: str, number: int, now: int) -> bytes:
    """An order, or a look at a product, within the hour in which events may come late."""
    ordered = number % 2 == 0
    properties = {"order_id": f"{customer}-{number}", "total": 20 + number, "currency": "USD"} if ordered else {}
    return json.dumps(
        {
            "type": "track",
            "event": "Order Completed" if ordered else "Product Viewed",
            "userId": customer,
            "messageId": f"{customer}-{number}",
            "timestamp": to_text(now - number * 300_000),
            "properties": properties,
        }
    ).encode()


def _tells(server: Server, path: str, told: object) -> bool:
    return bool(server.get(path).json == told)
