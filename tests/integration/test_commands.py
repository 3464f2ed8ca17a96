"""`show`, `tail`, `rejects` and `replay` as a user calls them, against real servers."""

import asyncio
import json
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from importlib.metadata import version
from itertools import count
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from agents.profile_sink import Row
from streams.cli.commands import rejects, replay, show, tail
from streams.cli.main import main
from streams.embedded.child_process import stop
from streams.settings import Settings
from streams.sinks.redis import Keys, RedisSink, connect
from streams.topics import topics_of
from tests.support.kafka_records import AT, read, rejected, topics_made, transition, write
from tests.support.mirror import row
from tests.support.stages import STAGES
from tests.support.waiting import PATIENCE, wait_until
from tests.support.workers import environment

SECRET = "\x1b[2Jgone"


@pytest.fixture(params=["embedded", pytest.param("apache", marks=pytest.mark.apache)])
def settings(request: pytest.FixtureRequest, topic_prefix: str) -> Settings:
    return topics_made(request.getfixturevalue(f"{request.param}_broker"), topic_prefix)


def call(command: str, *arguments: str, settings: Settings, typed: str = "") -> Result:
    module = {"show": show, "rejects": rejects, "tail": tail, "replay": replay}[command]
    return CliRunner().invoke(module.command, list(arguments), env=environment(settings, COLUMNS="200"), input=typed)


class Tail:
    """`lifestage tail` as a process of its own."""

    def __init__(self, settings: Settings, log: Path, *arguments: str) -> None:
        code = "from streams.cli.commands.tail import command; command()"
        self.log = log
        with log.open("wb") as out:
            self.process = subprocess.Popen(
                [sys.executable, "-c", code, *arguments],
                env=environment(settings),
                stdout=out,
                stderr=subprocess.STDOUT,
            )

    def lines(self, count: int) -> list[str]:
        def printed() -> list[str]:
            # A line that is being written is none yet.
            return self.log.read_text().rpartition("\n")[0].splitlines()

        def enough() -> bool:
            assert self.process.poll() is None, printed()
            return len(printed()) >= count

        wait_until(enough, what=lambda: f"{printed()}, {count} lines in all")
        return printed()

    def interrupt(self) -> int:
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(PATIENCE)


@pytest.fixture
def follow(settings: Settings, tmp_path: Path) -> Iterator[Callable[..., Tail]]:
    """Start `lifestage tail` with arguments; it ends with the test."""
    with ExitStack() as stack:

        def start(*arguments: str) -> Tail:
            follower = Tail(settings, tmp_path / "tail.log", *arguments)
            stack.callback(stop, follower.process)
            return follower

        yield start


def test_tail_prints_what_was_committed_and_ends_quietly(settings: Settings, follow: Callable[..., Tail]) -> None:
    before = [transition(settings, "early", "at_risk")]
    write(settings, before, aborted=[transition(settings, "never", "at_risk")])
    follower = follow("--from-beginning")
    follower.lines(1)
    write(
        settings,
        [
            transition(settings, "c1", "churned", correction=True),
            transition(settings, f"c2{SECRET}", "at_risk", retracted=True),
            transition(settings, "c3", "VIPs", segment="vip"),
        ],
    )
    lines = follower.lines(4)
    assert follower.interrupt() == 0
    assert follower.log.read_text().splitlines() == lines
    assert lines[0] == "2017-07-14T02:40:00.000Z  early  at_risk  repeat → at_risk  days_since_order 61.0 >= 60.0"
    assert lines[1].endswith("(correction)")
    assert lines[2] == "2017-07-14T02:40:00.000Z  c2�[2Jgone  at_risk  repeat → at_risk  (retracted)"
    assert "entered VIPs" in lines[3]


def test_tail_begins_with_the_next_and_can_watch_one_customer(settings: Settings, follow: Callable[..., Tail]) -> None:
    write(settings, [transition(settings, "c1", "at_risk")])
    follower = follow("--customer", "c1", "--json")
    numbers = count(1)

    def received() -> bool:
        # Nobody can see from outside when it has begun to listen.
        write(settings, [transition(settings, "c2", "at_risk"), transition(settings, "c1", f"move{next(numbers)}")])
        return bool(follower.log.read_text())

    wait_until(received, what="a transition after the beginning")
    shown = [json.loads(line) for line in follower.lines(1)]
    assert follower.interrupt() == 0
    assert {it["userId"] for it in shown} == {"c1"}
    assert all(it["properties"]["transition"].startswith("move") for it in shown)


