"""The routes of the installation."""

import orjson
from aiohttp.web import Application, Request, Response

from state.policy.sentences import sentences
from state.rules.rulebook import Rulebook
from streams.serve.background import run_with
from streams.serve.installation.openapi import description
from streams.serve.installation.reject_log import RejectLog
from streams.serve.parameters import check_names
from streams.serve.served_policies import ServedPolicies
from streams.serve.stored_workers import StoredWorkers
from streams.serve.surface import Description, Route
from streams.serve.topic_follower import TopicFollower

_TOLD = ("instance", "at", "ready", "missing", "partitions", "lag_records", "mirror", "policy_version")


class Installation:
    """The policy in words, the workers, and the rejects, which ``follower`` reads into ``rejects``."""

    name = "installation"

    def __init__(
        self, policies: ServedPolicies, workers: StoredWorkers, follower: TopicFollower, rejects: RejectLog
    ) -> None:
        self._policy = policies.derived(_in_words)
        self._workers = workers
        self._follower = follower
        self._rejects = rejects

    def routes(self) -> list[Route]:
        """Return what is answered."""
        return [
            Route("GET", "/v1/policy", self._answer_policy, "read"),
            Route("GET", "/v1/workers", self._answer_workers, "read"),
            # They hold what customers sent.
            Route("GET", "/v1/rejects", self._answer_rejects, "admin"),
        ]

    def attach(self, app: Application) -> None:
        """Follow the rejects as long as the application runs."""
        run_with(app, self._follower.run)

    def description(self) -> Description:
        """Return its part of the OpenAPI document."""
        return description()

    async def missing(self) -> str:
        """Return why the rejects cannot be told; empty if they can."""
        return self._follower.missing()

    async def _answer_policy(self, request: Request) -> Response:
        check_names(request.query, ())
        return Response(body=self._policy(), content_type="application/json")

    async def _answer_workers(self, request: Request) -> Response:
        check_names(request.query, ())
        told = [{name: worker[name] for name in _TOLD} for worker in await self._workers.all()]
        return Response(body=orjson.dumps({"workers": told}), content_type="application/json")

    async def _answer_rejects(self, request: Request) -> Response:
        check_names(request.query, ())
        self._follower.check()
        told = {"complete": self._rejects.is_whole, "reasons": self._rejects.told()}
        return Response(body=orjson.dumps(told), content_type="application/json")


def _in_words(rules: Rulebook) -> bytes:
    told = [{"about": it.about, "text": it.text} for it in sentences(rules.compiled)]
    return orjson.dumps({"version": rules.version, "sentences": told})
