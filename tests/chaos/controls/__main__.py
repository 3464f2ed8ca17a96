"""`python -m tests.chaos.controls`: each control must fail; exit code 0 only when all do."""

import asyncio
import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType

from streams.connection import administration
from streams.topics import topics_of
from tests.chaos.controls import counted
from tests.chaos.plan import Plan, read_plan
from tests.chaos.run import MUST_BE_NOTHING, run
from tests.chaos.scene import Scene
from tests.reference_model.agreement import POLICIES

_STOCK = "tests.chaos.controls.stock_worker"
_WRONG = "tests.chaos.controls.wrong_worker"
# A reject of a megabyte carries its first 64 KiB.
_TOO_SMALL = "20000"


async def small_rejects(scene: Scene) -> None:
    """Let the broker refuse the largest rejects."""
    configs = {"max.message.bytes": _TOO_SMALL}
    async with administration(scene.settings) as admin:
        name = topics_of(scene.settings).rejects
        await admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, name, configs=configs)])


async def count(scene: Scene) -> dict[str, Any]:
    """Judge a stock worker."""
    return await counted.judge(scene.settings)


def command(module: str, what: str) -> list[str]:
    return [sys.executable, "-m", module, what]


async def controls(plan: Plan, names: list[str]) -> bool:
    """Run the controls; says whether each of them failed as it should."""
    kills = replace(plan, faults=("kill",), steps=("kill",) * plan.kills)
    possible = {
        "stock exactly_once": lambda plan: run(plan, command(_STOCK, "exactly_once"), judge=count),
        "stock at_least_once": lambda plan: run(plan, command(_STOCK, "at_least_once"), judge=count),
        "position of the group": lambda plan: run(
            replace(plan, faults=("kill", "offsets"), steps=(*plan.steps, "offsets")), command(_WRONG, "group_offsets")
        ),
        "accounts outside": lambda plan: run(
            replace(plan, accounts=POLICIES["accounts"], faults=("failpoint",), steps=("failpoint",)),
            command(_WRONG, "accounts_outside"),
        ),
        "futures unchecked": lambda plan: run(plan, command(_WRONG, "unchecked"), prepare=small_rejects),
    }
    all_failed = True
    for name, start in possible.items():
        if names and name not in names:
            continue
        print(f"control: {name}", flush=True)
        result, missing = await start(replace(kills, control=name))
        failed = any(result[kind] for kind in MUST_BE_NOTHING)
        all_failed &= failed
        line = json.dumps({**result, "missing": missing, "failed_as_it_should": failed})
        with plan.results.open("a", encoding="utf-8") as results:
            results.write(line + "\n")
        print(line, flush=True)
    return all_failed


def main() -> None:
    arguments = sys.argv[1:]
    names = [word for word in arguments if not word.startswith("--") and " " in word]
    plan = read_plan([word for word in arguments if word not in names])
    Path(plan.results).parent.mkdir(parents=True, exist_ok=True)
    if not asyncio.run(controls(plan, names)):
        print("a control passed: the harness does not see what it should")
        sys.exit(1)


if __name__ == "__main__":
    main()
