"""What a worker says of itself over HTTP: metrics, and whether it is live, ready and well; nothing of any customer."""

import time
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

import faust
import orjson
from aiohttp.web import Request, Response
from prometheus_client import CONTENT_TYPE_LATEST

from schemas import instant
from streams.observe.metrics import Metrics, Standing
from streams.partitions.status import GroupStatus, WorkerStatus


def add_pages(app: faust.App, metrics: Metrics, standing: Standing) -> None:
    """Serve ``/metrics``, ``/live``, ``/ready`` and ``/health`` on the app's own web server."""

    def page(path: str, answer: Callable[[], Response]) -> None:
        async def handle(_view: Any, _request: Request) -> Response:
            return answer()

        app.page(path, name=path)(handle)  # type: ignore[arg-type]

    page("/metrics", lambda: Response(body=metrics.text(), headers={"Content-Type": CONTENT_TYPE_LATEST}))
    page("/live", lambda: _json({"live": True}))
    page("/ready", lambda: _ready(standing.status))
    page("/health", lambda: _json(health(standing)))


def missing(status: WorkerStatus) -> list[str]:
    """What a worker lacks to be ready, in words."""
    lacks = [] if status.assigned else ["Kafka has not given this worker its partitions yet"]
    for partition, group in sorted(status.groups.items()):
        if group.state != "open":
            lacks.append(f"partition {partition} is {group.state}{f': {group.reason}' if group.reason else ''}")
    return lacks


def health(standing: Standing) -> dict[str, Any]:
    """How the worker fares, as JSON."""
    status = standing.status
    now = time.monotonic()
    mirror = standing.mirror()
    return {
        "live": True,
        "ready": status.ready,
        "missing": missing(status),
        "policy_version": standing.policy,
        "customers": dict(standing.stages()),
        "lag_records": sum(status.lag.values()),
        "partitions": {str(partition): _group(it, now) for partition, it in sorted(status.groups.items())},
        "mirror": None if mirror is None else asdict(mirror),
    }


def _group(group: GroupStatus, now: float) -> dict[str, Any]:
    return {
        "state": group.state,
        "reason": group.reason,
        "upto": instant.to_text(group.upto) if group.upto else None,
        "seconds_since_progress": round(now - group.progress, 1),
        "lag_records": group.lag,
    }


def _ready(status: WorkerStatus) -> Response:
    lacks = missing(status)
    return _json({"ready": not lacks, "missing": lacks}, status=503 if lacks else 200)


def _json(value: dict[str, Any], status: int = 200) -> Response:
    return Response(body=orjson.dumps(value), status=status, content_type="application/json")
