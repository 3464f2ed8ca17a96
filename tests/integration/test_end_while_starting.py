"""A worker that is asked to end while Faust does not answer signals: it ends with exit code 0, wherever it is."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from streams.embedded.ports import HOST, free_port
from streams.settings import Settings
from tests.support.programs import ROOT
from tests.support.waiting import PATIENCE, wait_until
from tests.support.workers import Worker

BOTH = pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
# A worker that has found Kafka, with another Faust: it is asked before Faust answers signals, or after its loop has
# taken its handlers with it.
PROGRAM = """
import asyncio, atexit, os, signal, sys, time
from types import SimpleNamespace
from streams import worker
from streams.end_limit import EndLimit
from streams.faust_driver.worker import LimitedWorker
from streams.settings import Settings

def ask():
    os.kill(os.getpid(), signal.{number})
    time.sleep(0)  # whoever answers does it here

async def found(*_):
    pass

class Faust(LimitedWorker):
    def __init__(self, *_, **__):
        self._limit = EndLimit(lambda: "nothing")

    def execute_from_commandline(self):
        if {before}:
            ask()
        loop = asyncio.new_event_loop()
        loop.add_signal_handler(signal.{number}, print)
        loop.close()
        atexit.register(ask)
        raise SystemExit({code})

worker.prepare = found
worker.LimitedWorker = Faust
worker._open_pages = found
app = SimpleNamespace(loop=asyncio.new_event_loop(), silence=None)
worker.run(app, Settings.from_environment(os.environ))
"""


def ended(folder: Path, number: signal.Signals, code: int, *, before: bool) -> int:
    program = PROGRAM.format(number=number.name, before=before, code=code)
    environment = {"PYTHONPATH": str(ROOT)}
    return subprocess.run([sys.executable, "-c", program], cwd=folder, env=environment, check=False).returncode


@BOTH
def test_a_worker_that_waits_for_kafka_ends_when_asked(number: signal.Signals, tmp_path: Path) -> None:
    worker = Worker.start(Settings(broker=f"{HOST}:{free_port()}"), tmp_path, "one")
    try:
        wait_until(lambda: "trying again" in worker.log.read_text(), what=worker.log.read_text)
        worker.process.send_signal(number)
        assert worker.process.wait(PATIENCE) == 0
        assert f"{number.name} before the worker has started: it ends" in worker.log.read_text()
    finally:
        worker.process.kill()


@BOTH
def test_a_worker_ends_when_asked_before_faust_answers(number: signal.Signals, tmp_path: Path) -> None:
    assert ended(tmp_path, number, 3, before=True) == 0


@BOTH
@pytest.mark.parametrize("code", [0, 3])
def test_a_worker_that_ends_already_keeps_its_exit_code(number: signal.Signals, code: int, tmp_path: Path) -> None:
    assert ended(tmp_path, number, code, before=False) == code
