"""Redis as it is after a run."""

import json
from typing import Any

from redis.asyncio import Redis

_VERSION_DIGITS = 16


async def read(url: str, app_id: str) -> tuple[dict[str, dict[str, Any]], dict[str, set[str]]]:
    """Customers by id, with the instant they are from, and the members of every set by its key."""
    customers: dict[str, dict[str, Any]] = {}
    sets: dict[str, set[str]] = {}
    async with Redis.from_url(url) as client:
        prefix = f"{app_id}:customer:"
        async for key in client.scan_iter(f"{prefix}*", count=1000):
            row = await client.hgetall(key)
            if b"profile" not in row:
                continue
            profile = json.loads(row[b"profile"])
            customers[key.decode().removeprefix(prefix)] = {
                "stage": profile["stage"],
                "since": profile["since"],
                "segments": profile["segments"],
                "steps": {ladder: [on["step"], on["since"]] for ladder, on in profile["steps"].items()},
                "seq": profile["seq"],
                "upto": int(row[b"version"][:_VERSION_DIGITS]),
            }
        for kind in ("stage", "segment", "step"):
            async for key in client.scan_iter(f"{app_id}:{kind}:*", count=1000):
                members = {str(member, "utf-8") for member in await client.smembers(key)}  # type: ignore[arg-type]
                sets[key.decode().removeprefix(f"{app_id}:")] = members
    return customers, sets


def sets_of(customers: dict[str, dict[str, Any]]) -> dict[str, set[str]]:
    """The sets that these customers must be in."""
    sets: dict[str, set[str]] = {}
    for user_id, row in customers.items():
        steps = [f"step:{ladder}:{on[0]}" for ladder, on in row["steps"].items()]
        for key in (f"stage:{row['stage']}", *(f"segment:{key}" for key in row["segments"]), *steps):
            sets.setdefault(key, set()).add(user_id)
    return sets
