"""Tags: each is there until the first instant at which it has expired, and one that does not fit costs nothing else."""

import json
from datetime import datetime
from typing import Any

import pytest

from agents.batch import Record
from state.features.catalogue import catalogue
from state.policy.compiled import read_policy
from state.policy.text import PolicyError
from state.rules.rulebook import Rulebook
from tests.cases.intake import Intake, both
from tests.topology.driver import Driver

HEAD = """
name = "tags"
[time]
zone = "Europe/Berlin"
[traits]
tags = "tags"
plan = "text"
"""
POLICY = f"""{HEAD}
[[segments]]
key = "trial"
name = "On trial"
enter = '"trial" in traits.tags'
[[segments]]
key = "ended"
name = "Known, and not on trial"
enter = '"trial" not in traits.tags'
[[segments]]
key = "known"
name = "Tags are known"
enter = "traits.tags is known"
[[segments]]
key = "plan"
name = "Has its plan as a tag"
enter = "traits.plan in traits.tags"
"""


def sent(*, second: int = 0, kind: str = "identify", at: str = "", **fields: Any) -> bytes:
    at = at or f"2025-03-01T10:00:{second:02}Z"
    return json.dumps({"type": kind, "userId": "ann", "timestamp": at, "messageId": f"m{second}", **fields}).encode()


def ms(text: str) -> int:
    return round(datetime.fromisoformat(text).timestamp() * 1000)


@both
@pytest.mark.parametrize(
    ("value", "known"),
    [
        ({"vip": None, "trial": "2026-12-31"}, {"trial": "2026-12-31", "vip": None}),
        ({"promo": "2026-12-01 10:00+02"}, {"promo": "2026-12-01T08:00:00.000Z"}),
        (
            {"a": 1_750_000_000, "b": " 2026-12-31 ", "c": " "},
            {"a": "2025-06-15T15:06:40.000Z", "b": "2026-12-31", "c": None},
        ),
        (["vip", 7, None, " ", "vip"], {"7": None, "vip": None}),
        ("vip", {"vip": None}),
        ({}, {}),
        ([], {}),
    ],
)
def test_tags_are_read_with_their_expiries(intake: Intake, value: object, known: dict[str, Any]) -> None:
    result = intake([sent(traits={"tags": value})], POLICY)
    assert result.profiles["ann"]["traits"] == {"tags": known}
    assert [*result.profiles["ann"]["traits"]["tags"]] == sorted(known)
    assert (result.bounds, result.rejects) == ({}, [])


@both
@pytest.mark.parametrize(
    ("value", "known"),
    [
        ({"vip": None, "trial": "soon"}, {"vip": None}),
        (
            {"vip": "2025-02-29", "trial": True, "a": ["2025-03-01"], "b": 20250301, "c": "2026-01-01"},
            {"c": "2026-01-01"},
        ),
        (["vip", True, 1.5, {"trial": None}], {"vip": None}),
        ({"vip": {"until": "2026-01-01"}}, {}),
    ],
)
def test_what_does_not_fit_costs_that_tag(intake: Intake, value: object, known: dict[str, Any]) -> None:
    result = intake([sent(traits={"tags": value, "city": "Bonn"})], POLICY)
    assert result.profiles["ann"]["traits"] == {"city": "Bonn", "tags": known}
    assert (result.bounds, result.rejects) == ({"traits.tags has what is no tag": 1}, [])


@both
@pytest.mark.parametrize("value", [True, 1.5, "", None])
def test_what_is_no_set_at_all_leaves_or_forgets_what_was_known(intake: Intake, value: object) -> None:
    result = intake([sent(traits={"tags": ["vip"]}), sent(second=1, traits={"tags": value})], POLICY)
    assert result.profiles["ann"]["traits"] == ({} if value is None else {"tags": {"vip": None}})
    assert result.bounds == ({"traits.tags is no set of tags": 1} if value in (True, 1.5) else {})


@both
def test_what_stands_in_tags_is_no_trait_of_its_own(intake: Intake) -> None:
    around = {"traits": {"tags": {"vip": "2026-01-01", "x": "y"}, "tags_more": 1, "address": {"city": "Bonn"}}}
    for kind in ("page", "identify"):
        result = intake([sent(kind=kind, context=around)], POLICY)
        traits = result.profiles["ann"]["traits"]
        assert traits == {"address_city": "Bonn", "tags": {"vip": "2026-01-01"}, "tags_more": 1}
    result = intake([sent(context=around, traits={"tags": ["b"], "tags_c": 2})], POLICY)
    assert result.profiles["ann"]["traits"] == {
        "address_city": "Bonn",
        "tags": {"b": None},
        "tags_c": 2,
        "tags_more": 1,
    }


@both
def test_a_later_set_takes_the_place_of_an_earlier_one(intake: Intake) -> None:
    lines = [sent(traits={"tags": {"vip": None, "trial": "2026-12-31"}}), sent(second=1, traits={"tags": ["b"]})]
    assert intake(lines, POLICY).profiles["ann"]["traits"] == {"tags": {"b": None}}
    assert intake(lines[::-1], POLICY).profiles["ann"]["traits"] == {"tags": {"b": None}}


@both
def test_sets_are_bounded_but_for_what_a_condition_looks_for(intake: Intake) -> None:
    names = [f"a{number:03}" for number in range(70)]
    result = intake([sent(traits={"tags": {**dict.fromkeys(names), "trial": None}})], POLICY)
    assert [*result.profiles["ann"]["traits"]["tags"]] == [*names[:64], "trial"]
    assert result.bounds == {"trait_texts": 1}
    wanted = "x" * 300
    policy = f"{HEAD}[[segments]]\nkey = 'long'\nname = 'L'\nenter = '\"{wanted}\" not in traits.tags'\n"
    result = intake([sent(traits={"tags": {wanted: None, "y" * 300: None}})], policy)
    assert [*result.profiles["ann"]["traits"]["tags"]] == [wanted, "y" * 256]
    assert result.bounds == {"texts": 1}
    assert result.profiles["ann"]["segments"] == {}