def test_rejects_are_listed_newest_last_and_counted(settings: Settings) -> None:
    late = [rejected(settings, "late", b'{"n":%d}' % number, AT + number, number % 2) for number in range(5)]
    bad = rejected(settings, "not_json", SECRET.encode() + b"x" * 500, AT - 10)
    write(settings, [*late, bad], aborted=[rejected(settings, "late", b"never")])
    result = call("rejects", settings=settings)
    assert result.exit_code == 0
    assert "\x1b[2J" not in result.output
    assert "never" not in result.output
    places = [line.strip() for line in result.output.splitlines() if line.startswith("    ")]
    assert places[1:] == [f'{{"n":{number}}}' for number in range(5)]
    assert places[0].endswith("… (508 bytes)")
    assert result.output.splitlines()[-3:] == ["6 rejects", "  late: 5", "  not_json: 1"]
    fewer = call("rejects", "--reason", "late", "--limit", "2", "--json", settings=settings)
    assert [json.loads(line)["timestamp"][-4:] for line in fewer.output.splitlines()] == ["003Z", "004Z"]
    assert json.loads(fewer.output.splitlines()[0]) == json.loads(late[3][3] or b"")


def test_no_rejects_end_at_once(settings: Settings) -> None:
    result = call("rejects", "--resend", settings=settings)
    assert (result.exit_code, result.output) == (0, "0 rejects\n")


def test_resend_brings_back_the_bytes(settings: Settings) -> None:
    purchases = topics_of(settings).inputs[0]
    long = b'{"long":"' + b"x" * 100_000 + b'"}'
    (offset,) = write(settings, [(purchases, 1, b"c1", long, AT)])
    write(
        settings,
        [
            rejected(settings, "unknown_currency", b'{"a":1}', AT + 1),
            rejected(settings, "from_the_future", b'{"b":2}', AT + 2),
            rejected(settings, "too_large", long, AT + 3, offset=offset),
            rejected(settings, "too_large", long + b" ", AT + 4, offset=offset),
            rejected(settings, "late", b'{"c":3}', AT + 5, topic="somebody.elses"),
        ],
    )
    refused = call("rejects", "--resend", settings=settings, typed="n\n")
    assert refused.exit_code == 0
    assert len(read(settings, purchases, 1)) == 1
    began = time.time() * 1000
    result = call("rejects", "--resend", "--yes", settings=settings)
    assert result.exit_code == 0, result.output
    assert "3 records were sent again" in result.output
    assert "1 were too long" in result.output
    assert "1 belong to topics" in result.output
    _, first, future, whole = read(settings, purchases, 1)
    assert (first.key, first.value, first.timestamp) == (b"c1", b'{"a":1}', AT + 1)
    assert future.value == b'{"b":2}'
    assert future.timestamp >= began - 1000
    assert (whole.value, whole.timestamp) == (long, AT + 3)


def test_a_topic_that_is_not_there_is_not_made(settings: Settings) -> None:
    other = replace(settings, topic_prefix=f"{settings.topic_prefix}other-")
    for command in ("tail", "rejects"):
        for _ in range(2):
            result = call(command, settings=other)
            assert result.exit_code == 2
            assert "lifestage topics create" in result.output


@pytest.mark.parametrize("command", ["tail", "rejects"])
def test_a_broker_that_is_away_is_one_clear_line(command: str) -> None:
    result = call(command, settings=Settings(broker="127.0.0.1:1"))
    assert result.exit_code == 2
    assert "127.0.0.1:1" in result.output
    assert len(result.output.splitlines()) == 1


def test_a_wrong_setting_is_one_clear_line() -> None:
    result = CliRunner().invoke(tail.command, [], env={"LIFESTAGE_BROKER": "nonsense"})
    assert result.exit_code == 2
    assert "LIFESTAGE_BROKER" in result.output


def test_every_command_has_a_help_and_the_version_is_that_of_the_package() -> None:
    overview = CliRunner().invoke(main, ["--help"]).output
    commands = [line.split()[0] for line in overview.split("Commands:\n")[1].splitlines()]
    assert "worker" in commands
    for name in commands:
        assert CliRunner().invoke(main, [name, "--help"]).output.startswith(f"Usage: main {name} ")
    assert CliRunner().invoke(main, ["--version"]).output == f"lifestage {version('lifestage')}\n"


def test_show_a_customer(redis_url: str, topic_prefix: str) -> None:
    settings = Settings(redis_url=redis_url, app_id=topic_prefix)
    asyncio.run(_mirrored(settings))
    result = call("show", "c1", settings=settings)
    assert result.exit_code == 0, result.output
    assert f"{STAGES[7 % len(STAGES)]} since 2017-01-01T00:00:00.000Z: orders 1" in result.output
    assert "next: at_risk on 2017-12-03T00:00:00.000Z" in result.output
    assert "in segment vip since" in result.output
    assert "90 days" in result.output
    assert "Łódź" in result.output
    profile = json.loads(call("show", "c1", "--json", settings=settings).output)
    assert profile["userId"] == "c1"


