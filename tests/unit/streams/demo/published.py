"""Builders of published transitions and of profiles, for tests of what a run shows of its results."""

from itertools import pairwise

from schemas.change import Cause, Change, Direction, Figures, Publication
from schemas.instant import from_text, to_text
from schemas.profile import Figure, Profile
from schemas.transition import encode
from state.features.catalogue import catalogue
from state.policy.compiled import read_policy
from streams.demo.legend import Legend

DAY = 86_400_000
START = from_text("2017-01-01")
FIGURES = Figures(
    why="why",
    stage="new",
    orders=1,
    revenue=1.0,
    average_order_value=1.0,
    recency_days=0.0,
    mean_gap_days=None,
    patience_days=60.0,
    next_transition=None,
    next_at=None,
    segments=(),
    segment_count=0,
    previous_stage="prospect",
    previous_stage_since=START,
    steps=(),
    holdout=None,
)
SHIPPED = Legend(read_policy('name = "shipped"', catalogue))
_FROM = {"new": "prospect", "repeat": "new", "loyal": "repeat", "at_risk": "loyal", "churned": "at_risk"}
_NAMES = {
    "new": "acquired",
    "repeat": "repeated",
    "loyal": "became_loyal",
    "at_risk": "at_risk",
    "churned": "churned",
}


def legend(*keys: str, more: str = "") -> Legend:
    """Return the legend of a policy with stages of these keys, in the order of the picture."""
    first, *others = keys
    written = [f'key = "{it}"\nenter = "orders > {number}"' for number, it in enumerate(others)]
    tables = [*reversed(written), f'key = "{first}"']
    text = "\n".join(f"[[lifecycle.stages]]\n{it}" for it in tables)
    return Legend(read_policy(f'name = "own"\n{more}\n{text}\n', catalogue))


def change(day: int, to: str, from_: str = "prospect", name: str = "acquired", segment: str | None = None) -> Change:
    """Return a change so many days after the start."""
    return Change(START + day * DAY, segment, name, from_, to, Cause("event", "Order Completed", f"m{day}"))


def published(*publications: Publication, customer: str = "c") -> list[bytes]:
    """Return the values of the transitions topic."""
    return [encode(it, customer, "p@1") for it in publications]


def path(customer: str, **days: int) -> list[bytes]:
    """Return the transitions of a customer who reached each stage on a day."""
    changes = [change(day, to, _FROM[to], _NAMES[to]) for to, day in days.items()]
    return published(*(Publication(it, FIGURES, seq) for seq, it in enumerate(changes, start=1)), customer=customer)


def own_path(customer: str, *stages: str, apart: int = 1) -> list[bytes]:
    """Return the transitions of a customer who begins in the first of these stages and reaches one after the other."""
    pairs = enumerate(pairwise(stages), start=1)
    changes = [(seq, change(seq * apart, to, from_, to)) for seq, (from_, to) in pairs]
    return published(*(Publication(it, FIGURES, seq) for seq, it in changes), customer=customer)


def segment_path(customer: str, key: str, *days: int) -> list[bytes]:
    """Return the transitions of a customer who entered a segment and left it by turns."""
    ways = [("in", "out"), ("out", "in")] * len(days)
    changes = [change(day, to, from_, key.title(), key) for day, (to, from_) in zip(days, ways, strict=False)]
    return published(*(Publication(it, FIGURES, seq) for seq, it in enumerate(changes, start=1)), customer=customer)


def ladder_path(customer: str, key: str, **days: int) -> list[bytes]:
    """Return the transitions of a customer who reached each step of a ladder on a day, ``none`` at last or not."""
    values, before = [], "none"
    for seq, (step, day) in enumerate(days.items(), start=1):
        direction: Direction = "left" if step == "none" else "climbed" if seq > 1 else "entered"
        cause = Cause("event", "Order Completed", f"m{day}")
        made = Change(START + day * DAY, key, key.title(), before, step, cause, direction=direction)
        values += published(Publication(made, FIGURES, seq), customer=customer)
        before = step
    return values


def profile(customer: str, stage: str, day: int = 365, days_known: float | None = 300.0, **figures: Figure) -> Profile:
    """Return a customer's profile as of a day after the start."""
    return Profile(
        user_id=customer,
        stage=stage,
        since=to_text(START),
        why="",
        cause="",
        previous_stage=None,
        previous_since=None,
        segments={},
        steps={},
        figures={"orders": 1, "revenue": 10.0, "days_known": days_known, **figures},
        windows={},
        holdout=None,
        measures={},
        traits={},
        next_transition=None,
        next_at=None,
        as_of=to_text(START + day * DAY),
        seq=1,
        policy_version="p@1",
    )