@both
@pytest.mark.parametrize(
    ("expiry", "ends"),
    [
        ("2025-03-29", "2025-03-29T23:00:00.000Z"),
        ("2025-03-30", "2025-03-30T22:00:00.000Z"),
        ("2025-03-30T01:00:00.001Z", "2025-03-30T01:00:00.001Z"),
        ("2026-10-25", "2026-10-25T23:00:00.000Z"),
        ("2028-02-29", "2028-02-29T23:00:00.000Z"),
    ],
)
def test_a_tag_is_there_until_the_end_of_its_date_or_its_instant(intake: Intake, expiry: str, ends: str) -> None:
    line = sent(traits={"tags": {"trial": expiry, "plus": "2031-01-01"}, "plan": "plus"})
    before = intake([line], POLICY, until=ms(ends) - 1)
    assert {*before.profiles["ann"]["segments"]} == {"trial", "known", "plan"}
    after = intake([line], POLICY, until=ms(ends))
    assert {*after.profiles["ann"]["segments"]} == {"ended", "known", "plan"}
    last = [it["properties"] | {"at": it["timestamp"]} for it in after.transitions["ann"]][-2:]
    assert {(it["audience_key"], it["to"], it["at"]) for it in last} == {("trial", "out", ends), ("ended", "in", ends)}
    assert {it["why"] for it in last} == {'"trial" not in traits.tags'}
    assert {it["cause"] for it in last} == {"deadline"}


@both
def test_one_that_has_expired_already_is_never_there(intake: Intake) -> None:
    result = intake([sent(traits={"tags": {"trial": "2025-02-28", "vip": None}})], POLICY)
    assert {*result.profiles["ann"]["segments"]} == {"ended", "known"}
    assert result.profiles["ann"]["traits"] == {"tags": {"trial": "2025-02-28", "vip": None}}


@both
def test_who_has_no_tags_is_in_no_segment_of_them(intake: Intake) -> None:
    assert intake([sent(traits={"city": "Bonn"})], POLICY).profiles["ann"]["segments"] == {}


@both
def test_a_set_that_arrives_late_moves_the_deadline(intake: Intake) -> None:
    lines = [
        sent(at="2025-03-01T10:00:00Z", traits={"tags": {"trial": "2025-03-01"}}),
        sent(second=1, at="2025-03-01T23:30:00Z", kind="page"),
        sent(second=2, at="2025-03-01T22:45:00Z", traits={"tags": {"trial": "2025-03-02"}}),
    ]
    result = intake(lines, POLICY, until=ms("2025-03-04T00:00Z"))
    found = [(it["timestamp"], it["properties"]["to"]) for it in result.transitions["ann"]]
    assert found.count(("2025-03-02T23:00:00.000Z", "out")) == 1
    assert "2025-03-01T23:00:00.000Z" not in {at for at, _ in found}


def test_a_new_policy_reads_again_what_is_remembered() -> None:
    as_list = "name = 'p'\n[traits]\ntags = 'texts'\n"
    driver = Driver(Rulebook(read_policy(as_list, catalogue)))
    at = ms("2025-03-01T10:00Z")
    driver.feed([Record("customer.profiles", 0, at, b"ann", sent(traits={"tags": ["trial", "b"]}))], at)
    timeline = driver.tracker.timeline(b"ann")
    assert timeline is not None
    customer = timeline.head
    Rulebook(read_policy(POLICY, catalogue)).adopt(customer, at, [])
    assert customer.traits == {"tags": {"b": None, "trial": None}}
    assert {*customer.memberships} == {"trial", "known"}
    for policy in (as_list, "name = 'p'"):
        customer.traits = {"tags": {"b": None}}
        Rulebook(read_policy(policy, catalogue)).adopt(customer, at, [])
        assert customer.traits == {}


@pytest.mark.parametrize(
    ("enter", "message", "fix"),
    [
        ('traits.tags == "vip"', "`traits.tags` is a set of tags", 'write `"..." in traits.tags`'),
        ("traits.tags", "`traits.tags` is a set of tags, not a yes or no", "as in `traits.tags is known`"),
        ("traits.tags > 3", "`traits.tags` is a set of tags", 'write `"..." in traits.tags`'),
        ("traits.tags + 1 > 3", "`traits.tags` is a set of tags", "only numbers can be calculated with"),
        ("3 in traits.tags", "`traits.tags` is a set of tags", "ask for a text in it"),
        ('contains(traits.tags, "vip")', "`traits.tags` is a set of tags", 'write `"..." in traits.tags`'),
        ("age(traits.tags) > 3", "`traits.tags` is a set of tags", 'write `"..." in traits.tags`'),
    ],
)
def test_what_cannot_be_asked_of_tags_is_told(enter: str, message: str, fix: str) -> None:
    with pytest.raises(PolicyError) as caught:
        read_policy(f"{HEAD}[[segments]]\nkey = 's'\nname = 'S'\nenter = '{enter}'\n", catalogue)
    (problem,) = caught.value.problems
    assert message in problem.message
    assert fix in problem.fix


def test_nobody_is_excluded_by_what_expires() -> None:
    with pytest.raises(PolicyError) as caught:
        read_policy(f"{HEAD}[customers]\nexcluded = '\"test\" in traits.tags'\n", catalogue)
    assert "excluded" in caught.value.problems[0].message
