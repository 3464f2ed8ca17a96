"""`GET /v1/transitions` of a real server on a real broker: what is in the topic arrives, once, whatever happens."""

import asyncio
import json
import signal
import socket
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

import pytest
from aiokafka import AIOKafkaProducer

from schemas.instant import to_text
from streams import topics
from streams.embedded.ports import HOST, free_port
from streams.settings import Settings
from streams.topics import topics_of
from tests.support.event_stream import Sent, events_of, listening, wait_until_it_streams
from tests.support.installation import settings_for
from tests.support.kafka_records import Written, write
from tests.support.serving import Server, serving
from tests.support.told_transitions import Telling
from tests.support.waiting import PATIENCE, wait_until

BEGINNING = {"from": "beginning"}


def installed(broker: str, prefix: str, partitions: int = 3) -> Settings:
    settings = settings_for(broker, prefix, partitions=partitions, redis_url=f"redis://{HOST}:{free_port()}/0")
    asyncio.run(topics.create(replace(settings, clock="stream")))  # records of long ago are kept there
    return settings


@pytest.fixture(scope="module")
def told(
    embedded_broker: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Settings, list[Written], Server]]:
    """A server, and some transitions that are in the topic."""
    settings = installed(embedded_broker, f"push{time.time_ns()}-")
    records = Telling(settings, Random(7)).some(200)
    write(settings, records)
    with serving(settings, tmp_path_factory.mktemp("push") / "serve.log") as server:
        wait_until_it_streams(server)
        yield settings, records, server


def by_partition(records: Sequence[Written]) -> dict[int, list[bytes]]:
    found: dict[int, list[bytes]] = {}
    for _, partition, _, value, _ in records:
        assert value is not None
        found.setdefault(partition, []).append(value)
    return found


def same(sent: Sequence[Sent], records: Sequence[Written]) -> bool:
    """Tell whether these are the records, each once, and each partition in its order."""
    places = {value: partition for _, partition, _, value, _ in records}
    found: dict[int, list[bytes]] = {}
    for event in sent:
        found.setdefault(places[event.data], []).append(event.data)
    return found == by_partition(records)


def test_the_messages_of_the_topic_come_as_they_are(told: tuple[Settings, list[Written], Server]) -> None:
    _, records, server = told
    with listening(server.address, BEGINNING) as stream:
        assert stream.status == 200
        assert stream.headers["content-type"] == "text/event-stream"
        assert stream.headers["cache-control"] == "no-cache"
        assert stream.headers["x-accel-buffering"] == "no"
        sent = stream.take(len(records))
    assert same(sent, records)
    assert all(event.name == event.json["event"] for event in sent)
    assert len({event.last_id for event in sent}) == len(sent)


ASKED: list[tuple[dict[str, Any], Callable[[dict[str, Any]], bool]]] = [
    ({"customer": ["c1", "c3"]}, lambda it: it["userId"] in ("c1", "c3")),
    ({"event": "Audience Entered"}, lambda it: it["event"] == "Audience Entered"),
    ({"segment": "unhappy"}, lambda it: it["properties"].get("audience_key") == "unhappy"),
    ({"stage": "new"}, lambda it: "transition" in it["properties"] and "new" in ends(it)),
    ({"ladder": "tier"}, lambda it: it["properties"].get("ladder_key") == "tier"),
    ({"ladder": "tier", "step": "core"}, lambda it: "ladder_key" in it["properties"] and "core" in ends(it)),
    (
        {"segment": ["unhappy", "window_shoppers"], "stage": "at_risk"},
        lambda it: "audience_key" in it["properties"] or ("transition" in it["properties"] and "at_risk" in ends(it)),
    ),
    (
        {"segment": "unhappy", "event": "Audience Exited", "customer": ["c0", "c2"]},
        lambda it: (
            it["event"] == "Audience Exited"
            and it["properties"]["audience_key"] == "unhappy"
            and it["userId"] in ("c0", "c2")
        ),
    ),
]


