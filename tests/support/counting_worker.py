"""A real worker with the counting tracker, as a process of its own."""

import os

from streams.policy_file import load_rules
from streams.settings import Settings
from streams.topology import build
from streams.worker import run
from tests.support.counting import CountingTracker


def main() -> None:
    settings = Settings.from_environment(os.environ)
    run(build(settings, load_rules(None), group_state=CountingTracker), settings)


if __name__ == "__main__":
    main()
