"""Declared traits: read where a value can mean only one thing, and what does not fit costs that trait alone."""

import json
from typing import Any

import pytest

from agents.batch import Record
from state.features.catalogue import catalogue
from state.policy.compiled import read_policy
from state.rules.rulebook import Rulebook
from tests.cases.intake import Intake, both
from tests.topology.driver import Driver

POLICY = """
name = "traits"
[time]
zone = "Europe/Berlin"
[traits]
born_on = "date"
renewal_at = "instant"
interests = "texts"
plan = "text"
score = "number"
vip = "flag"
address_postcode = "text"
[[segments]]
key = "sporty"
name = "Interested in sport"
enter = '"sport" in traits.interests'
[[segments]]
key = "elsewhere"
name = "Interested, but not in sport"
enter = '"sport" not in traits.interests'
[[segments]]
key = "near"
name = "Near"
enter = 'starts_with(traits.address_postcode, "10")'
[[segments]]
key = "chief"
name = "Chief"
enter = 'contains(traits.title, "CEO")'
"""


def sent(*, second: int = 0, kind: str = "identify", **fields: Any) -> bytes:
    at = f"2025-03-01T10:00:{second:02}Z"
    return json.dumps({"type": kind, "userId": "ann", "timestamp": at, "messageId": f"m{second}", **fields}).encode()


@both
@pytest.mark.parametrize(
    ("name", "value", "known"),
    [
        ("plan", "plus", "plus"),
        ("plan", 7, "7"),
        ("plan", "", ""),
        ("score", 4, 4),
        ("score", 4.0, 4),
        ("score", " +4.50 ", 4.5),
        ("score", "7", 7),
        ("score", 2**63 - 1, 2**63 - 1),
        ("score", 10**30, 1e30),
        ("vip", True, True),
        ("vip", " False ", False),
        ("vip", 1, True),
        ("vip", "0", False),
        ("born_on", " 1984-02-29 ", "1984-02-29"),
        ("born_on", "1899-12-31", "1899-12-31"),
        ("born_on", "1990-04-30T22:30:00Z", "1990-05-01"),
        ("born_on", "1955-12-31T23:30:00Z", "1956-01-01"),
        ("born_on", 946_684_799, "2000-01-01"),
        ("renewal_at", "2025-06-30 12:00+02", "2025-06-30T10:00:00.000Z"),
        ("renewal_at", "1900-01-01T00:00:00.0009Z", "1900-01-01T00:00:00.000Z"),
        ("renewal_at", 1_750_000_000, "2025-06-15T15:06:40.000Z"),
        ("renewal_at", "1750000000000", "2025-06-15T15:06:40.000Z"),
        ("interests", ["sport", "tea", "sport", 7, None, " "], ["sport", "tea", "7"]),
        ("interests", "sport", ["sport"]),
        ("interests", [], []),
    ],
)
def test_what_can_mean_only_one_thing_is_read(intake: Intake, name: str, value: object, known: object) -> None:
    result = intake([sent(traits={name: value})], POLICY)
    assert result.profiles["ann"]["traits"] == {name: known}
    assert (result.bounds, result.rejects) == ({}, [])
    assert type(result.profiles["ann"]["traits"][name]) is type(known)


@both
@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("plan", 7.5, "text"),
        ("plan", True, "text"),
        ("plan", ["plus"], "text"),
        ("score", "1,000", "number"),
        ("score", True, "number"),
        ("score", "1" * 400, "number"),
        ("score", {"value": 5}, "number"),
        ("vip", "yes", "flag"),
        ("vip", 2, "flag"),
        ("born_on", "1985-02-29", "date"),
        ("born_on", "29.02.1984", "date"),
        ("born_on", 19840229, "date"),
        ("born_on", "1984-02-29T00:00:00", "date"),
        ("renewal_at", "2025-06-30", "instant"),
        ("renewal_at", "soon", "instant"),
        ("interests", ["sport", {"name": "tea"}], "list of texts"),
        ("interests", ["sport", True], "list of texts"),
        ("interests", 1.5, "list of texts"),
    ],
)
def test_what_does_not_fit_costs_that_trait_of_that_event(intake: Intake, name: str, value: object, told: str) -> None:
    fits = {"plan": "plus", "score": 1, "vip": True, "born_on": "1984-02-29", "interests": ["tea"]}
    known = {**fits, "renewal_at": "2025-06-30T10:00:00.000Z"}
    result = intake([sent(traits=known), sent(second=1, traits={name: value, "city": "Bonn"})], POLICY)
    traits = result.profiles["ann"]["traits"]
    assert {it: traits[it] for it in known} == known
    assert traits["city"] == "Bonn"
    assert result.bounds == {f"traits.{name} is no {told}": 1}
    assert result.rejects == []


@both
def test_a_number_that_no_double_holds_costs_nothing_else(intake: Intake) -> None:
    line = sent(traits={"score": 77, "interests": ["tea"], "city": "Bonn"}).replace(b"77", b"1e400")
    result = intake([line], POLICY)
    assert result.profiles["ann"]["traits"] == {"city": "Bonn", "interests": ["tea"]}
    assert result.bounds == {"traits.score is no number": 1}


