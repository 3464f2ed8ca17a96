"""The faults, one function each: it breaks something, repairs it, and returns when that is done."""

import asyncio
import signal
import time
from collections.abc import Awaitable, Callable

from streams import end_limit
from streams.partitions.failpoints import POINTS
from tests.chaos.fleet import FleetWorker
from tests.chaos.scene import Scene
from tests.support.workers import SESSION_SECONDS

_TERM_SECONDS = 10.0
_POINT_SECONDS = 60.0
_STALL_SECONDS = 20.0


async def kill(scene: Scene) -> None:
    """SIGKILL from outside, at any instant; sometimes the next one comes before the first is back."""
    worker = any_worker(scene)
    times = 2 if scene.dice.random() < 0.2 else 1
    for number in range(times):
        if number:
            await asyncio.sleep(scene.dice.uniform(0.5, 5))
        at = time.time()
        scene.say(f"kill -9 {worker.instance}")
        scene.fleet.kill(worker)
        scene.happened["again" if number else "kill"] += 1
        await asyncio.sleep(scene.dice.uniform(0, 1.5))
        worker = scene.fleet.start(worker.instance)
    scene.measured("back_after_kill", await scene.back_at_work(at))


async def failpoint(scene: Scene) -> None:
    """SIGKILL from inside, at a point of a batch."""
    worker = any_worker(scene)
    await terminated(scene, worker)
    point = POINTS[scene.happened["failpoint"] % len(POINTS)]
    armed = scene.fleet.start(worker.instance, LIFESTAGE_FAILPOINT=f"{point}:0.1:{scene.dice.randrange(1000)}")
    if not await scene.fleet.ended(armed, _POINT_SECONDS):
        scene.wrong.append(f"{armed.instance} never came to {point}")
        scene.fleet.kill(armed)
    elif armed.process.returncode != -signal.SIGKILL:
        scene.wrong.append(f"{armed.instance} ended with {armed.process.returncode} at {point}")
    else:
        scene.say(f"{armed.instance} died at {point}")
        scene.happened["failpoint"] += 1
        scene.happened[f"at {point}"] += 1
    at = time.time()
    scene.fleet.start(worker.instance)
    await scene.back_at_work(at)


async def zombie(scene: Scene) -> None:
    """SIGSTOP for longer than the session: another takes over; then SIGCONT, and it must not disturb."""
    worker = any_worker(scene)
    seconds = SESSION_SECONDS + scene.dice.uniform(2, 9)
    scene.say(f"SIGSTOP {worker.instance} for {seconds:.1f} s")
    at = time.time()
    worker.process.send_signal(signal.SIGSTOP)
    await asyncio.sleep(seconds)
    taken_over = scene.fleet.covered(at)
    scene.say(f"SIGCONT {worker.instance}; the others {'have' if taken_over else 'had not yet'} taken over")
    worker.process.send_signal(signal.SIGCONT)
    scene.happened["zombie"] += 1
    scene.happened["zombie replaced"] += taken_over
    await scene.back_at_work(time.time())


async def term(scene: Scene) -> None:
    """SIGTERM: in order, and at once."""
    worker = any_worker(scene)
    await terminated(scene, worker)
    scene.happened["term"] += 1
    at = time.time()
    scene.fleet.start(worker.instance)
    await scene.back_at_work(at)


async def scale(scene: Scene) -> None:
    """Down to one worker, up to three, and back."""
    for wanted in (1, 3, 1, scene.plan.workers):
        before = scene.fleet.alive()
        if wanted == len(before):
            continue
        scene.say(f"from {len(before)} workers to {wanted}")
        for worker in before[wanted:]:
            await terminated(scene, worker)
        for _ in range(len(before), wanted):
            taken = {worker.instance for worker in scene.fleet.alive()}
            scene.fleet.start(next(name for k in range(1, 9) if (name := f"worker-{k}") not in taken))
        scene.happened["rebalance by scaling"] += abs(wanted - len(before))
        await scene.back_at_work(time.time())
    scene.happened["scale"] += 1


async def redis(scene: Scene) -> None:
    """Redis killed, or emptied: the stream goes on, and the mirror is written again."""
    if scene.happened["redis"] % 2:
        scene.say("FLUSHALL")
        await scene.redis.flush()
    else:
        scene.say("kill -9 Redis")
        scene.redis.kill()
        await scene.back_at_work(time.time())
        await asyncio.sleep(scene.dice.uniform(0, 3))
        scene.redis.start()
    scene.happened["redis"] += 1
    await scene.back_at_work(time.time())


async def disk(scene: Scene) -> None:
    """A worker that can write to no file: neither log nor data."""
    worker = any_worker(scene)
    await terminated(scene, worker)
    scene.say(f"{worker.instance} starts on a full disk")
    at = time.time()
    full = scene.fleet.start(worker.instance, full_disk=True)
    await scene.back_at_work(at)
    scene.happened["disk"] += 1
    await asyncio.sleep(2)
    if not full.counted:
        scene.wrong.append(f"{full.instance} processed nothing on a full disk")
    await terminated(scene, full)
    at = time.time()
    scene.fleet.start(worker.instance)
    await scene.back_at_work(at)


async def stop_all(scene: Scene) -> None:
    """All workers ended in order."""
    for worker in scene.fleet.alive():
        await terminated(scene, worker)


def start_all(scene: Scene) -> float:
    """As many workers as the plan has; returns the instant (seconds since 1970)."""
    at = time.time()
    for number in range(scene.plan.workers):
        scene.fleet.start(f"worker-{number + 1}")
    return at


def any_worker(scene: Scene) -> FleetWorker:
    """Choose a worker that has partitions, if one has."""
    alive = scene.fleet.alive()
    # Only one that has something to lose: a worker without partitions is no test.
    busy = [worker for worker in alive if worker.last_health.get("partitions")]
    return scene.dice.choice(busy or alive)


async def terminated(scene: Scene, worker: FleetWorker) -> None:
    code, seconds = await scene.fleet.terminate(worker, _TERM_SECONDS)
    scene.measured("sigterm", seconds)
    scene.say(f"SIGTERM {worker.instance}: exit code {code} after {seconds:.1f} s")
    if code != 0:
        scene.wrong.append(f"{worker.instance} ended with {code} on SIGTERM, after {seconds:.1f} s")
    elif seconds > end_limit.SECONDS:
        scene.happened["not in order"] += 1
        scene.say(scene.fleet.log_of(worker.instance).read_text(errors="replace").splitlines()[-1])


Fault = Callable[[Scene], Awaitable[None]]
