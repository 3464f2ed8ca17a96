"""Three customers worth telling of, chosen by fixed rules, and their way in plain words."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from schemas.instant import from_text
from schemas.profile import Profile
from streams.demo.standing import Standing, Step

_LONGEST = 8
_ENOUGH = 5
_DAY = 86_400_000
_SILENT = ("at_risk", "churned")


@dataclass(frozen=True, slots=True)
class Line:
    """One step of a story: when (ms since 1970), to which stage, in words, and the values that made it so."""

    at: int
    stage: str
    words: str
    why: str


@dataclass(frozen=True, slots=True)
class Story:
    """A customer's story. ``left_out`` steps lie between the ``beginning`` and the ``end``."""

    title: str
    profile: Profile
    beginning: list[Line]
    left_out: int
    end: list[Line]


_Fits = Callable[[Profile, list[Step]], bool]


def stories(found: Standing, profiles: Mapping[str, Profile]) -> list[Story]:
    """At most three customers, each chosen by what happened to them and then by their revenue."""
    told: list[Story] = []
    chosen: set[str] = set()
    for title, fits in _ROLES:
        candidates = [
            (profile, steps)
            for customer, steps in found.stages.items()
            if customer not in chosen and (profile := profiles.get(customer)) is not None and fits(profile, steps)
        ]
        if candidates and len(told) < 3:
            profile, steps = max(candidates, key=lambda it: (_revenue(it[0]), it[0].user_id))
            chosen.add(profile.user_id)
            told.append(_story(title, profile, steps))
    return told


def _story(title: str, profile: Profile, steps: list[Step]) -> Story:
    lines = []
    for number, step in enumerate(steps):
        last = steps[number - 1] if number else None
        lines.append(Line(step.at, step.to, _words(step, last), step.why))
    if len(lines) <= _LONGEST:
        return Story(title, profile, lines, 0, [])
    return Story(title, profile, lines[:3], len(lines) - 3 - (_LONGEST - 4), lines[-(_LONGEST - 4) :])


def expectation(profile: Profile) -> str:
    """What comes next for a customer if nothing happens."""
    if profile.next_transition is None or profile.next_at is None:
        return "nothing more, unless something happens"
    name = profile.next_transition.replace("_", " ")
    return f"{name} on {profile.next_at[:10]} at {profile.next_at[11:16]}, unless something happens before"


def _words(step: Step, before: Step | None) -> str:
    to = step.to.replace("_", " ")
    later = f" after {_days(step.at - before.at)}" if before is not None else ""
    match step.name:
        case "acquired":
            return "placed a first order"
        case "repeated":
            return f"ordered again{later}"
        case "became_loyal":
            return "became loyal"
        case "loyalty_lapsed":
            return f"is loyal no more: {to}"
        case "at_risk":
            return "fell silent: at risk"
        case "churned":
            return "stayed silent: churned"
        case "recovered":
            return f"came back{later}: {to}"
        case "won_back":
            return f"was won back{later}: {to}"
        case "reverted":
            return f"had an order undone: {to}"
    return f"{step.name}: {to}"


def _days(duration: int) -> str:
    days = duration // _DAY
    return "a day" if days == 1 else f"{days} days" if days else "some hours"


def _revenue(profile: Profile) -> float:
    revenue = profile.figures.get("revenue")
    return float(revenue) if isinstance(revenue, int | float) else 0.0


def _names(steps: list[Step]) -> list[str]:
    return [step.name for step in steps]


def _won_back(profile: Profile, steps: list[Step]) -> bool:
    return "won_back" in _names(steps) and profile.stage not in _SILENT and len(steps) <= _LONGEST


def _stayed_loyal(profile: Profile, steps: list[Step]) -> bool:
    return profile.stage == "loyal" and len(steps) <= _ENOUGH and not {"at_risk", "won_back"} & set(_names(steps))


def _worth_a_word(profile: Profile, steps: list[Step]) -> bool:
    return profile.stage == "at_risk" and len(steps) <= _LONGEST


def _recovered(profile: Profile, steps: list[Step]) -> bool:
    return "recovered" in _names(steps) and profile.stage not in _SILENT


def _lost(profile: Profile, steps: list[Step]) -> bool:
    return profile.stage == "churned"


def _newcomer(profile: Profile, steps: list[Step]) -> bool:
    return profile.stage == "new"


def _anybody(profile: Profile, steps: list[Step]) -> bool:
    return True


# The first three are the ones that a year of a shop always has; the others stand in where one is missing.
_ROLES: tuple[tuple[str, _Fits], ...] = (
    ("won back", _won_back),
    ("loyal from the start, and still here", _stayed_loyal),
    ("at risk today, and worth a personal word", _worth_a_word),
    ("nearly lost", _recovered),
    ("lost", _lost),
    ("new", _newcomer),
    ("a customer", _anybody),
)


def known_since(profile: Profile, day_ms: int) -> int:
    """The instant (ms since 1970) of a customer's first event, to a few seconds."""
    days = profile.figures.get("days_known")
    as_of = from_text(profile.as_of)
    return as_of - int(days * day_ms) if isinstance(days, int | float) else as_of
