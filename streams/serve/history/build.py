"""The parts of history, put together."""

from collections.abc import Callable

from state.calendar import Calendar
from state.rules.rulebook import Rulebook
from streams.serve.history.ahead import Ahead
from streams.serve.history.messages import Messages
from streams.serve.history.past import Past
from streams.serve.history.present import Present
from streams.serve.history.routes import History
from streams.serve.history.survey import Survey
from streams.serve.history.transition_log import MAX_TRANSITIONS, TransitionLog
from streams.serve.served_policies import ServedPolicies
from streams.serve.stored_customers import StoredCustomers
from streams.serve.stored_workers import StoredWorkers
from streams.serve.topic_follower import TopicFollower
from streams.settings import Settings
from streams.topics import topics_of


def build(
    settings: Settings,
    policies: ServedPolicies,
    stored: StoredCustomers,
    workers: StoredWorkers,
    clock: Callable[[], int],
) -> tuple[History, Ahead]:
    """Return the past and what lies ahead under the policies; ``clock`` is the wall clock (ms since 1970)."""
    topic = topics_of(settings).transitions
    calendar = policies.derived(_calendar)
    log = TransitionLog(calendar, lambda: policies.rules.compiled.lateness_ms)
    follower = TopicFollower(settings, topic, log, MAX_TRANSITIONS)
    survey = Survey(stored, policies, calendar, clock)
    past = Past(policies, log, stored, survey)
    present = Present(None if settings.clock == "stream" else clock, log, workers, calendar)
    history = History(present, follower, log, past, Messages(settings, topic), stored)
    return history, Ahead(policies, present, stored, survey)


def _calendar(rules: Rulebook) -> Calendar:
    return Calendar(rules.compiled.policy.time.zone)  # also in a rehearsal, whose days are no dates
