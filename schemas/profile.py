"""Profiles: a customer as others read one, in Redis, in ``lifestage show`` and in the profiles of a backtest."""

import msgspec
import orjson

from schemas.events import Trait

Figure = int | float | str | bool | None


class StepStanding(msgspec.Struct):
    """The step of a ladder that a customer is on: its key, its name for people, and since when."""

    step: str
    name: str
    since: str


class Profile(msgspec.Struct, rename="camel"):
    """Stage, segments and figures of one customer as of an instant.

    Instants are RFC 3339 text; ``windows`` maps a feature's name (``orders_90d``) to its value at ``as_of``, and
    ``measures`` the names of the policy's measures to theirs. ``holdout`` tells whether the customer is held out, null
    if the policy holds out nobody.
    """

    user_id: str
    stage: str
    since: str
    why: str
    cause: str
    previous_stage: str | None
    previous_since: str | None
    segments: dict[str, str]
    steps: dict[str, StepStanding]
    figures: dict[str, Figure]
    windows: dict[str, Figure]
    holdout: bool | None
    measures: dict[str, Figure]
    traits: dict[str, Trait]
    next_transition: str | None
    next_at: str | None
    as_of: str
    seq: int
    policy_version: str


def encode(profile: Profile) -> bytes:
    """Return the profile's JSON."""
    return orjson.dumps(msgspec.to_builtins(profile))


decode = msgspec.json.Decoder(Profile).decode
