"""The survey: all stored customers, looked through now and then for what comes next and for when they began."""

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import NamedTuple, NoReturn

from state.calendar import Calendar
from streams.serve.problems import ProblemError
from streams.serve.served_policies import ServedPolicies
from streams.serve.stages import stages_of
from streams.serve.stored_customers import Standing, StoredCustomers

logger = logging.getLogger(__name__)

_AT_ONCE = 200
_REST_PER_WORK = 3.0
_MIN_REST = 0.002
_REST_PER_SURVEY = 10.0
_MIN_SECONDS, _MAX_SECONDS = 2.0, 180.0
_AGAIN_SECONDS = 2.0


class Expected(NamedTuple):
    """A change that comes by itself: the day, its name, and the stage that it leads from."""

    day: int
    change: str
    stage: str


class Found(NamedTuple):
    """What a survey found: when it ended (ms since 1970), how many customers, what comes, and how they began.

    ``began`` has the days by the calendar, each with the stage in which all began then; ``undated`` is of how many the
    beginning is not stored.
    """

    at: int
    customers: int
    expected: Counter[Expected]
    began: Counter[tuple[str, int]]
    undated: int
    calendar: Calendar


class Survey:
    """Surveys in the background, the first one at once. Each works at most a quarter of its time.

    The rest before the next is ten times as long as it took, at most three minutes, and three times as long where that
    is more: seconds among few customers, minutes among many. A customer who changes their stage meanwhile may be
    counted twice or not at all.
    """

    def __init__(
        self,
        stored: StoredCustomers,
        policies: ServedPolicies,
        calendar: Callable[[], Calendar],
        now: Callable[[], int],
    ) -> None:
        self._stored = stored
        self._policies = policies
        self._calendar = calendar
        self._now = now
        self._found: Found | None = None
        self._seen = 0

    @property
    def found(self) -> Found:
        """What the last survey found. Raises ``ProblemError`` before the first one by this calendar has ended."""
        if self._found is None or self._found.calendar.zone != self._calendar().zone:
            detail = f"the customers are being counted, {self._seen:,} so far: ask again in a second"
            raise ProblemError(HTTPStatus.SERVICE_UNAVAILABLE, detail, 1)
        return self._found

    async def run(self) -> NoReturn:
        """Survey until cancelled."""
        while True:
            began = time.monotonic()
            try:
                self._found = await self._look_through()
                wait = _rest(time.monotonic() - began)
            except ProblemError:  # Redis is away, and who asks for something else is told so
                wait = _AGAIN_SECONDS
            except Exception:
                logger.exception("the customers cannot be counted")
                wait = _MAX_SECONDS
            await asyncio.sleep(wait)

    async def _look_through(self) -> Found:
        expected, began = Counter[Expected](), Counter[tuple[str, int]]()
        self._seen = undated = 0
        calendar = self._calendar()
        # While a new policy takes over, customers are still in the stages of the one before.
        for stage in dict.fromkeys(it for rules in self._policies.every for it in stages_of(rules.compiled)):
            cursor, is_first = 0, True
            while cursor or is_first:
                is_first, started = False, time.monotonic()
                _, cursor, customers = await self._stored.members(f"stage:{stage}", cursor, _AT_ONCE)
                standings = await self._stored.standings(customers) if customers else []
                self._seen += len(standings)
                expected.update(_expected(standings, calendar))
                dated = [it.first_event_at for it in standings if it.first_event_at is not None]
                began.update((self._policies.rules_at(it).first_stage, calendar.day_of(it)) for it in dated)
                undated += len(standings) - len(dated)
                await asyncio.sleep(max(_MIN_REST, _REST_PER_WORK * (time.monotonic() - started)))
        return Found(self._now(), self._seen, expected, began, undated, calendar)


def _expected(standings: Iterable[Standing], calendar: Calendar) -> list[Expected]:
    return [
        Expected(calendar.day_of(it.next_at), it.next_transition, it.stage)
        for it in standings
        if it.next_transition is not None and it.next_at is not None
    ]


def _rest(took: float) -> float:
    """Return how long to rest after a survey that took so long, both in seconds."""
    return max(_MIN_SECONDS, min(_MAX_SECONDS, _REST_PER_SURVEY * took), _REST_PER_WORK * took)
