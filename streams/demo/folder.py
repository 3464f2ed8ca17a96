"""The demo's data folder: marked as ours, used by one run at a time, and what the run before left in it."""

import fcntl
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

import msgspec

from streams.embedded.child_process import ServerError

_MARK = "lifestage-demo.json"
_LOCK = "demo.lock"
ENVIRONMENT = "environment"
_OURS = ("kafka", "redis", "worker", "worker.log", ENVIRONMENT)


class Run(msgspec.Struct):
    """One run, as its folder remembers it.

    ``broker`` and ``redis`` are the user's own, empty for the embedded ones. ``sent`` events of ``events`` were
    acknowledged, about ``processed`` of them processed. ``measured`` events took ``seconds`` and ``memory`` bytes.
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
    measured: int = 0
    seconds: float = 0.0
    memory: int = 0

    def differs_from(self, other: "Run") -> str:
        """In what, as words, so that one cannot go on where the other stopped; empty when it can."""
        mine, others = _identity(self), _identity(other)
        return ", ".join(name for name in mine if mine[name] != others[name])


def _identity(run: Run) -> dict[str, object]:
    return {
        "source": (run.source, run.limit, run.customers),
        "events": (run.events, run.first, run.last),
        "policy": run.policy,
        "broker": run.broker,
        "Redis": run.redis,
    }


class Folder:
    """The folder while this process holds it."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def earlier(self) -> Run | None:
        """The run before, None when there was none. Raises ``ServerError`` when its mark cannot be read."""
        mark = self.path / _MARK
        try:
            return msgspec.json.decode(mark.read_bytes(), type=Run) if mark.stat().st_size else None
        except msgspec.MsgspecError as error:
            raise ServerError(f"{mark} cannot be read ({error}): take the folder away, or name another one") from None

    def remember(self, run: Run) -> None:
        """Write how far a run has come, all of it or nothing."""
        fresh = self.path / f"{_MARK}.new"
        fresh.write_bytes(msgspec.json.format(msgspec.json.encode(run)))
        fresh.replace(self.path / _MARK)

    def clear(self) -> None:
        """Take away what runs have left, and nothing else."""
        for name in _OURS:
            path = self.path / name
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)
        (self.path / _MARK).write_bytes(b"")


@contextmanager
def claimed(path: Path) -> Iterator[Folder]:
    """Hold a folder for this process; raises ``ServerError`` when it is somebody else's, or another run has it."""
    mark = path / _MARK
    try:
        if path.exists() and not mark.exists() and any(path.iterdir()):
            raise ServerError(
                f"{path} is not empty, and nothing in it says that it is lifestage's: name another folder with --data"
            )
        path.mkdir(parents=True, exist_ok=True)
        mark.touch()
        lock = (path / _LOCK).open("wb")
    except OSError as error:
        raise ServerError(f"{path} cannot be used for the data: {error.strerror}") from None
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ServerError(
                f"{path} is in use by another run of lifestage. End that one, or name another folder with --data"
            ) from None
        yield Folder(path)
