"""The standing of a customer at an instant: what a snapshot becomes when nothing happens until then."""

from collections.abc import Sequence

from schemas.profile import Figure, Profile
from state.features.profile import build_profile, figure_of
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
    return build_profile(
        customer,
        user_id=customer.user_id,
        seq=timeline.seq + len(decisions),
        at=at,
        compiled=rules.compiled,
    )


def values_at(timeline: Timeline, at: int, names: Sequence[str], rules: Rulebook) -> dict[str, Figure]:
    """Let time pass as ``profile_at`` does, and return these features and measures alone, as the profile has them."""
    customer, compiled = timeline.head, rules.compiled
    rules.elapse(customer, at, [])
    at = max(at, customer.at)
    measures = {it.name: it for it in compiled.measures}
    return {
        name: measures[name].value(customer, at)
        if name in measures
        else figure_of(compiled.catalogue, name, customer, at)
        for name in names
    }