async def _mirrored(settings: Settings) -> None:
    await _written(settings, row("c1", (7, 0), ["vip"]), row("c2", (7, 0), gone=True))


async def _written(settings: Settings, *rows: Row) -> None:
    mirror = RedisSink(settings)
    await mirror.identity()
    await mirror.write(rows)
    await mirror.close()


def test_show_has_every_value_of_a_profile_by_the_name_that_a_policy_has_for_it(
    redis_url: str, topic_prefix: str
) -> None:
    settings = Settings(redis_url=redis_url, app_id=topic_prefix)
    shown = row("c1", (7, 0))
    assert shown.profile is not None
    calls = {'sum("Points Earned", n, 10)': 12.5, 'count("P", 3, where = n > 3)': 0, 'count("P", hours = 5)': 7}
    shown.profile.windows = {**calls, "goods_seen_7d": 4, "top_category_90d": "Books", "coupon_orders_30d": None}
    shown.profile.figures = {"days_since_order": 3, 'count("P")': 8}
    shown.profile.measures = {"share_of_a": 0.25}
    asyncio.run(_written(settings, shown))
    result = call("show", "c1", settings=settings)
    assert result.exit_code == 0, result.output
    lines = [tuple(re.split(r"  +", line.strip())) for line in result.output.splitlines()]
    assert {
        ('sum("Points Earned", n, 10)', "12.50"),
        ('count("P", 3, where = n > 3)', "0"),
        ('count("P", hours = 5)', "7"),
        ('count("P")', "8"),
        ("days_since_order", "3"),
        ("share_of_a", "0.25"),
        ("goods_seen", "4", "-", "-"),
        ("top_category", "-", "-", "Books"),
    } <= set(lines)


def test_show_says_what_is_wrong(redis_url: str, topic_prefix: str) -> None:
    settings = Settings(redis_url=redis_url, app_id=topic_prefix)
    asyncio.run(_mirrored(settings))
    for customer in ("nobody", "c2"):
        unknown = call("show", customer, settings=settings)
        assert unknown.exit_code == 1
        assert f"no customer '{customer}'" in unknown.output
    away = call("show", "c1", settings=replace(settings, redis_url="redis://:secret@127.0.0.1:1/0"))
    assert away.exit_code == 2
    assert "redis://127.0.0.1:1/0" in away.output
    assert "secret" not in away.output
    for url in ("redis://127.0.0.1:port/0", "http://127.0.0.1", ""):
        wrong = call("show", "c1", settings=replace(settings, redis_url=url))
        assert wrong.exit_code == 2, wrong.output
        assert "LIFESTAGE_REDIS_URL" in wrong.output


@pytest.mark.parametrize("lacks", ["steps", "measures", "holdout", "everything"])
def test_a_profile_of_another_version_is_told_in_one_sentence(redis_url: str, topic_prefix: str, lacks: str) -> None:
    settings = Settings(redis_url=redis_url, app_id=topic_prefix)
    asyncio.run(_mirrored(settings))
    older = json.loads(call("show", "c1", "--json", settings=settings).output)
    older = {name: it for name, it in older.items() if lacks not in (name, "everything")}
    asyncio.run(_overwritten(settings, json.dumps(older)))
    told = call("show", "c1", settings=settings)
    assert told.exit_code == 1
    assert isinstance(told.exception, SystemExit)
    assert "a worker of another version wrote it" in told.output
    assert json.loads(call("show", "c1", "--json", settings=settings).output) == older


async def _overwritten(settings: Settings, profile: str) -> None:
    redis = connect(settings.redis_url)
    await redis.hset(Keys.of(settings).customer("c1"), "profile", profile)
    await redis.aclose()


def test_a_replay_closes_with_what_can_be_read(settings: Settings, tmp_path: Path) -> None:
    event = {"event": "Order Completed", "userId": "c1", "timestamp": "2025-03-01T10:00:00Z"}
    good = {**event, "properties": {"order_id": "o1", "total": 5}}
    path = tmp_path / "events.jsonl"
    path.write_text("\n".join(map(json.dumps, [good, {**event, "event": "Order Compleet"}, event])))
    result = call("replay", str(path), settings=settings)
    assert result.exit_code == 0, result.output
    told = [" ".join(line.split()) for line in result.output.splitlines()]
    assert "3 events; the clock stands at 2025-03-01T10:00:00.000Z" in told
    assert {"events in 3", "can be read 2", "cannot be used 1"} <= set(told)
    assert "Order Compleet 1 line 2; do you mean Order Completed?" in told
    assert "all rejects: lifestage rejects, which lists what the worker rejects, late events too" in told
