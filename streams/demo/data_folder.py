"""The demo's data folder: marked as lifestage's, used by one run at a time, with a record of the previous run."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

import msgspec

from streams.embedded.child_process import ServerError
from streams.embedded.file_lock import lock_file

_RUN_FILE = "lifestage-demo.json"
_LOCK = "demo.lock"
ENVIRONMENT = "environment"
_OWN_NAMES = ("kafka", "redis", "worker", "worker.log", ENVIRONMENT)


class RunRecord(msgspec.Struct):
    """One run, as its folder records it.

    ``broker`` and ``redis`` are the user's own servers, empty for the embedded ones. Of ``events``, ``sent`` were
    acknowledged and about ``processed`` were processed, with so many ``duplicates``. ``measured`` events took
    ``seconds`` and ``memory`` bytes. ``first`` and ``last`` are instants in ms since 1970.
    """

    source: str
    limit: int | None
    customers: int | None
    policy: str
    events: int
    first: int
    last: int
    broker: str
    redis: str
    app_id: str
    prefix: str
    started: str
    topics: list[str] = []
    state: Literal["interrupted", "complete"] = "interrupted"
    sent: int = 0
    processed: int = 0
    duplicates: int = 0
    mapping: str = ""
    measured: int = 0
    seconds: float = 0.0
    memory: int = 0

    def differs_from(self, other: "RunRecord") -> str:
        """Name what keeps one run from resuming the other, comma-separated; empty if it can."""
        mine, others = _identity(self), _identity(other)
        return ", ".join(name for name in mine if mine[name] != others[name])


def _identity(run: RunRecord) -> dict[str, object]:
    return {
        "source": (run.source, run.mapping, run.limit, run.customers),
        "events": (run.events, run.first, run.last),
        "policy": run.policy,
        "broker": run.broker,
        "Redis": run.redis,
    }


class DataFolder:
    """The folder while this process holds its lock."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def previous_run(self) -> RunRecord | None:
        """Return the previous run's record, None if there was none. Raises ``ServerError`` if it cannot be read."""
        file = self.path / _RUN_FILE
        try:
            return msgspec.json.decode(file.read_bytes(), type=RunRecord) if file.stat().st_size else None
        except msgspec.MsgspecError as error:
            raise ServerError(f"{file} cannot be read ({error}): take the folder away, or name another one") from None

    def save(self, run: RunRecord) -> None:
        """Write the record of a run atomically."""
        temporary = self.path / f"{_RUN_FILE}.new"
        temporary.write_bytes(msgspec.json.format(msgspec.json.encode(run)))
        temporary.replace(self.path / _RUN_FILE)

    def clear(self) -> None:
        """Delete what runs have written, and nothing else."""
        for name in _OWN_NAMES:
            path = self.path / name
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)
        (self.path / _RUN_FILE).write_bytes(b"")


@contextmanager
def open_data_folder(path: Path) -> Iterator[DataFolder]:
    """Lock a folder for the length of the block, made if missing.

    Raises ``ServerError`` when the folder is not lifestage's or another run holds it.
    """
    run_file = path / _RUN_FILE
    try:
        if path.exists() and not run_file.exists() and any(path.iterdir()):
            raise ServerError(
                f"{path} is not empty, and nothing in it says that it is lifestage's: name another folder with --data"
            )
        path.mkdir(parents=True, exist_ok=True)
        run_file.touch()
        lock = lock_file(
            path / _LOCK,
            f"{path} is in use by another run of lifestage. End that one, or name another folder with --data",
        )
    except OSError as error:
        raise ServerError(f"{path} cannot be used for the data: {error.strerror}") from None
    with lock:
        yield DataFolder(path)
