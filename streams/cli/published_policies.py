"""The published policies as a table, with the workers that are at each."""

from collections import defaultdict
from collections.abc import Mapping, Sequence

from rich.table import Table

from agents.policies import PublishedPolicy
from schemas.instant import to_text
from schemas.policy_record import BEGINNING
from streams.settings import Settings
from streams.sinks.redis import Keys, connect
from streams.terminal_text import printable

WorkersAt = Mapping[int, Sequence[str]]
"""By number of policy, the partitions under it, each with its worker."""


async def workers_by_number(settings: Settings) -> WorkersAt | None:
    """Return which partitions of which workers are at each policy; None where no mirror tells."""
    if not settings.redis_url:
        return None
    # They import aiohttp, which the other commands do not need.
    from streams.serve.problems import ProblemError  # noqa: PLC0415
    from streams.serve.redis_reader import RedisReader  # noqa: PLC0415
    from streams.serve.stored_workers import StoredWorkers  # noqa: PLC0415

    try:
        redis = connect(settings.redis_url)
    except ValueError:
        return None
    try:
        told = await StoredWorkers(RedisReader(redis, Keys.of(settings))).all()
    except ProblemError:
        return None
    finally:
        await redis.aclose()
    found: defaultdict[int, list[str]] = defaultdict(list)
    for worker in told:
        for partition, group in worker.get("partitions", {}).items():
            found[group.get("policy", 0)].append(f"{partition} ({worker.get('instance', '?')})")
    return found


def table_of(published: Sequence[PublishedPolicy], workers: WorkersAt | None) -> Table:
    """Return the table; what cannot be read any more, or never takes effect, is said in words."""
    table = Table("number", box=None, pad_edge=False)
    table.add_column("version", overflow="fold")
    table.add_column("in force from", no_wrap=True)
    table.add_column("told")
    table.add_column("partitions at it", overflow="fold")
    for it in published:
        since = "the beginning" if it.effective_at == BEGINNING else to_text(it.effective_at)
        later = [other.number for other in published if other.number > it.number]
        overtaken = [other for other in published if other.number in later and other.effective_at <= it.effective_at]
        if overtaken:
            since = f"never: policy {overtaken[-1].number} takes its place"
        at_it = "not known without Redis" if workers is None else ", ".join(sorted(workers.get(it.number, ()))) or "-"
        version = it.version if it.rules is not None else f"{it.version} (this version cannot read it)"
        table.add_row(str(it.number), printable(version), since, "no" if it.silent else "yes", printable(at_it))
    return table