def ends(message: dict[str, Any]) -> tuple[str, str]:
    return message["properties"]["from"], message["properties"]["to"]


@pytest.mark.parametrize(("query", "wanted"), ASKED)
def test_a_filter_takes_what_it_says(
    told: tuple[Settings, list[Written], Server], query: dict[str, Any], wanted: Callable[[dict[str, Any]], bool]
) -> None:
    _, records, server = told
    some = [it for it in records if wanted(json.loads(it[3] or b""))]
    assert some
    with listening(server.address, {**BEGINNING, **query}) as stream:
        assert same(stream.take(len(some)), some)


def test_from_an_instant_nothing_that_became_true_since_is_left_out(
    told: tuple[Settings, list[Written], Server],
) -> None:
    settings, records, server = told
    for at in sorted(it[4] for it in records)[::40]:
        left: dict[bytes | None, Written] = {}
        for partition in range(settings.partitions):
            of_it = [it for it in records if it[1] == partition]
            first = next((number for number, it in enumerate(of_it) if it[4] >= at), len(of_it))
            left |= {it[3]: it for it in of_it[first:]}
        with listening(server.address, {"from": to_text(at)}) as stream:
            assert same(stream.take(len(left)), [*left.values()])


@pytest.mark.parametrize(
    ("query", "status", "words"),
    [
        ({"segment": "unhapy"}, 400, "segment: there is no segment 'unhapy': the nearest is 'unhappy'"),
        ({"stage": "zzz"}, 400, "there are "),
        ({"event": "audience entered"}, 400, "the nearest is 'Audience Entered'"),
        ({"signal": "cart"}, 400, "there are none"),
        ({"step": "core"}, 400, "step: name its ladder"),
        ({"ladder": "tier", "step": "cor"}, 400, "the nearest is 'core'"),
        ({"segments": "unhappy"}, 400, "segments: there is no such parameter: there are customer, event"),
        ({"from": "yesterday"}, 400, "from: "),
        ({"from": "9999-12-31T23:59:59-23:59"}, 400, "outside the years"),
        ({"from": ["now", "beginning"]}, 400, "from: it is there more than once"),
        ({"segment": "unhappy", "members": ["no", "yes"]}, 400, "members: it is there more than once"),
        ({"last_event_id": "7"}, 400, "Last-Event-ID: it is no id of an event"),
        ({"last_event_id": "abcdef.1.2.3"}, 400, "of another topic"),
        ({"segment": "unhappy", "members": "maybe"}, 400, "members: there is no members 'maybe'"),
        ({"members": "yes"}, 400, "members: name one segment, one stage"),
        ({"members": "yes", "segment": "unhappy", "customer": "c1"}, 400, "and no other filter"),
        ({"members": "yes", "ladder": "tier"}, 400, "one ladder with one step"),
        ({"members": "yes", "segment": "unhappy", "from": "beginning"}, 400, "members are those of now"),
    ],
)
def test_what_cannot_be_asked_is_told(
    told: tuple[Settings, list[Written], Server], query: dict[str, Any], status: int, words: str
) -> None:
    with listening(told[2].address, query) as stream:
        assert stream.status == status
        assert words in json.loads(stream.body())["detail"]


def test_an_id_beyond_the_end_is_gone(told: tuple[Settings, list[Written], Server]) -> None:
    with listening(told[2].address, BEGINNING) as stream:
        mark = stream.take(1)[0].last_id.partition(".")[0]
    for query in ({"last_event_id": f"{mark}.1.1.99999"}, {"last_event_id": f"{mark}.1.99999"}):
        with listening(told[2].address, query) as stream:
            assert stream.status == 410
            assert "beyond the end" in json.loads(stream.body())["detail"]


