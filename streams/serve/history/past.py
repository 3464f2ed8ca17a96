"""The past as JSON: members by date, and flows between dates, from the log of transitions and the sets of now."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from schemas.change import NO_STEP
from streams.serve.history.flows import IN, Flow
from streams.serve.history.members import members_by_day
from streams.serve.history.questions import Span, date_text
from streams.serve.history.survey import Survey
from streams.serve.history.transition_log import TransitionLog
from streams.serve.problems import ProblemError
from streams.serve.served_policies import ServedPolicies
from streams.serve.stages import stages_of
from streams.serve.stored_customers import StoredCustomers

Json = dict[str, Any]


class Past:
    """What was, under the policies. Methods raise ``ProblemError`` while Redis does not answer, or was not surveyed."""

    def __init__(self, policies: ServedPolicies, log: TransitionLog, stored: StoredCustomers, survey: Survey) -> None:
        self._policies = policies
        self._log = log
        self._stored = stored
        self._survey = survey

    def days(self, number: int, today: int) -> list[int]:
        """Return so many days until today, without those of which it is not known what happened after them."""
        silent = self._policies.silent_since
        # Nobody was told who changed then, so the members before that cannot be counted back to.
        told_from = -1 if silent is None else self._log.day_of(silent)
        return [*range(min(today, max(today - number + 1, self._log.known_from, told_from)), today + 1)]

    async def stages_by_day(self, days: Sequence[int]) -> dict[str, list[int]]:
        """Return the members of each stage at the end of each day."""
        found = self._survey.found
        if found.undated:
            detail = (
                f"of {found.undated:,} customers Redis does not say when they began: restart the workers in the "
                "version of this server, and wait until all customers are written again"
            )
            raise ProblemError(HTTPStatus.SERVICE_UNAVAILABLE, detail, 60)
        names = self._with_known("stage", stages_of(self._policies.rules.compiled))
        sizes = await self._stored.sizes(names)
        # Nothing is published when a customer begins: the stage where all begin gains those who began.
        gained = {name: Counter(it) for name, it in self._log.flows.gained.items() if name.startswith("stage:")}
        began = Counter(found.began)
        began[self._policies.rules.first_stage, days[-1]] += max(0, sum(sizes) - found.customers)  # since the survey
        for (stage, day), count in began.items():
            gained.setdefault(f"stage:{stage}", Counter())[day] += count
        return _series(names, sizes, gained, days)

    async def sets_by_day(self, days: Sequence[int]) -> Json:
        """Return the members of each segment and step at the end of each day."""
        compiled = self._policies.rules.compiled
        segments = self._with_known("segment", [it.key for it in compiled.segments])
        ladders = compiled.ladders
        steps = self._with_known("step", [f"{ladder.key}:{it.key}" for ladder in ladders for it in ladder.steps])
        sizes = await self._stored.sizes([*segments, *steps])
        gained = self._log.flows.gained
        return {
            "segments": _series(segments, sizes[: len(segments)], gained, days),
            "steps": _series(steps, sizes[len(segments) :], gained, days),
        }

    def flows(self, span: Span) -> Json:
        """Return who went from where to where within a span of days."""
        flows = {flow: count for flow, count in sorted(self._log.flows.between(*span).items()) if count > 0}
        segments: defaultdict[str, Counter[bool]] = defaultdict(Counter)
        for flow, count in flows.items():
            if flow.kind == "segment":
                segments[flow.key][flow.to == IN] += count
        return {
            "from": date_text(span.first),
            "to": date_text(span.last),
            "stages": [_ends(flow, count) for flow, count in flows.items() if flow.kind == "stage"],
            "segments": [{"key": key, "entered": it[True], "exited": it[False]} for key, it in segments.items()],
            "steps": [{"ladder": it.key, **_ends(it, count)} for it, count in flows.items() if it.kind == "step"],
            "signals": [{"key": it.key, "count": count} for it, count in flows.items() if it.kind == "signal"],
        }

    def _with_known(self, kind: str, keys: Sequence[str]) -> list[str]:
        """Return the sets of these keys, and those that an earlier policy had."""
        named = {name for name in self._log.flows.gained if name.startswith(f"{kind}:")}
        own = [f"{kind}:{key}" for key in keys]
        return [*own, *sorted(named.difference(own))]


def _series(
    names: Sequence[str], sizes: Sequence[int], gained: Mapping[str, Counter[int]], days: Sequence[int]
) -> dict[str, list[int]]:
    return {
        name.partition(":")[2]: members_by_day(size, gained.get(name, Counter()), days)
        for name, size in zip(names, sizes, strict=True)
    }


def _ends(flow: Flow, count: int) -> Json:
    from_, to = (None if it == NO_STEP else it for it in (flow.from_, flow.to))
    return {"from": from_, "to": to, "count": count}