@both
def test_blank_says_nothing_and_null_forgets(intake: Intake) -> None:
    known = {"born_on": "1984-02-29", "score": 1, "interests": ["tea"], "vip": True}
    blank = dict.fromkeys(known, " ")
    result = intake([sent(traits=known), sent(second=1, traits=blank)], POLICY)
    assert result.profiles["ann"]["traits"] == known
    result = intake([sent(traits=known), sent(second=1, traits={"score": None, "interests": None})], POLICY)
    assert result.profiles["ann"]["traits"] == {"born_on": "1984-02-29", "vip": True}
    assert result.bounds == {}


@both
def test_traits_around_an_event_are_read_as_their_types_too(intake: Intake) -> None:
    around = {"interests": ["sport"], "address": {"postcode": 10115}, "score": "5"}
    result = intake([sent(kind="page", context={"traits": around})], POLICY)
    traits = {"address_postcode": "10115", "interests": ["sport"], "score": 5}
    assert result.profiles["ann"]["traits"] == traits
    assert set(result.profiles["ann"]["segments"]) == {"sporty", "near"}


@both
def test_the_own_trait_of_an_identify_is_the_one_that_is_read(intake: Intake) -> None:
    line = sent(traits={"score": "many"}, context={"traits": {"score": 5, "vip": "true"}})
    result = intake([line], POLICY)
    assert result.profiles["ann"]["traits"] == {"vip": True}
    assert result.bounds == {"traits.score is no number": 1}


@both
def test_a_list_decides_and_a_missing_one_does_not(intake: Intake) -> None:
    lists: list[object] = [["tea", "sport"], ["tea"], [], None]
    result = intake([sent(second=at, traits={"interests": each}) for at, each in enumerate(lists)], POLICY)
    told = [(it["properties"]["audience_key"], it["properties"]["to"]) for it in result.transitions["ann"]]
    assert told == [("sporty", "in"), ("sporty", "out"), ("elsewhere", "in"), ("elsewhere", "out")]
    whys = [it["properties"]["why"] for it in result.transitions["ann"]]
    assert whys == [
        '"sport" in traits.interests',
        '"sport" not in traits.interests',
        '"sport" not in traits.interests',
        "traits.interests is not known",
    ]


@both
def test_a_list_is_bounded_but_not_by_what_the_policy_looks_for(intake: Intake) -> None:
    many = [f"t{number}" for number in range(100)]
    result = intake([sent(traits={"interests": [*many, "sport", "x" * 300]})], POLICY)
    assert result.profiles["ann"]["traits"]["interests"] == [*many[:64], "sport"]
    assert set(result.profiles["ann"]["segments"]) == {"sporty"}
    assert result.bounds == {"trait_texts": 1, "texts": 1}


@both
def test_a_declared_trait_comes_before_all_others(intake: Intake) -> None:
    many = {f"a{number:03}": number for number in range(300)}
    traits = intake([sent(traits={**many, "score": "5", "interests": ["tea"]})], POLICY).profiles["ann"]["traits"]
    assert (traits["score"], traits["interests"]) == (5, ["tea"])


@both
def test_functions_of_texts_heed_the_case_and_need_a_text(intake: Intake) -> None:
    chief = intake([sent(traits={"title": "The CEO", "address": {"postcode": "10117"}})], POLICY)
    assert set(chief.profiles["ann"]["segments"]) == {"near", "chief"}
    assert chief.figure("ann", 'contains(traits.title, "CEO")') is True
    other = intake([sent(traits={"title": "ceo", "address_postcode": "20117"})], POLICY)
    assert set(other.profiles["ann"]["segments"]) == set()
    assert intake([sent(traits={"title": 5})], POLICY).figure("ann", 'contains(traits.title, "CEO")') is None


@both
def test_lists_of_other_texts_are_other_contents(intake: Intake) -> None:
    one = sent(traits={"interests": ["tea"]})
    result = intake([one, one, sent(traits={"interests": ["sport"]})], POLICY)
    assert (result.duplicates, [reason for _, reason in result.rejects]) == (1, ["conflict"])


def test_what_is_remembered_is_read_again_under_a_new_policy() -> None:
    before = Rulebook(read_policy('name = "a"\n[traits]\ntags = "texts"\ninterests = "texts"\n', catalogue))
    after = Rulebook(read_policy(POLICY, catalogue))
    driver = Driver(before)
    known = {"tags": ["a"], "interests": ["sport"], "score": "5", "born_on": "May", "renewal_at": 1_750_000_000}
    line = sent(traits=known)
    driver.feed([Record("customer.profiles", 0, 1_740_823_200_000, b"ann", line)], 1_740_823_200_000)
    timeline = driver.tracker.timeline(b"ann")
    assert timeline is not None
    customer = timeline.head
    assert customer.traits == {**known, "tags": ("a",), "interests": ("sport",)}
    after.adopt(customer, customer.at, [])
    assert customer.traits == {"interests": ("sport",), "renewal_at": "2025-06-15T15:06:40.000Z", "score": 5}
    assert set(customer.memberships) == {"sporty"}
