"""The stories of three customers, chosen by fixed rules, each step in plain words.

What the six stages that ship mean is known, and told; of the stages of a policy's own only their names are.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from schemas.instant import from_text
from schemas.profile import Profile
from streams.demo.legend import in_words
from streams.demo.transition_history import Step, TransitionHistory

_MAX_LINES = 8
_MAX_STEPS_LOYAL = 5
_DAY = 86_400_000
_SILENT = ("at_risk", "churned")
_WORDS = {
    "acquired": "placed a first order",
    "repeated": "ordered again{later}",
    "became_loyal": "became loyal",
    "loyalty_lapsed": "is loyal no more: {to}",
    "at_risk": "fell silent: at risk",
    "churned": "stayed silent: churned",
    "recovered": "came back{later}: {to}",
    "won_back": "was won back{later}: {to}",
    "reverted": "had an order undone: {to}",
}


@dataclass(frozen=True, slots=True)
class StoryLine:
    """One step of a story: its instant (ms since 1970), the new stage, the step in words, and the reason."""

    at: int
    stage: str
    words: str
    why: str


@dataclass(frozen=True, slots=True)
class Story:
    """A customer's story; ``left_out`` is the number of steps between the ``beginning`` and the ``end``."""

    title: str
    profile: Profile
    beginning: list[StoryLine]
    left_out: int
    end: list[StoryLine]


_Fits = Callable[[Profile, list[Step]], bool]


def choose_stories(
    history: TransitionHistory, profiles: Mapping[str, Profile], *, own_stages: bool = False
) -> list[Story]:
    """Return at most three stories: for each role the customer with the highest revenue among those who fit it.

    ``own_stages``: the stages are not those that ship.
    """
    stories: list[Story] = []
    chosen: set[str] = set()
    for title, fits in _own_roles(history) if own_stages else _ROLES:
        candidates = [
            (profile, steps)
            for customer, steps in history.stages.items()
            if customer not in chosen and (profile := profiles.get(customer)) is not None and fits(profile, steps)
        ]
        if candidates and len(stories) < 3:
            profile, steps = max(candidates, key=lambda it: (_revenue(it[0]), it[0].user_id))
            chosen.add(profile.user_id)
            stories.append(_story(title, profile, steps, {"reverted": _WORDS["reverted"]} if own_stages else _WORDS))
    return stories


def _story(title: str, profile: Profile, steps: list[Step], words: Mapping[str, str]) -> Story:
    lines = []
    for number, step in enumerate(steps):
        previous = steps[number - 1] if number else None
        lines.append(StoryLine(step.at, step.to, _told(step, previous, words), step.why))
    if len(lines) <= _MAX_LINES:
        return Story(title, profile, lines, 0, [])
    return Story(title, profile, lines[:3], len(lines) - 3 - (_MAX_LINES - 4), lines[-(_MAX_LINES - 4) :])


def expectation(profile: Profile) -> str:
    """Say what comes next for a customer if nothing happens."""
    if profile.next_transition is None or profile.next_at is None:
        return "nothing more, unless something happens"
    name = in_words(profile.next_transition)
    return f"{name} on {profile.next_at[:10]} at {profile.next_at[11:16]}, unless something happens before"


def _told(step: Step, previous: Step | None, words: Mapping[str, str]) -> str:
    later = f" after {_days(step.at - previous.at)}" if previous is not None else ""
    template = words.get(step.name, "{to}{later}" if step.name == step.to else "{name}{later}: {to}")
    return template.format(name=in_words(step.name), to=in_words(step.to), later=later)


def _days(duration: int) -> str:
    days = duration // _DAY
    return "a day" if days == 1 else f"{days} days" if days else "some hours"


def _revenue(profile: Profile) -> float:
    revenue = profile.figures.get("revenue")
    return float(revenue) if isinstance(revenue, int | float) else 0.0


def _names(steps: list[Step]) -> list[str]:
    return [step.name for step in steps]


def _won_back(profile: Profile, steps: list[Step]) -> bool:
    return "won_back" in _names(steps) and profile.stage not in _SILENT and len(steps) <= _MAX_LINES


def _stayed_loyal(profile: Profile, steps: list[Step]) -> bool:
    return (
        profile.stage == "loyal" and len(steps) <= _MAX_STEPS_LOYAL and not {"at_risk", "won_back"} & set(_names(steps))
    )


def _at_risk(profile: Profile, steps: list[Step]) -> bool:
    return profile.stage == "at_risk" and len(steps) <= _MAX_LINES


def _recovered(profile: Profile, steps: list[Step]) -> bool:
    return "recovered" in _names(steps) and profile.stage not in _SILENT


def _lost(profile: Profile, steps: list[Step]) -> bool:
    return profile.stage == "churned"


def _newcomer(profile: Profile, steps: list[Step]) -> bool:
    return profile.stage == "new"


def _anybody(profile: Profile, steps: list[Step]) -> bool:
    return True


# A year of a shop nearly always has the first three; the others replace one that is missing.
_ROLES: tuple[tuple[str, _Fits], ...] = (
    ("won back", _won_back),
    ("loyal from the start, and still here", _stayed_loyal),
    ("at risk today, and worth a personal word", _at_risk),
    ("nearly lost", _recovered),
    ("lost", _lost),
    ("new", _newcomer),
    ("a customer", _anybody),
)


def _own_roles(history: TransitionHistory) -> tuple[tuple[str, _Fits], ...]:
    """Return the roles for stages of which nothing is known but that there are steps between them."""
    short = [steps for steps in history.stages.values() if len(steps) <= _MAX_LINES]
    most = max((len(_stages(steps)) for steps in short), default=0)
    return (
        ("through the most stages", lambda _, steps: len(steps) <= _MAX_LINES and len(_stages(steps)) == most > 1),
        ("back in a stage they had left", lambda profile, steps: profile.stage in {it.to for it in steps[:-1]}),
        ("a single step", lambda _, steps: len(steps) == 1),
        ("a customer", _anybody),
        ("another", _anybody),
        ("one more", _anybody),
    )


def _stages(steps: list[Step]) -> set[str]:
    return {step.to for step in steps}


def known_since(profile: Profile, day_ms: int) -> int:
    """Return the instant (ms since 1970) of a customer's first event, to a few seconds."""
    days = profile.figures.get("days_known")
    as_of = from_text(profile.as_of)
    return as_of - int(days * day_ms) if isinstance(days, int | float) else as_of
