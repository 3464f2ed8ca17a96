"""The metrics of a server: how many requests of each route were answered how, and how long that took."""

from aiohttp.web import Request
from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest

_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0)
_NOWHERE = "none"


class ServeMetrics:
    """The metrics, in a registry of their own. A route is the pattern of its path, so no customer is in a label."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._requests = Counter(
            "lifestage_serve_requests", "Requests by route and status", ("route", "status"), registry=self.registry
        )
        self._seconds = Histogram(
            "lifestage_serve_seconds", "Time to answer", ("route",), buckets=_BUCKETS, registry=self.registry
        )

    def answered(self, request: Request, status: int, seconds: float) -> None:
        """Note an answer."""
        resource = request.match_info.route.resource
        route = _NOWHERE if resource is None else resource.canonical
        self._requests.labels(route, str(status)).inc()
        self._seconds.labels(route).observe(seconds)

    def text(self) -> bytes:
        """Return the metrics in Prometheus' text format."""
        return generate_latest(self.registry)
