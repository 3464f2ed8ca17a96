"""Events in over HTTP: what arrives, byte for byte, in which topic, partition and order, and what is refused."""

import asyncio
import gzip
import json
import time
import urllib.request
from base64 import b64encode
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from aiokafka import AIOKafkaProducer, ConsumerRecord
from jsonschema import Draft202012Validator

from schemas.coercion import MAX_TEXT
from schemas.envelope import decode
from schemas.instant import to_text
from schemas.reject import RejectedError
from streams.policy_file import load_rules
from streams.settings import Settings
from streams.topics import create, topics_of
from tests.support.installation import settings_for
from tests.support.serving import Answer, Server, serving
from tests.support.topics import read
from tests.support.waiting import wait_until

KEY = "write-key-of-the-shop"
READS = "read-key-of-the-crew"
SHOP = "https://shop.example"
RULES = load_rules(None)
PATHS = {
    "/v1/track": ("track", "purchases"),
    "/v1/t": ("track", "purchases"),
    "/v1/identify": ("identify", "profiles"),
    "/v1/i": ("identify", "profiles"),
    "/v1/page": ("page", "browsing"),
    "/v1/p/": ("page", "browsing"),
    "/v1/screen": ("screen", "browsing"),
    "/v1/s": ("screen", "browsing"),
    "/v1/group/": ("group", "browsing"),
    "/v1/g": ("group", "browsing"),
    "/v1/alias": ("alias", "browsing"),
    "/v1/a": ("alias", "browsing"),
}


@pytest.fixture(scope="module")
def intake(embedded_broker: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Settings, Server]]:
    folder = tmp_path_factory.mktemp("intake")
    tokens = folder / "tokens"
    tokens.write_text(f"write {KEY}\nread {READS}\n")
    settings = settings_for(embedded_broker, f"t{uuid4().hex[:8]}-", embedded=True)
    asyncio.run(create(settings))
    pages = f"{SHOP}, http://127.0.0.1:8080"
    with serving(
        settings, folder / "serve.log", LIFESTAGE_SERVE_TOKENS=str(tokens), LIFESTAGE_SERVE_ORIGINS=pages
    ) as server:
        wait_until(lambda: server.get("/ready").status == 200, what=server.log.read_text)
        yield settings, server


@pytest.fixture
def settings(intake: tuple[Settings, Server]) -> Settings:
    return intake[0]


@pytest.fixture
def server(intake: tuple[Settings, Server]) -> Server:
    return intake[1]


@pytest.fixture
def customer() -> str:
    """A customer that no other test has."""
    return f"c-{uuid4().hex}"


def basic(key: str = KEY) -> str:
    return f"Basic {b64encode(f'{key}:'.encode()).decode()}"


def send(server: Server, path: str, body: object, **headers: str) -> Answer:
    return server.post(path, body, **{"Authorization": basic(), **headers})


def batch(server: Server, *events: object, path: str = "/v1/batch", **others: object) -> Answer:
    return send(server, path, {"batch": events, **others})


