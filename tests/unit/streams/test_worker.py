"""Before a worker starts: it waits for Kafka, checks the topics, and takes a dead predecessor out of the group."""

import asyncio
import errno
import logging
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from aiokafka.errors import GroupCoordinatorNotAvailableError, KafkaConnectionError, UnknownMemberIdError

from streams import worker
from streams.partitions.silence import Silence
from streams.partitions.status import WorkerStatus
from streams.refusal import RefusedError
from streams.settings import Settings
from streams.topics import TopicsError
from streams.worker import prepare, remove_predecessor, run

SETTINGS = Settings(app_id="shop", instance="one")


class Start:
    """What a starting worker meets; ``answers`` are what the checks of the topics return or raise, in order."""

    def __init__(self) -> None:
        self.answers: list[list[str] | Exception] = []
        self.looks_back: list[int] = []
        self.pauses: list[float] = []
        self.refusals: list[RefusedError] = []
        self.removals = 0
        self.now = 0.0
        self.status = WorkerStatus()
        self.silence = Silence(SETTINGS.broker, self.status, lambda: self.now)

    async def check_rights(self, _settings: Settings) -> None:
        if self.refusals:
            raise self.refusals.pop(0)

    async def check(self, _settings: Settings, looks_back_days: int) -> list[str]:
        self.looks_back.append(looks_back_days)
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def remove_predecessor(self, _settings: Settings) -> None:
        self.removals += 1

    async def sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.now += seconds


@pytest.fixture
def start(monkeypatch: pytest.MonkeyPatch) -> Start:
    start = Start()
    monkeypatch.setattr(worker, "check", start.check)
    monkeypatch.setattr(worker, "check_rights", start.check_rights)
    monkeypatch.setattr(worker, "remove_predecessor", start.remove_predecessor)
    monkeypatch.setattr(worker, "asyncio", SimpleNamespace(sleep=start.sleep, timeout=asyncio.timeout))
    monkeypatch.setattr(worker, "time", SimpleNamespace(monotonic=lambda: start.now))
    return start


async def test_warnings_are_logged_and_the_worker_starts(start: Start, caplog: pytest.LogCaptureFixture) -> None:
    start.answers = [["kept for 7.0 days"]]
    await prepare(SETTINGS, start.silence, 90)
    assert "kept for 7.0 days" in caplog.text
    assert (start.looks_back, start.removals, start.pauses) == ([90], 1, [])


async def test_a_right_that_is_missing_is_waited_for_half_a_minute(
    start: Start, caplog: pytest.LogCaptureFixture
) -> None:
    start.answers = [[], []]
    start.refusals = [RefusedError("not allowed", final=False)]
    await prepare(SETTINGS, start.silence)
    assert start.pauses == [2.0]
    assert "not allowed; trying again for 30 s" in caplog.text
    start.refusals = [RefusedError("not allowed", final=False)] * 100
    with pytest.raises(RefusedError, match="not allowed"):
        await prepare(SETTINGS, start.silence)
    assert sum(start.pauses) == 32.0


async def test_a_wrong_password_is_not_waited_for(start: Start) -> None:
    start.refusals = [RefusedError("wrong password", final=True)]
    with pytest.raises(RefusedError, match="wrong password"):
        await prepare(SETTINGS, start.silence)
    assert start.pauses == []


async def test_without_kafka_it_waits_and_says_for_how_long_and_why(
    start: Start, caplog: pytest.LogCaptureFixture
) -> None:
    start.answers = [KafkaConnectionError("refused"), *[TimeoutError()] * 5, ConnectionResetError("gone"), []]
    await prepare(SETTINGS, start.silence)
    assert start.pauses == [2.0] * 7
    assert start.removals == 1
    *waiting, found = [record.getMessage() for record in caplog.records]
    said = ["0 s (KafkaConnectionError: refused)", "10 s (TimeoutError)"]
    assert [message.partition("after ")[2].partition(", trying")[0] for message in waiting] == said
    assert "LIFESTAGE_BROKER says where it is" in waiting[0]
    assert found == "Kafka at 127.0.0.1:9092 answers again after 14 s"
    assert start.status.silence == ""


async def test_topics_that_cannot_be_used_are_not_waited_for(start: Start) -> None:
    start.answers = [TopicsError("no such topic")]
    with pytest.raises(TopicsError, match="no such topic"):
        await prepare(SETTINGS, start.silence)
    assert (start.pauses, start.removals) == ([], 0)


class FakeGroup:
    """A consumer group of (member id, client id), and the admin client that describes it."""

    def __init__(self) -> None:
        self.members = [("m1", "shop-one"), ("m2", "shop-two"), ("m3", "shop-one"), ("m4", "shop-one-more")]
        self.left: list[str] = []
        self.leave_code = 0
        self.exists = True
        self.connected = 0

    async def find_coordinator(self, group: str) -> int:
        assert group == "shop"
        if not self.exists:
            raise GroupCoordinatorNotAvailableError
        return 7

    async def describe_consumer_groups(self, groups: list[str], coordinator: int) -> list[SimpleNamespace]:
        assert (groups, coordinator) == (["shop"], 7)
        members = [(member, client, "/127.0.0.1", b"", b"") for member, client in self.members]
        return [SimpleNamespace(groups=[(0, "shop", "Stable", "consumer", "", members)])]

    async def leave_group(self, _admin: Any, coordinator: int, group: str, member: str) -> int:
        assert (group, coordinator) == ("shop", 7)
        self.left.append(member)
        return self.leave_code


