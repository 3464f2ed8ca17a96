"""Two versions of lifestage in one group: a worker of another source tree has every partition for a while."""

import sys
import time
from pathlib import Path

from tests.chaos.faults import terminated
from tests.chaos.fleet import FleetWorker
from tests.chaos.scene import Scene

# It fails rather than to run the present version under another name: a venv may put its own tree first.
_FROM_TREE = (
    "import sys; sys.path.insert(0, sys.argv[1]); import streams; "
    "assert streams.__file__.startswith(sys.argv.pop(1)), streams.__file__; "
    "from streams.cli.main import main; main()"
)


def worker_of(tree: Path) -> tuple[str, ...]:
    """Return the command that starts a worker of the lifestage in a source tree."""
    return sys.executable, "-c", _FROM_TREE, f"{tree.resolve()}/", "worker"


async def mixed(scene: Scene) -> None:
    """Let a worker of the other tree join, have every partition alone, give some back, and be replaced.

    So each partition goes from the present version to the other, and some go back while both are at work. What makes
    them go is drawn: SIGTERM or SIGKILL.
    """
    assert scene.plan.other_tree is not None
    at_work = scene.fleet.alive()
    place = scene.dice.choice(at_work)
    at = await _end(scene, place)
    other = scene.fleet.start(place.instance, command=worker_of(scene.plan.other_tree))
    scene.say(f"{other.instance} is of the other tree")
    await scene.back_at_work(at)

    rest = [worker for worker in at_work if worker is not place]
    for worker in rest:
        at = await _end(scene, worker)
    scene.say(f"{other.instance} has all partitions")
    await scene.back_at_work(at)

    for worker in rest:
        scene.fleet.start(worker.instance)
    await scene.back_at_work(at)
    at = await _end(scene, other)
    scene.fleet.start(other.instance)
    await scene.back_at_work(at)
    scene.happened["mixed"] += 1


async def _end(scene: Scene, worker: FleetWorker) -> float:
    """End a worker in order, or at once; returns the instant (seconds since 1970) that the others must pass."""
    if scene.dice.random() < 0.5:
        await terminated(scene, worker)
    else:
        scene.say(f"kill -9 {worker.instance}")
        scene.fleet.kill(worker)
        scene.happened["again"] += 1
    return time.time()
