"""The data folder and the previous run in it: what is resumed, what is deleted, and what is never touched."""

import io
from pathlib import Path
from typing import Any

import msgspec
import pytest
from rich.console import Console

from streams.demo import previous_run
from streams.demo.data_folder import DataFolder, RunRecord, open_data_folder
from streams.demo.previous_run import ResumeChoice, discard_previous_run, resumable_run
from streams.embedded.child_process import ServerError
from streams.settings import Settings

RUN = RunRecord(
    source="simulated",
    limit=None,
    customers=None,
    policy="retail@1",
    events=1000,
    first=1,
    last=2,
    broker="",
    redis="",
    app_id="lifestage",
    prefix="",
    started="2026-01-01 00:00 UTC",
)
FRESH, CONTINUE, ASK = ResumeChoice.FRESH, ResumeChoice.CONTINUE, ResumeChoice.ASK


def run(**changes: Any) -> RunRecord:
    return msgspec.structs.replace(RUN, **changes)


@pytest.fixture
def folder(data_folder: Path) -> Any:
    with open_data_folder(data_folder) as folder:
        yield folder


@pytest.fixture
def console() -> Console:
    return Console(file=io.StringIO(), width=1000)  # a long path of a folder must not wrap the line


def printed(console: Console) -> str:
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_a_run_is_read_back_as_it_was_saved(folder: DataFolder) -> None:
    assert folder.previous_run() is None
    saved = run(topics=["t"], sent=5, seconds=0.5, state="complete")
    folder.save(saved)
    assert folder.previous_run() == saved
    assert sorted(path.name for path in folder.path.iterdir()) == ["demo.lock", "lifestage-demo.json"]


def test_a_folder_that_holds_something_else_is_refused(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("mine")
    with pytest.raises(ServerError, match="is not empty"), open_data_folder(tmp_path):
        pass
    with pytest.raises(ServerError, match="cannot be used"), open_data_folder(tmp_path / "thesis.txt" / "data"):
        pass


def test_a_folder_serves_one_run_at_a_time(folder: DataFolder) -> None:
    with pytest.raises(ServerError, match="in use by another run"), open_data_folder(folder.path):
        pass


def test_a_record_that_cannot_be_read_is_an_error_with_a_way_out(folder: DataFolder) -> None:
    (folder.path / "lifestage-demo.json").write_text('{"source": 5}')
    with pytest.raises(ServerError, match="take the folder away"):
        folder.previous_run()


def test_only_what_runs_have_written_is_deleted(folder: DataFolder) -> None:
    (folder.path / "kafka" / "deep").mkdir(parents=True)
    (folder.path / "worker.log").write_text("log")
    (folder.path / "notes.txt").write_text("mine")
    folder.save(RUN)
    folder.clear()
    assert folder.previous_run() is None
    assert sorted(path.name for path in folder.path.iterdir()) == ["demo.lock", "lifestage-demo.json", "notes.txt"]


@pytest.mark.parametrize(
    ("other", "difference"),
    [
        (run(), ""),
        (run(app_id="another", started="later", sent=3, state="complete"), ""),
        (run(limit=5), "source"),
        (run(last=3), "events"),
        (run(policy="retail@2", broker="mine:9092"), "policy, broker"),
        (run(redis="redis://mine"), "Redis"),
    ],
)
def test_a_run_can_be_resumed_by_one_of_the_same_events_rules_and_servers(other: RunRecord, difference: str) -> None:
    assert RUN.differs_from(other) == difference


@pytest.mark.parametrize(
    ("previous", "choice", "resumed", "text"),
    [
        (None, ASK, False, ""),
        (None, CONTINUE, False, "a first run"),
        (run(), FRESH, False, "starting over, as asked"),
        (run(sent=70, processed=60), ASK, True, "interrupted with 70 events sent and about 60 processed"),
        (run(), CONTINUE, True, "going on with it: nothing is sent twice"),
        (run(state="complete"), ASK, False, "starting over, as it was complete"),
        (run(state="complete"), CONTINUE, True, "going on with it"),
        (run(events=5), ASK, False, "starting over: it had another events"),
    ],
)
def test_what_becomes_of_a_previous_run(
    folder: DataFolder, console: Console, previous: RunRecord | None, choice: ResumeChoice, resumed: bool, text: str
) -> None:
    if previous is not None:
        folder.save(previous)
    assert resumable_run(folder, RUN, choice, console) == (previous if resumed else None)
    assert text in printed(console)


def test_a_different_run_cannot_be_continued(folder: DataFolder, console: Console) -> None:
    folder.save(run(policy="retail@2"))
    with pytest.raises(ServerError, match="had another policy"):
        resumable_run(folder, RUN, CONTINUE, console)


@pytest.mark.parametrize(
    ("previous", "current", "deleted", "kept"),
    [
        (run(topics=["t"]), RUN, [], ""),
        (run(broker="mine:1", topics=["t", "u"]), run(broker="mine:1"), [["t", "u"]], ""),
        (run(broker="mine:1", topics=["t"], prefix="p."), RUN, [], "the topics p.* of the earlier run stay on mine:1"),
        (run(redis="redis://a"), run(redis="redis://a"), ["lifestage:"], ""),
        (run(redis="redis://a"), RUN, [], "the keys lifestage:* of the earlier run stay in redis://a"),
    ],
)
def test_on_the_users_own_servers_only_what_the_run_still_uses_is_deleted(
    folder: DataFolder,
    console: Console,
    monkeypatch: pytest.MonkeyPatch,
    previous: RunRecord,
    current: RunRecord,
    deleted: list[object],
    kept: str,
) -> None:
    found: list[object] = []

    async def delete_topics(_settings: Settings, topics: list[str]) -> None:
        found.append(topics)

    monkeypatch.setattr(previous_run, "_delete_topics", delete_topics)
    monkeypatch.setattr(previous_run, "delete_keys", lambda _url, keys: found.append(keys.prefix))
    folder.save(previous)
    discard_previous_run(folder, current, Settings(), console)
    assert found == deleted
    assert printed(console).strip() == kept
    assert folder.previous_run() is None
