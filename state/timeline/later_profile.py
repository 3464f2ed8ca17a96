"""The standing of a customer at an instant: what a snapshot becomes when nothing happens until then."""

from collections.abc import Sequence

from schemas.profile import Figure, Profile
from state.rules.decision import Decision
from state.rules.rulebook import Rulebook
from state.timeline.timeline import Timeline


def profile_at(timeline: Timeline, at: int, rules: Rulebook) -> Profile:
    """Let time pass for a customer until ``at`` (ms since 1970), and return their profile then.

    It is that of a backtest of the same events until ``at``, but for ``seq`` where something was taken back. ``at``
    must not lie before the last decision. The timeline is changed, and of no other use afterwards.
    """
    customer = timeline.head
    decisions: list[Decision] = []
    rules.elapse(customer, at, decisions)
    return rules.profiles.profile(customer, user_id=customer.user_id, seq=timeline.seq + len(decisions), at=at)


def values_at(timeline: Timeline, at: int, names: Sequence[str], rules: Rulebook) -> dict[str, Figure]:
    """Let time pass as ``profile_at`` does, and return these features and measures alone, as the profile has them."""
    rules.elapse(timeline.head, at, [])
    return rules.profiles.values(timeline.head, at, names)