def test_the_header_counts_more_than_the_query(told: tuple[Settings, list[Written], Server]) -> None:
    _, records, server = told
    with listening(server.address, BEGINNING) as stream:
        sent = stream.take(50)
    with listening(server.address, {**BEGINNING, "last_event_id": "7"}, last_id=sent[-1].last_id) as stream:
        assert same(sent + stream.take(len(records) - 50), records)


@pytest.mark.parametrize("seed", range(1))
def test_cut_off_anywhere_and_resumed_at_any_server_it_is_the_topic(
    embedded_broker: str, topic_prefix: str, tmp_path: Path, seed: int
) -> None:
    random = Random(seed)
    settings = installed(embedded_broker, topic_prefix, partitions=random.choice((1, 3, 5)))
    telling = Telling(settings, random, customers=7)
    # More than the ring of a megabyte has, so that the first who resume read the topic themselves.
    records = telling.some(1500)
    write(settings, records, aborted=telling.some(30))
    query, wanted = random.choice([({}, lambda _: True), *ASKED])
    small = {"LIFESTAGE_SERVE_RECENT_MEGABYTES": "1"}
    sent: list[Sent] = []
    last_id = ""
    with serving(settings, tmp_path / "one.log", **small) as one, serving(settings, tmp_path / "two.log") as two:
        for server in (one, two):
            wait_until_it_streams(server)
        killed = False
        while True:
            some = [it for it in records if wanted(json.loads(it[3] or b""))]
            if len(sent) == len(some):
                break
            server = two if killed else random.choice((one, two))
            with listening(server.address, {**BEGINNING, **query}, last_id=last_id) as stream:
                assert stream.status == 200
                sent += stream.take(min(random.randrange(1, 400), len(some) - len(sent)))
                last_id = sent[-1].last_id
                if not killed and len(sent) > len(some) / 3:
                    killed = True
                    one.process.kill()
            if len(records) < 3000:
                more = telling.some(random.randrange(200))
                write(settings, more, aborted=telling.some(3))
                records += more
    assert same(sent, some)


