"""The fault of forgetting: customers are forgotten on request while a worker is killed, and some are allowed again."""

import asyncio
import time
from collections.abc import Coroutine

from tests.chaos.faults import kill
from tests.chaos.load import HOT
from tests.chaos.scene import Scene

_CUSTOMERS = 3


async def forget(scene: Scene) -> None:
    """Forget some customers; kill a worker meanwhile. Sometimes another asks the same at the same time."""
    drawn = _drawn(scene)
    asked = [drawn, drawn] if scene.dice.random() < 0.3 else [drawn]
    scene.say(f"forget {', '.join(drawn)}" + (", asked twice" if len(asked) > 1 else ""))
    await _while_killing(scene, *(_carried_out(scene, "forget", each) for each in asked))
    scene.happened["forget"] += 1
    allowed = [it for it in drawn if it == HOT or scene.dice.random() < 0.5]
    if allowed:
        await asyncio.sleep(scene.dice.uniform(0, 3))
        scene.say(f"forget --allow {', '.join(allowed)}")
        await _while_killing(scene, _carried_out(scene, "allow", allowed))


def _drawn(scene: Scene) -> list[str]:
    """Customers who have just done something, the one with a tenth of all events, some who are forgotten already."""
    sent = sorted(set(scene.load.recent) - scene.poisoned.keys() - {HOT})
    drawn = scene.dice.sample(sent, min(_CUSTOMERS, len(sent)))
    if scene.happened["forget"] % 2 == 0:
        drawn.append(HOT)
    if scene.forgotten and scene.dice.random() < 0.5:
        drawn.append(scene.dice.choice(sorted(scene.forgotten)))
    return list(dict.fromkeys(drawn))


async def _while_killing(scene: Scene, *asking: Coroutine[None, None, None]) -> None:
    tasks = [asyncio.create_task(it) for it in asking]
    try:
        await asyncio.sleep(scene.dice.uniform(0, 3))
        if scene.dice.random() < 0.7:
            await kill(scene)
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
    await scene.back_at_work(time.time())


async def _carried_out(scene: Scene, kind: str, customers: list[str]) -> None:
    words = ["forget", *customers] if kind == "forget" else ["forget", "--allow", *customers]
    began = time.time()
    code, output = await scene.fleet.command(*words)
    scene.measured("forgotten", time.time() - began)
    if code:
        scene.wrong.append(f"lifestage {' '.join(words)} ended with {code}: {output[-300:]}")
    for customer in customers:
        carried = scene.forgotten.setdefault(customer, [])
        if (carried[-1:] != ["forget"]) == (kind == "forget"):
            carried.append(kind)
