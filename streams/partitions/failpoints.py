"""Failpoints: SIGKILL at a named point of a batch, for tests of what is left behind."""

import os
import random
import signal
import threading
from collections.abc import Callable

from agents.commit import unreached
from streams.environment import SettingsError

POINTS = (
    "before_begin",
    "after_changelog",
    "after_acknowledged",
    "during_commit",
    "after_commit",
    "before_apply",
)
_COMMIT_SECONDS = 0.005


def failpoint(text: str) -> Callable[[str], None]:
    """Return the function to call at every point; ``text`` is ``name:probability:seed``, empty for never.

    Raises ``SettingsError`` for a text of another form.
    """
    if not text:
        return unreached
    name, probability, seed = _parsed(text)
    chance = random.Random(seed)

    def reached(point: str) -> None:
        if point == name and chance.random() < probability:
            if point == "during_commit":
                # The request is on its way by then, or its answer.
                threading.Timer(chance.random() * _COMMIT_SECONDS, _die).start()
            else:
                _die()

    return reached


def _parsed(text: str) -> tuple[str, float, int]:
    try:
        name, probability, seed = text.split(":")
        if name not in POINTS:
            raise ValueError(name)
        return name, float(probability), int(seed)
    except ValueError as error:
        raise SettingsError(
            f"LIFESTAGE_FAILPOINT is {text!r}: set it to name:probability:seed, with a name of {', '.join(POINTS)}"
        ) from error


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)