def test_a_stream_that_begins_within_an_aborted_transaction_has_all_that_is_committed(
    embedded_broker: str, topic_prefix: str, tmp_path: Path
) -> None:
    settings = replace(installed(embedded_broker, topic_prefix, partitions=1), embedded=True)
    telling = Telling(settings, Random(3))
    # One producer, as a worker is. What follows is more than the ring has, so that a stream reads the topic itself.
    before, aborted, after = telling.some(5), telling.some(10), telling.some(1500)
    asyncio.run(_transact(settings, [(before, True), (aborted, False), (after, True)]))
    with serving(settings, tmp_path / "serve.log", LIFESTAGE_SERVE_RECENT_MEGABYTES="1") as server:
        wait_until_it_streams(server)
        with listening(server.address, BEGINNING) as stream:
            sent = stream.take(len(before) + len(after))
            assert same(sent, before + after)
        mark, _, offset = sent[len(before) - 1].last_id.partition(".")
        for within in (1, len(aborted) // 2, len(aborted)):
            with listening(server.address, last_id=f"{mark}.{int(offset) + 1 + within}") as stream:
                assert same(stream.take(len(after)), after)
        more = telling.some(5)
        asyncio.run(_transact(settings, [(telling.some(3), False), (more, True)]))
        with listening(server.address, last_id=sent[-1].last_id) as stream:
            assert same(stream.take(len(more)), more)


async def _transact(settings: Settings, transactions: Sequence[tuple[Sequence[Written], bool]]) -> None:
    async with AIOKafkaProducer(bootstrap_servers=settings.broker, transactional_id=f"{settings.app_id}-0") as producer:
        for records, is_committed in transactions:
            await producer.begin_transaction()
            for topic, partition, key, value, at in records:
                sent = await producer.send(topic, value, key, partition, at)
                if not is_committed:
                    await sent  # so that each is a batch of its own, of which a stream may begin with any
            await (producer.commit_transaction() if is_committed else producer.abort_transaction())


def test_an_id_moves_on_where_the_filter_takes_nothing(told: tuple[Settings, list[Written], Server]) -> None:
    settings, records, server = told
    # Behind the last heartbeat nothing comes twice, and nothing of what was left out by the filter either.
    with listening(server.address, {"event": "Signal Occurred", "customer": "nobody", "from": "beginning"}) as stream:
        wait_until(stream.read_on, what="a heartbeat with an id")
        last_id = stream.last_id
    fresh = Telling(settings, Random(8)).some(1)
    with listening(server.address, last_id=last_id) as stream:
        write(settings, fresh)
        records += fresh
        assert stream.take(1)[0].data == fresh[0][3]


def test_a_peer_that_does_not_read_is_dropped_and_loses_nothing(
    embedded_broker: str, topic_prefix: str, tmp_path: Path
) -> None:
    settings = installed(embedded_broker, topic_prefix)
    telling = Telling(settings, Random(1))
    with serving(settings, tmp_path / "serve.log", LIFESTAGE_SERVE_RECENT_MEGABYTES="1") as server:
        wait_until_it_streams(server)
        begun = telling.some(1)
        with listening(server.address) as brisk, slow_peer(server) as slow:
            write(settings, begun)
            assert same(brisk.take(1), begun)
            records = list(begun)
            while not dropped(server, "slow"):
                # Blanks behind a value change nothing but its size.
                more = [(*it[:3], (it[3] or b"") + b" " * 100_000, it[4]) for it in telling.some(10)]
                write(settings, more)
                assert same(brisk.take(len(more)), more)
                records += more
            # It reads at last: what was on its way, and perhaps why it was dropped.
            got = read_all(slow)
        assert same(got, [it for it in records if it[3] in {event.data for event in got}])
        assert 0 < len(got) < len(records)
        with listening(server.address, last_id=got[-1].last_id) as stream:
            assert same(got + stream.take(len(records) - len(got)), records)


def slow_peer(server: Server) -> socket.socket:
    peer = socket.socket()
    peer.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    host, _, port = server.address.removeprefix("http://").partition(":")
    peer.settimeout(PATIENCE)
    peer.connect((host, int(port)))
    peer.sendall(b"GET /v1/transitions HTTP/1.1\r\nHost: localhost\r\n\r\n")
    wait_until(lambda: metric(server, "lifestage_serve_streams") == 2, what="the stream of the slow peer")
    return peer


def read_all(peer: socket.socket) -> list[Sent]:
    """Read what still comes, until the connection ends, in order or not."""
    received = b""
    with suppress(ConnectionResetError):
        while data := peer.recv(65536):
            received += data
    return [it for it in events_of(received) if it.name != "dropped"]


def dropped(server: Server, reason: str) -> bool:
    return metric(server, f'lifestage_serve_streams_dropped_total{{reason="{reason}"}}') > 0


def metric(server: Server, name: str) -> float:
    lines = server.get("/metrics").body.decode().splitlines()
    return next((float(it.rpartition(" ")[2]) for it in lines if it.startswith(f"{name} ")), 0.0)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_server_that_ends_says_so_and_where_to_go_on(
    embedded_broker: str, topic_prefix: str, tmp_path: Path, number: int
) -> None:
    settings = installed(embedded_broker, topic_prefix)
    telling = Telling(settings, Random(2))
    records = telling.some(20)
    write(settings, records)
    with serving(settings, tmp_path / "serve.log") as server:
        wait_until_it_streams(server)
        with listening(server.address, BEGINNING) as stream, listening(server.address) as idle:
            sent = stream.take(20)
            server.process.send_signal(number)
            (last,) = stream
            assert (last.name, last.json["reason"]) == ("dropped", "shutdown")
            assert [it.json["reason"] for it in idle] == ["shutdown"]
        assert server.process.wait(PATIENCE) == 0
        assert "Traceback" not in server.log.read_text()
    fresh = telling.some(5)
    write(settings, fresh)
    with serving(settings, tmp_path / "serve.log") as server:
        wait_until_it_streams(server)
        with listening(server.address, last_id=last.json["lastEventId"]) as stream:
            assert same(sent + stream.take(5), records + fresh)


def test_there_are_not_more_streams_than_allowed(embedded_broker: str, topic_prefix: str, tmp_path: Path) -> None:
    settings = installed(embedded_broker, topic_prefix)
    with serving(settings, tmp_path / "serve.log", LIFESTAGE_SERVE_STREAMS="2") as server:
        wait_until_it_streams(server)
        with listening(server.address) as one:
            with listening(server.address), listening(server.address) as third:
                assert (one.status, third.status) == (200, 503)
                assert "LIFESTAGE_SERVE_STREAMS" in json.loads(third.body())["detail"]
                assert "retry-after" in third.headers
            wait_until(lambda: metric(server, "lifestage_serve_streams") == 1, what="the end of a stream")
            with listening(server.address) as another:
                assert another.status == 200


def test_it_wants_a_token_of_its_scope(embedded_broker: str, topic_prefix: str, tmp_path: Path) -> None:
    settings = installed(embedded_broker, topic_prefix)
    file = tmp_path / "tokens"
    file.write_text("read 0123456789abcdef0\nstream fedcba9876543210f\n")
    with serving(settings, tmp_path / "serve.log", LIFESTAGE_SERVE_TOKENS=str(file)) as server:

        def status(**headers: str) -> int:
            with listening(server.address, headers=headers) as stream:
                return stream.status

        wait_until(lambda: status(Authorization="Bearer fedcba9876543210f") == 200, what=server.log.read_text)
        assert status(Cookie="lifestage_token=fedcba9876543210f") == 200  # an EventSource sends no other header
        assert status(Authorization="Bearer 0123456789abcdef0") == 403
        assert status() == 401


def test_without_kafka_it_says_so_and_begins_when_the_topic_is_there(
    embedded_broker: str, topic_prefix: str, tmp_path: Path
) -> None:
    away = settings_for(f"{HOST}:{free_port()}", topic_prefix, redis_url=f"redis://{HOST}:{free_port()}/0")
    with serving(away, tmp_path / "away.log") as server, listening(server.address) as stream:
        assert stream.status == 503
        assert stream.headers["retry-after"]
        assert server.get("/live").status == 200
    settings = replace(away, broker=embedded_broker)
    with serving(settings, tmp_path / "serve.log") as server:
        wait_until(lambda: "lifestage topics create" in server.get("/ready").detail, what=server.log.read_text)
        asyncio.run(topics.create(replace(settings, clock="stream")))
        records = Telling(settings, Random(3)).some(10)
        write(settings, records)
        wait_until_it_streams(server)
        with listening(server.address, BEGINNING) as stream:
            assert same(stream.take(10), records)


def test_no_customer_is_in_the_log_or_the_metrics(told: tuple[Settings, list[Written], Server]) -> None:
    server = told[2]
    with listening(server.address, {"customer": "a very private name"}):
        pass
    assert "private" not in server.log.read_text()
    assert b"private" not in server.get("/metrics").body


def test_what_is_no_transition_is_sent_as_it_is(embedded_broker: str, topic_prefix: str, tmp_path: Path) -> None:
    settings = installed(embedded_broker, topic_prefix)
    topic = topics_of(settings).transitions
    values = [b"no json", b'{\n "userId":\n "c"}', b"[]", b"\xff"]
    write(settings, [(topic, 0, b"c", it, 5) for it in values])
    with serving(settings, tmp_path / "serve.log") as server:
        wait_until_it_streams(server)
        with listening(server.address, BEGINNING) as stream:
            assert [it.data for it in stream.take(4)] == values