def event(customer: str, **fields: object) -> dict[str, Any]:
    """A whole event, as SDKs send it."""
    at = to_text(time.time_ns() // 1_000_000)
    return {"type": "page", "userId": customer, "messageId": uuid4().hex, "timestamp": at, **fields}


def records(settings: Settings, key: str) -> list[ConsumerRecord]:
    """Everything in the input topics with this key, each partition in its order."""
    found = asyncio.run(read(settings, *topics_of(settings).own_inputs))
    return [it for it in found if it.key == key.encode()]


def values(settings: Settings, key: str) -> list[dict[str, Any]]:
    return [json.loads(it.value) for it in records(settings, key)]


def reason(record: ConsumerRecord) -> str:
    """Why lifestage rejects a record; empty if it does not."""
    try:
        decode(record.value, record.key, RULES.intake)
    except RejectedError as error:
        return error.reason
    return ""


@pytest.mark.parametrize(("path", "expected"), PATHS.items())
def test_each_path_takes_its_events_into_their_topic(
    settings: Settings, server: Server, customer: str, path: str, expected: tuple[str, str]
) -> None:
    kind, topic = expected
    sent = event(customer, event="order_completed", properties={"order_id": "o", "total": 3})
    del sent["type"]
    before = time.time_ns() // 1_000_000
    answer = send(server, path, sent)
    after = time.time_ns() // 1_000_000
    assert (answer.status, answer.json) == (200, {"success": True})
    [record] = records(settings, customer)
    assert record.topic == f"{settings.topic_prefix}customer.{topic}"
    assert json.loads(record.value) == {"type": kind, **sent} or (kind == "track" and json.loads(record.value) == sent)
    assert before <= record.timestamp <= after
    assert reason(record) == ""


def test_a_customer_is_in_the_partition_of_any_other_producer(settings: Settings, server: Server) -> None:
    customers = [f"{uuid4().hex[: 4 + it]}-ä" for it in range(12)]
    topic = topics_of(settings).transitions
    assert batch(server, *(event(it) for it in customers)).status == 200

    async def elsewhere() -> dict[str, int]:
        async with AIOKafkaProducer(bootstrap_servers=settings.broker) as producer:
            return {it: (await producer.send_and_wait(topic, b"", it.encode())).partition for it in customers}

    partitions = asyncio.run(elsewhere())
    assert {it: records(settings, it)[0].partition for it in customers} == partitions
    assert len({*partitions.values()}) > 1


def test_a_whole_event_is_passed_on_byte_for_byte(settings: Settings, server: Server, customer: str) -> None:
    one = json.dumps(event(customer, properties={"a": [1.50, {"b": None}]}), indent=1).encode()
    body = b'{"sentAt": "%s", "batch": [ %s ], "writeKey": "x"}' % (to_text(time.time_ns() // 1_000_000).encode(), one)
    assert send(server, "/v1/batch", body).status == 200
    assert [it.value for it in records(settings, customer)] == [one]


def test_events_of_a_customer_keep_their_order(settings: Settings, server: Server, customer: str) -> None:
    sent = [event(customer) for _ in range(500)]
    for first in range(0, 500, 100):
        assert batch(server, *sent[first : first + 100]).status == 200
    assert [it["messageId"] for it in values(settings, customer)] == [it["messageId"] for it in sent]


def test_an_import_is_written_in_the_time_of_its_events(settings: Settings, server: Server, customer: str) -> None:
    days = ["2020-01-03T00:00:00Z", "2020-01-01T00:00:00Z", "2199-01-01T00:00:00Z", "2020-01-02T00:00:00Z"]
    before = time.time_ns() // 1_000_000
    for path in ("/v1/import", "/v1/import/"):
        assert batch(server, *(event(customer, timestamp=it) for it in days), path=path).status == 200
    times = [it.timestamp for it in records(settings, customer)]
    assert times[:3] == times[4:7] == [1_577_836_800_000, 1_577_923_200_000, 1_578_009_600_000]
    assert before <= times[3] <= times[7]  # what is still to come arrived now


def test_who_sent_is_told_by_the_header_or_by_the_body(settings: Settings, server: Server, customer: str) -> None:
    told: list[dict[str, str]] = [{"Authorization": basic()}, {"Authorization": f"Bearer {KEY}"}, {}]
    for headers in told:
        assert server.post("/v1/page", event(customer, writeKey=KEY), **headers).status == 200
    assert server.post("/v1/batch", {"batch": [event(customer, writeKey=KEY)], "writeKey": KEY}).status == 200
    assert len(records(settings, customer)) == 4
    assert KEY not in "".join(str(it.value) for it in records(settings, customer))


@pytest.mark.parametrize(
    ("headers", "write_key"),
    [
        ({}, None),
        ({}, 5),
        ({"Authorization": "Basic !"}, KEY),
        ({"Authorization": ""}, KEY),
    ],
)
def test_who_may_not_send_is_refused(
    settings: Settings, server: Server, customer: str, headers: dict[str, str], write_key: object
) -> None:
    answer = server.post("/v1/page", event(customer, writeKey=write_key), **headers)
    assert answer.status == 401
    assert "a token of the scope write" in answer.detail
    assert records(settings, customer) == []


def test_who_may_read_may_not_send_and_who_may_send_may_not_read(
    settings: Settings, server: Server, customer: str
) -> None:
    for answer in (
        server.post("/v1/page", event(customer), Authorization=basic(READS)),
        server.post("/v1/page", event(customer, writeKey=READS)),
    ):
        assert answer.status == 403
        assert "this wants write" in answer.detail
    assert records(settings, customer) == []
    assert server.get("/metrics", Authorization=basic()).status == 403


@pytest.mark.parametrize("path", ["/v1/batch", "/v1/import"])
def test_a_clock_that_is_wrong_is_corrected(settings: Settings, server: Server, customer: str, path: str) -> None:
    now = time.time_ns() // 1_000_000
    ahead = 7_200_000
    answer = batch(
        server, event(customer, timestamp=to_text(now + ahead - 60_000)), path=path, sentAt=to_text(now + ahead)
    )
    assert answer.status == 200
    [record] = records(settings, customer)
    told = json.loads(record.value)
    assert told["originalTimestamp"] == to_text(now + ahead - 60_000)
    assert told["sentAt"] == to_text(now + ahead)
    decided = decode(record.value, record.key, RULES.intake).fact
    assert decided is not None
    assert now - 60_000 <= decided.at <= time.time_ns() // 1_000_000 - 60_000


def test_a_slow_network_is_no_wrong_clock(settings: Settings, server: Server, customer: str) -> None:
    now = time.time_ns() // 1_000_000
    sent = event(customer, timestamp=to_text(now - 90_000))
    for delay in (1_000, 5_000):  # the same event, sent again
        assert batch(server, sent, sentAt=to_text(now - delay)).status == 200
    assert values(settings, customer) == [sent, sent]


def test_an_event_without_a_time_happened_when_it_came(settings: Settings, server: Server, customer: str) -> None:
    before = time.time_ns() // 1_000_000
    assert send(server, "/v1/page", {"userId": customer, "timestamp": None}).status == 200
    [record] = records(settings, customer)
    fact = decode(record.value, record.key, RULES.intake).fact
    assert fact is not None
    assert before <= fact.at == record.timestamp


def test_the_same_bytes_are_the_same_event_if_they_say_when_it_happened(
    settings: Settings, server: Server, customer: str
) -> None:
    dated: dict[str, object] = {"userId": customer, "timestamp": "2026-01-01T00:00:00Z"}
    undated: list[dict[str, object]] = [{"userId": customer}, {"userId": customer, "timestamp": None, "messageId": ""}]
    assert batch(server, *[{**it, "type": "page"} for it in (dated, dated, *undated, *undated)]).status == 200
    ids = Counter(it["messageId"] for it in values(settings, customer))
    assert sorted(ids.values()) == [1, 1, 1, 1, 2]


def test_one_wrong_event_of_a_batch_does_not_lose_the_others(settings: Settings, server: Server, customer: str) -> None:
    wrong = [
        (event(customer, timestamp="yesterday"), "bad_timestamp"),
        (event(customer, messageId=[1]), "invalid"),
        (event(customer, type="track", event=7), "invalid"),
        (event(customer, type="track", event="Order Completed", properties={"total": "many"}), "invalid"),
        (event(customer, properties={"text": "x" * 300_000}), "too_large"),
    ]
    answer = batch(server, event(customer), *(it for it, _ in wrong), event(customer))
    assert answer.status == 200
    found = Counter(reason(it) for it in records(settings, customer))
    assert found == Counter(["", "", *(it for _, it in wrong)])
    told = {it["event"]: it["reason"] for it in answer.json["why"]}
    assert told == {1: "bad_timestamp", 2: "invalid", 3: "invalid", 5: "too_large"}
    assert answer.json["unusable"] == 4  # the policy finds more


def test_what_is_nobodys_is_kept_for_the_rejects(settings: Settings, server: Server) -> None:
    device = f"device-{uuid4().hex}"
    answer = batch(server, event("", anonymousId=device), {"type": "page", "anonymousId": device})
    assert answer.status == 200
    assert {it["reason"] for it in answer.json["why"]} == {"missing_user"}
    assert [reason(it) for it in records(settings, device)] == ["missing_user", "missing_user"]
    mark = uuid4().hex
    assert batch(server, 5, [mark], None, "text", {"mark": mark}, {"userId": {"mark": mark}}).json["unusable"] == 6
    found = asyncio.run(read(settings, *topics_of(settings).own_inputs))
    unknown = [it for it in found if it.key is None]
    assert sum(mark.encode() in it.value for it in unknown) == 3
    assert all(reason(it) for it in unknown)


@pytest.mark.parametrize(
    ("body", "status", "told"),
    [
        (b"", 400, "body: "),
        (b'{"batch": [{"userId": "c"}', 400, "body: "),
        (b"[]", 400, "body: it is []: send a JSON object"),
        (b"5", 400, "body: it is 5: send a JSON object"),
        (b"{}", 400, "batch: it is null: send a list of events"),
        (b'{"batch": {}}', 400, "batch: it is {}: send a list of events"),
        (b'{"batch": []}', 400, "batch: there is no event in it"),
        (b'{"batch": [' + b"[" * 100_000, 400, "body: "),
        (b'{"batch": [' + b"[" * 3000 + b"]" * 3000 + b"]}", 400, "body: it is nested too deeply"),
        (b'{"batch": [' + b"{}," * 2500 + b"{}]}", 413, "batch: there are 2501 events: send 2500 at once at most"),
        (b" " * 5_000_000, 413, "body: it is larger than 4194304 bytes: send fewer events at once"),
    ],
)
def test_a_request_that_cannot_be_taken_apart_is_refused_with_the_mend(
    server: Server, body: bytes, status: int, told: str
) -> None:
    answer = send(server, "/v1/batch", body)
    assert answer.status == status
    assert told in answer.detail
    # The SDKs in Python send again, for a quarter of an hour, what is refused without these two.
    assert answer.json["message"] == answer.detail
    assert answer.json["code"]


def test_json_as_python_writes_it_is_read(settings: Settings, server: Server, customer: str) -> None:
    body = json.dumps({"batch": [event(customer, properties={"rate": float("nan")})]}).encode()
    assert b"NaN" in body
    assert send(server, "/v1/batch", b"\xef\xbb\xbf" + body).status == 200
    assert values(settings, customer)[0]["properties"] == {"rate": "NaN"}


def test_a_packed_body_is_unpacked(settings: Settings, server: Server, customer: str) -> None:
    body = gzip.compress(json.dumps({"batch": [event(customer)]}).encode())
    assert send(server, "/v1/batch", body, Content_Encoding="gzip").status == 200
    assert len(records(settings, customer)) == 1


def test_a_body_that_is_packed_wrongly_is_refused(server: Server) -> None:
    for body in (b"no gzip", gzip.compress(b"{}" * 50_000)[:-50], gzip.compress(b"{}") + b"more"):
        assert send(server, "/v1/batch", body, Content_Encoding="gzip").status == 400


def test_a_long_id_is_told_by_the_worker(settings: Settings, server: Server) -> None:
    long = "x" * (MAX_TEXT + 1)
    assert batch(server, event(long)).status == 200
    assert [reason(it) for it in records(settings, long)] == ["invalid"]


def test_pages_of_the_shop_may_send_and_no_others(settings: Settings, server: Server, customer: str) -> None:
    asked = _preflight(server, SHOP)
    assert asked.status == 204
    assert asked.headers["access-control-allow-origin"] == SHOP
    assert "Authorization" in asked.headers["access-control-allow-headers"]
    for path, body, status in (("/v1/p", event(customer), 200), ("/v1/b", b"torn", 400)):
        answer = send(server, path, body, Origin=SHOP, Content_Type="text/plain")
        assert answer.status == status
        assert answer.headers["access-control-allow-origin"] == SHOP
    assert _preflight(server, "https://other.example").status == 403
    other = send(server, "/v1/p", event(customer), Origin="https://other.example")
    assert other.status == 403
    assert "LIFESTAGE_SERVE_ORIGINS" in other.detail
    assert "access-control-allow-origin" not in other.headers
    assert len(records(settings, customer)) == 1


def _preflight(server: Server, origin: str) -> Answer:
    headers = {"Origin": origin, "Access-Control-Request-Method": "POST"}
    return server.send(urllib.request.Request(f"{server.address}/v1/b", headers=headers, method="OPTIONS"))


def test_events_are_counted_by_type_and_outcome(server: Server, customer: str) -> None:
    def counted() -> dict[str, float]:
        lines = server.get("/metrics", Authorization=f"Bearer {READS}").body.decode().splitlines()
        pairs = (it.rpartition(" ") for it in lines if it.startswith("lifestage_intake_events_total"))
        return {name: float(number) for name, _, number in pairs}

    before = counted()
    batch(server, event(customer), event(customer, type="Identify"), {"type": "page"}, {"type": "x"}, 5)
    more = {name: number - before.get(name, 0) for name, number in counted().items()}
    assert {name: number for name, number in more.items() if number} == {
        'lifestage_intake_events_total{outcome="written",type="page"}': 1,
        'lifestage_intake_events_total{outcome="written",type="identify"}': 1,
        'lifestage_intake_events_total{outcome="missing_user",type="page"}': 1,
        'lifestage_intake_events_total{outcome="missing_user",type="other"}': 1,
        'lifestage_intake_events_total{outcome="invalid",type="other"}': 1,
    }
    assert customer not in server.log.read_text()


def test_the_answers_are_as_described(server: Server, customer: str) -> None:
    document = server.get("/openapi.json", Authorization=f"Bearer {READS}").json
    for path in ("/v1/page", "/v1/batch", "/v1/import"):
        body = event(customer) if path == "/v1/page" else {"batch": [event(customer), {"type": "page"}]}
        operation = document["paths"][path]["post"]
        told = operation["requestBody"]["content"]["application/json"]["schema"]
        Draft202012Validator({**told, "components": document["components"]}).validate(body)
        schema = operation["responses"]["200"]["content"]["application/json"]["schema"]
        answer = send(server, path, body)
        Draft202012Validator({**schema, "components": document["components"]}).validate(answer.json)


def test_nobody_is_looked_up_without_redis(server: Server) -> None:
    assert server.get("/v1/customers/c", Authorization=f"Bearer {READS}").status == 404
    assert "LIFESTAGE_REDIS_URL is empty" in server.log.read_text()


def test_without_tokens_pages_of_others_may_not_send(embedded_broker: str, topic_prefix: str, tmp_path: Path) -> None:
    settings = settings_for(embedded_broker, topic_prefix, embedded=True)
    asyncio.run(create(settings))
    with serving(settings, tmp_path / "serve.log") as server:
        wait_until(lambda: server.get("/ready").status == 200, what=server.log.read_text)
        assert server.post("/v1/page", event("c"), Origin="http://evil.example").status == 403
        assert server.post("/v1/page", event("c"), Host="evil.example").status == 421
        assert server.post("/v1/page", event("c")).status == 200
    assert len(records(settings, "c")) == 1
