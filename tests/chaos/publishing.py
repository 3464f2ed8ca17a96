"""The fault of policies: others are published while workers die, who start again with the policy of the beginning."""

import asyncio
import random
import time
from pathlib import Path

from schemas.instant import to_text
from tests.chaos.faults import kill
from tests.chaos.scene import BACK_SECONDS, Scene, StuckError

_TOO_SOON = "--at is "


async def policy(scene: Scene) -> None:
    """Publish a policy, at an instant or not, sometimes one that is taken back; kill a worker before it is in force."""
    dice = scene.dice
    if dice.random() < 0.25:
        await _publish(scene, _drawn(scene), dice.uniform(40, 60))
        scene.happened["policy taken back"] += 1
    is_back = scene.happened["policy"] % 3 == 2
    file = _first(scene) if is_back else _drawn(scene)
    number = await _publish(scene, file, dice.choice((None, dice.uniform(12, 22))))
    await asyncio.sleep(dice.uniform(0, 3))
    if dice.random() < 0.7:
        await kill(scene)
    await _in_force(scene, number)
    scene.happened["policy"] += 1
    await scene.back_at_work(time.time())


def another(text: str, number: int, dice: random.Random) -> str:
    """A policy that can follow one: under a name of its own, with other numbers, and with a segment more."""
    days, orders = dice.choice((7, 14, 60)), dice.randint(1, 3)
    key = f'key = "drawn{number}"\nname = "Drawn {number}"\nenter = "orders_{days}d >= {orders}"\n'
    return f"{text.replace('_30d', dice.choice(('_30d', '_20d')))}\n[[segments]]\n{key}"


def _first(scene: Scene) -> Path:
    """The policy that every worker is started with."""
    assert scene.settings.policy is not None
    return scene.settings.policy


def _drawn(scene: Scene) -> Path:
    number = len(list(scene.folder.glob("drawn-*.toml")))
    file = scene.folder / f"drawn-{number}.toml"
    file.write_text(another(_first(scene).read_text("utf-8"), number, scene.dice), "utf-8")
    return file


async def _publish(scene: Scene, file: Path, ahead: float | None) -> int:
    """Publish a policy, with an instant so many seconds ahead, or with none; returns its number."""
    words = [] if ahead is None else ["--at", to_text(round((time.time() + ahead) * 1000))]
    code, output = await scene.fleet.command("policy", "publish", str(file), *words)
    if code and _TOO_SOON in output:
        return await _publish(scene, file, None)
    scene.say(output.strip().splitlines()[-1])
    if code:
        raise StuckError(f"lifestage policy publish ended with {code}: {output[-500:]}")
    return int(output.split(" as policy ")[1].split(",")[0])


async def _in_force(scene: Scene, number: int) -> None:
    """Wait until every partition is under a policy."""
    deadline = time.time() + BACK_SECONDS
    while set(_numbers(scene).values()) != {number} or len(_numbers(scene)) < scene.settings.partitions:
        if time.time() > deadline:
            raise StuckError(f"policy {number} is not in force everywhere: {_numbers(scene)}")
        await asyncio.sleep(0.1)


def _numbers(scene: Scene) -> dict[str, int]:
    """The number of the policy of each partition that is at work, as its worker says."""
    return {
        partition: group["policy"]
        for worker in scene.fleet.alive()
        for partition, group in worker.last_health.get("partitions", {}).items()
        if group["state"] == "open"
    }