@pytest.fixture
def group(monkeypatch: pytest.MonkeyPatch) -> FakeGroup:
    group = FakeGroup()

    @asynccontextmanager
    async def administration(_settings: Settings) -> AsyncIterator[FakeGroup]:
        group.connected += 1
        yield group

    monkeypatch.setattr(worker, "administration", administration)
    monkeypatch.setattr(worker, "private", SimpleNamespace(leave_group=group.leave_group))
    return group


async def test_only_members_of_the_same_instance_are_removed(
    group: FakeGroup, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO):
        await remove_predecessor(SETTINGS)
    assert group.left == ["m1", "m3"]
    assert "took m1 out of the group: a worker named one has left it behind, or still runs" in caplog.text


async def test_a_worker_without_an_instance_removes_nobody(group: FakeGroup) -> None:
    await remove_predecessor(Settings(app_id="shop"))
    assert (group.left, group.connected) == ([], 0)


async def test_a_broker_without_groups_has_no_predecessor(group: FakeGroup) -> None:
    group.exists = False
    await remove_predecessor(SETTINGS)
    assert group.left == []


async def test_a_refused_removal_is_a_warning(group: FakeGroup, caplog: pytest.LogCaptureFixture) -> None:
    group.leave_code = UnknownMemberIdError.errno
    await remove_predecessor(SETTINGS)
    assert group.left == ["m1", "m3"], "one refusal does not keep the others"
    assert "cannot take m1 out of the group: UnknownMemberIdError" in caplog.text


class EndedError(BaseException):
    """The process would have ended here."""


class Runner:
    """What ``run`` does before it hands over to Faust, in order."""

    def __init__(self, problem: Exception | None = None) -> None:
        self.problem = problem
        self.steps: list[object] = []
        self.loop = asyncio.new_event_loop()

    async def prepare(self, _settings: Settings, _silence: Silence, looks_back_days: int) -> None:
        self.steps.append(f"prepare {looks_back_days}")
        if self.problem is not None:
            raise self.problem

    def end_process(self, reason: str) -> None:
        raise EndedError(reason)

    def worker(self, app: object, **options: object) -> "Runner":
        self.steps.append(app)
        return self

    def execute_from_commandline(self) -> None:
        raise EndedError("SIGTERM")

    def count_when_asked(self) -> None:
        self.steps.append("count when asked")


@pytest.fixture
def runner(monkeypatch: pytest.MonkeyPatch) -> Iterator[Runner]:
    runner = Runner()
    collector = SimpleNamespace(freeze=lambda: runner.steps.append("freeze"), set_threshold=lambda *_: None)
    monkeypatch.setattr(worker, "prepare", runner.prepare)
    monkeypatch.setattr(worker, "end_process", runner.end_process)
    monkeypatch.setattr(worker, "gc", collector)
    monkeypatch.setattr(worker, "begin_log", lambda *_: None)
    monkeypatch.setattr(worker, "show_stacks", lambda: None)
    monkeypatch.setattr(worker, "end_when_asked", lambda: runner.steps.append("end when asked"))
    monkeypatch.setattr(worker, "LimitedWorker", runner.worker)
    yield runner
    runner.loop.close()


class App:
    """The app, as far as it is used before Faust runs it."""

    def __init__(self, runner: Runner, problem: OSError | None = None) -> None:
        self.loop = runner.loop
        self.pages = self
        self.silence = None
        self.steps = runner.steps
        self.problem = problem

    async def open(self, host: str, port: int) -> None:
        self.steps.append(f"open {host}:{port}")
        if self.problem is not None:
            raise self.problem


def test_faust_runs_once_kafka_and_the_topics_are_ready(runner: Runner, data_folder: Path) -> None:
    app: Any = App(runner)
    with pytest.raises(EndedError, match="SIGTERM"):
        run(app, Settings(data=data_folder / "deep"), 90)
    opened = "open 127.0.0.1:6066"
    assert runner.steps == ["end when asked", opened, "prepare 90", "freeze", app, "count when asked"]
    assert (data_folder / "deep").is_dir()


def test_topics_that_cannot_be_used_end_the_process(runner: Runner, data_folder: Path) -> None:
    runner.problem = TopicsError("no such topic")
    app: Any = App(runner)
    with pytest.raises(EndedError, match="no such topic"):
        run(app, Settings(data=data_folder))
    assert runner.steps[-1] == "prepare 0"


@pytest.mark.parametrize(
    ("problem", "told"),
    [
        (
            OSError(errno.EADDRINUSE, "in use"),
            "port 6066 of 127.0.0.1 is in use .*: set LIFESTAGE_WEB_PORT",
        ),
        (OSError(errno.EADDRNOTAVAIL, "no such address"), "no such address: set LIFESTAGE_WEB_HOST"),
    ],
)
def test_an_address_that_cannot_be_listened_to_ends_the_process(
    runner: Runner, data_folder: Path, problem: OSError, told: str
) -> None:
    app: Any = App(runner, problem)
    with pytest.raises(EndedError, match=told):
        run(app, Settings(data=data_folder))
