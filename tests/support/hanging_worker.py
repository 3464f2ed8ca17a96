"""A real worker that hangs in a way that is named in ``HANGS``, and says so in a line of its log."""

import asyncio
import os
import signal
import sys
import time

from agents.batch import Batch, Outcome
from streams.policy_file import load_rules
from streams.settings import Settings
from streams.topology import build
from streams.worker import run
from tests.support.counting import CountingTracker

HANGS = "it hangs"


class BrokerStopper(CountingTracker):
    """Stops the broker in the middle of a batch."""

    def compute(self, batch: Batch) -> Outcome:
        outcome = super().compute(batch)
        os.kill(int(os.environ["BROKER"]), signal.SIGSTOP)
        print(HANGS, flush=True)
        return outcome


async def go_on() -> None:
    """Lose every cancellation."""
    print(HANGS, flush=True)
    while True:
        try:
            await asyncio.sleep(3600)
        except asyncio.CancelledError:
            continue


async def block() -> None:
    """Let no other task run."""
    print(HANGS, flush=True)
    time.sleep(3600)


async def write() -> None:
    """Write into a pipe that nobody reads until it is full."""
    print(HANGS, flush=True)
    while True:
        sys.stderr.write("x" * 10_000)


async def crash() -> None:
    """Crash."""
    raise RuntimeError("a crash of a test")


def main() -> None:
    settings = Settings.from_environment(os.environ)
    how = os.environ["HANGS"]
    app = build(settings, load_rules(None), group_state=BrokerStopper if how == "broker" else CountingTracker)
    tasks = {"task": [go_on], "loop": [block], "pipe": [write], "crash": [go_on, crash]}
    for task in tasks.get(how, []):
        app.task(task)
    run(app, settings)


if __name__ == "__main__":
    main()
