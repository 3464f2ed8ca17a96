"""Checks of a policy's values together: names that exist, limits in order, keys used once."""

import difflib
import math
from collections.abc import Iterable
from zoneinfo import ZoneInfo, available_timezones

from schemas.change import NO_STEP
from schemas.coercion import MAX_TEXT
from schemas.intake import ANY
from schemas.money import CURRENCIES
from schemas.trait_types import TYPES
from state.policy.field_paths import check_fields
from state.policy.lifecycle_checks import check_lifecycles
from state.policy.retention_checks import check_retention
from state.policy.shape import Holdout, Ladder, Policy, Segment, Step
from state.policy.signal_checks import check_signals
from state.policy.signal_shape import Signal
from state.policy.stage_checks import check_stages
from state.policy.text import PolicyText
from state.policy.toml_lines import Path
from state.policy.wrong_values import written

MAX_LADDERS = 100
"""So that every message can say all steps."""
_OTHER_WORDS = {
    **dict.fromkeys(("string", "str", "varchar"), "text"),
    **dict.fromkeys(("integer", "int", "float", "decimal"), "number"),
    **dict.fromkeys(("boolean", "bool"), "flag"),
    **dict.fromkeys(("datetime", "timestamp", "time"), "instant"),
    **dict.fromkeys(("list", "array", "set"), "texts"),
    **dict.fromkeys(("tag", "labels"), "tags"),
}
"""What other systems call the types of traits."""


def check_values(policy: Policy, source: PolicyText) -> None:
    """Report what does not fit together. A default in place of a wrong value need not fit what is beside it."""
    _check_time(policy, source)
    _check_money(policy, source)
    _check_intake(policy, source)
    _check_traits(policy.traits, source)
    check_fields(policy.context, source)
    check_lifecycles(policy, source)
    check_stages(policy.lifecycle.stages, source)
    check_retention(policy.retention, [it.key for it in policy.lifecycle.all_stages], source)
    _check_holdout(policy.holdout, source)
    _check_ladders(policy, source)
    _check_keys([(("ladders",), policy.ladders), (("segments",), policy.segments)], source)
    _check_keys([(("signals",), policy.signals)], source)
    check_signals(policy, source)


def _check_time(policy: Policy, source: PolicyText) -> None:
    zone = policy.time.zone
    try:
        ZoneInfo(zone)
    except (ValueError, OSError, KeyError):
        near = difflib.get_close_matches(zone, available_timezones(), n=1)
        fix = f'did you mean "{near[0]}"?' if near else 'write one as in "Europe/Berlin" or "UTC"'
        source.report(("time", "zone"), f'there is no time zone "{zone}"', fix)
    trait = policy.time.zone_trait
    if trait in ("kind", *policy.traits):
        told = f"`{trait}` is something else than the zone of a customer"
        source.report(("time", "zone_trait"), told, "name a trait that is not in [traits], and not `kind`")
    if 60 % policy.time.resolution_minutes:
        told = f"{policy.time.resolution_minutes} minutes do not divide an hour"
        source.report(("time", "resolution_minutes"), told, "write 1, 2, 3, 4, 5, 6, 10, 12, 15, 20, 30 or 60")
    if policy.time.day_seconds != 86400 and zone != "UTC":
        source.report(
            ("time", "day_seconds"), "a shortened day fits no time zone", 'set zone = "UTC", or leave day_seconds out'
        )


def _check_money(policy: Policy, source: PolicyText) -> None:
    places: list[tuple[Path, str]] = [(("money", "currency"), policy.money.currency)]
    places += [(("money", "rates", code), code) for code in policy.money.rates]
    for path, code in places:
        if code not in CURRENCIES:
            source.report(path, f'there is no currency "{code}"', 'write its ISO 4217 code, as in "USD"')
    if policy.money.currency in policy.money.rates and source.is_read(("money",)):
        source.report(
            ("money", "rates", policy.money.currency),
            f"{policy.money.currency} is the currency that everything is counted in",
            "leave its rate out: it is 1",
        )


def _check_intake(policy: Policy, source: PolicyText) -> None:
    for it in policy.intake.not_customers:
        plain = it.strip()
        told = f"`not_customers` has {written(it)}"
        if not plain.strip(ANY):
            source.report(("intake", "not_customers"), told, f"write something there beside blanks and {ANY}")
        elif plain.count(ANY) > 1:
            fix = f"write at most one {ANY}, which stands for anything"
            source.report(("intake", "not_customers"), told, fix)
    lowest, highest = policy.intake.rating_scale
    if lowest >= highest:
        told = "`rating_scale` does not rise"
        source.report(("intake", "rating_scale"), told, "write the lowest and the highest rating, as in [1, 5]")


def _check_traits(traits: dict[str, str], source: PolicyText) -> None:
    for name, kind in traits.items():
        path = ("traits", name)
        if not 1 <= len(name) <= MAX_TEXT:
            source.report(path, f"a trait has a name of {len(name)} characters", f"use 1 to {MAX_TEXT}")
        if kind not in TYPES:
            near = difflib.get_close_matches(kind.lower(), (*TYPES, *_OTHER_WORDS), n=1)
            fix = f'did you mean "{_OTHER_WORDS.get(near[0], near[0])}"?' if near else f"it is one of {_listed(TYPES)}"
            source.report(path, f'there is no type "{kind}" of traits', fix)
        elif name == "kind" and kind != "text":
            source.report(path, f"`kind` is a text, and not a {TYPES[kind]}", 'write kind = "text", or leave it out')


def _listed(words: Iterable[str]) -> str:
    return ", ".join(f'"{it}"' for it in words)


def _check_holdout(holdout: Holdout | None, source: PolicyText) -> None:
    if holdout is not None and not math.isclose(holdout.percent * 100, round(holdout.percent * 100), abs_tol=1e-9):
        told = f"`percent` is {holdout.percent:g}"
        source.report(("holdout", "percent"), told, "write at most two decimals")


def _check_ladders(policy: Policy, source: PolicyText) -> None:
    if len(policy.ladders) > MAX_LADDERS:
        told = f"there are {len(policy.ladders)} ladders"
        source.report(("ladders", MAX_LADDERS, "key"), told, f"write at most {MAX_LADDERS}")
    for number, ladder in enumerate(policy.ladders):
        path: Path = ("ladders", number)
        if not ladder.steps and source.is_read((*path, "steps")):
            source.report(path, f'the ladder "{ladder.key}" has no steps', "write them under [[ladders.steps]]")
        _check_keys([((*path, "steps"), ladder.steps)], source)
        for place, step in enumerate(ladder.steps):
            if step.key == NO_STEP:
                told = f'no step can have the key "{NO_STEP}", which stands for no step'
                source.report((*path, "steps", place, "key"), told, "choose another key")


def _check_keys(lists: Iterable[tuple[Path, tuple[Ladder | Step | Segment | Signal, ...]]], source: PolicyText) -> None:
    seen: dict[str, Path] = {}
    for table, entries in lists:
        for number, entry in enumerate(entries):
            path: Path = (*table, number, "key")
            first = seen.setdefault(entry.key, path)
            if first != path and entry.key:
                told = f'the key "{entry.key}" is taken by line {source.line(first)}'
                source.report(path, told, "choose another key")
