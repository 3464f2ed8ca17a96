"""The published catalogue: complete, and derived from the features and the policy alone."""

import re
from dataclasses import replace

import pytest
from msgspec import structs

from state.conditions.catalogue import Catalogue
from state.conditions.features import Feature
from state.conditions.formula import Formula
from state.conditions.functions import Function, Parameter, Sort
from state.customer.parts import ORDERS
from state.customer.purchases import Purchases
from state.features.catalogue import catalogue
from state.features.published import PART_NAMES, published
from state.features.published_shape import PublishedCatalogue, PublishedFeature
from state.policy.compiled import read_policy
from state.policy.shape import Policy
from tests.support.programs import ROOT

LOYAL = '[lifecycle.loyal]\nenter = "orders_365d >= 6"\nleave = "orders_365d < 4"\n'
LADDER = '[[ladders]]\nkey = "l"\nname = "L"\n[[ladders.steps]]\nkey = "s"\nname = "S"\nenter = "orders > 1"\n'
HOLDOUT = '[holdout]\nname = "spring"\npercent = 5\n'
SIGNAL = '[[signals]]\nkey = "g"\nname = "G"\nsteps = [{event = "A"}]\n'
SEGMENT = '[[segments]]\nkey = "k"\nname = "K"\nenter = """{}"""\n'


def made(text: str, make: object = catalogue) -> PublishedCatalogue:
    return published(read_policy(f'name = "p"\n{text}', make))  # type: ignore[arg-type]


def reading(condition: str) -> dict[str, PublishedFeature]:
    """The rows, by their names, under a policy with a segment of this condition."""
    found = made(LOYAL + HOLDOUT + SEGMENT.format(condition))
    return {row.name: row for row in (*found.features, *found.windowed)}


ROWS = reading("orders > 1")


def test_the_rules_of_every_value_are_in_semantics_and_no_others() -> None:
    section = (ROOT / "docs" / "semantics.md").read_text("utf-8").partition("\n## 5. ")[2].partition("\n## 6. ")[0]
    cells = re.findall(r"^\| (`.*?) \|", section, re.MULTILINE)
    named = {it.partition("(")[0] for it in re.findall(r"`([^`]+)`", " ".join(cells))}
    whole = made(LOYAL + LADDER + SIGNAL + SEGMENT.format("loyal"))
    assert named == {*ROWS, *(it.name for it in whole.functions)}


@pytest.mark.parametrize("name", ROWS)
def test_a_row_says_everything(name: str) -> None:
    row = ROWS[name]
    assert row.meaning
    assert row.events
    assert row.parts
    assert row.unit or not row.type == "number"
    assert re.search(r"\d{3}", row.meaning) is None or name in ("frequency_score", "monetary_score")


@pytest.mark.parametrize("days", [1, 7, 400])
def test_every_part_that_a_feature_reads_has_a_name(days: int) -> None:
    every = catalogue(Policy(name="p"))
    for feature in (*every.features.values(), *every.windowed(days)):
        assert feature.parts & ~sum(PART_NAMES) == 0, f"{feature.name}: name the part in state/features/published.py"


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("orders", "no"),
        ("days_since_order", "rises continuously"),
        ("p_alive", "falls continuously"),
        ("recency_score", "falls in steps"),
        ("frequency_score", "falls at midnight"),
        ("orders_Nd", "falls at midnight"),
        ("average_rating_Nd", "at midnight"),
        ("stage", "at a deadline"),
        ("days_in_stage", "rises continuously"),
        ("kind", "no"),
        ("traits.NAME", "no"),
    ],
)
def test_how_a_value_changes_by_time_alone(name: str, told: str) -> None:
    assert ROWS[name].by_time_alone == told


@pytest.mark.parametrize(
    ("name", "one", "not_one"),
    [
        ("orders", "Order Refunded", "page"),
        ("views_Nd", "page", "Products Searched"),
        ("searches_Nd", "Products Searched", "page"),
        ("sessions_Nd", "Product Removed", "Coupon Applied"),
        ("coupons_Nd", "Coupon Applied", "page"),
        ("tickets_open", "Live Chat Conversation Ended", "Order Completed"),
        ("stage", "Order Completed", "Support Ticket Rated"),
    ],
)
def test_the_events_follow_from_what_is_read(name: str, one: str, not_one: str) -> None:
    assert one in ROWS[name].events
    assert not_one not in ROWS[name].events


def test_a_function_of_an_event_comes_from_that_event() -> None:
    found = made(LOYAL + SEGMENT.format("count('App Opened', 7) > 1 or count('Order Completed') > 3"))
    examples = {it.name: it.example for it in found.functions}
    assert examples["days_since_last"].events == examples["days_since_last"].parts == ("App Opened",)
    assert examples["count"].read_as == ('count("App Opened", 7)', 'count("Order Completed")')
    assert examples["count"].by_time_alone == "falls at midnight"
    every = {row.name: row.events for row in found.features}
    assert "App Opened" in every["days_known"]
    assert "App Opened" in every["traits.NAME"]
    assert "App Opened" not in every["orders"]


def test_the_lifecycle_comes_from_what_the_policy_decides_it_by() -> None:
    def lifecycle(text: str) -> set[str]:
        return set(made(text + SEGMENT.format("loyal")).parts["lifecycle"])

    orders = lifecycle(LOYAL)
    assert lifecycle(LOYAL + "[lifecycle.support]\nopen_days = 3\n") > orders | {"Support Ticket Rated"}
    assert lifecycle(LOYAL.replace("orders_365d >= 6", "views_7d >= 6")) == orders | set(ROWS["views_Nd"].events)
    counting = LOYAL.replace("orders_365d >= 6", "count('Trial Started') >= 1")
    assert lifecycle(counting) == orders | {"Trial Started"}


def test_own_stages_come_from_what_their_conditions_read() -> None:
    stages = '[[lifecycle.stages]]\nkey = "a"\nenter = \'count("App Opened", 7) > 1 or days_since_visit < 3\'\n'
    rows = {row.name: row for row in made(f'{stages}[[lifecycle.stages]]\nkey = "b"\n').features}
    assert {"App Opened", "Product Viewed", "Order Completed"} <= {*rows["stage"].events}
    kinds = '[[lifecycles]]\napplies_to = "traits.big"\none_time_patience_days = 5\n'
    rows = {row.name: row for row in made(kinds).features}
    assert "identify" in rows["stage"].events


def test_what_the_conditions_read_is_marked_and_what_no_condition_reads_is_not() -> None:
    rows = reading("orders_7d > 1 and orders_400d > 1 or traits.vip or kind == 'business' and average_rating_90d > 3")
    marked = {name: row.read_as for name, row in rows.items() if row.read_as}
    assert marked == {
        "orders_Nd": ("orders_7d", "orders_365d", "orders_400d"),
        "average_rating_Nd": ("average_rating_90d",),
        "traits.NAME": ("traits.vip",),
        "kind": ("kind",),
    }


def test_units_are_those_of_the_policy() -> None:
    found = made('[money]\ncurrency = "JPY"\n[intake]\nrating_scale = [0, 10]\n')
    rows = {row.name: row for row in (*found.features, *found.windowed)}
    assert rows["revenue"].unit == rows["discount_Nd"].unit == "JPY"
    assert rows["last_rating"].unit == "0 to 10"


def _at_least(purchases: Purchases, most: int) -> bool:
    return purchases.count() >= most


def _bought(name: str, days: int) -> Feature:
    return Feature(name=name, unit="", meaning=f"at least {days}", formula=Formula(_at_least, most=days), parts=ORDERS)


BOUGHT = Function(
    name="bought",
    parameters=(Parameter(name="days", sort=Sort.DAYS),),
    feature=_bought,
    meaning="whether there are so many",
    example="bought(3)",
)


def with_function(policy: Policy) -> Catalogue:
    return replace(catalogue(policy), functions={"bought": BOUGHT})


def test_a_function_is_described_by_its_example_and_marked_by_its_calls() -> None:
    found = made(LOYAL + SEGMENT.format("bought(5) or bought( 12 )"), with_function)
    (function,) = found.functions
    assert (function.name, function.meaning) == ("bought", "whether there are so many")
    assert [(it.name, it.takes, it.is_needed) for it in function.parameters] == [
        ("days", "a whole number of days", True)
    ]
    example = function.example
    assert (example.name, example.type, example.by_time_alone) == ("bought(3)", "flag", "no")
    assert example.events == ROWS["orders"].events
    assert example.read_as == ("bought(12)", "bought(5)")
    assert not [row for row in found.features if "(" in row.name]


def test_a_function_of_a_trait_is_described_whatever_the_policy_declares() -> None:
    traits = "".join(f'{name} = "number"\n' for name in ("birth_date", "signed_on", "renewal_on", "title"))
    found = {it.name: it.example for it in made(f"[traits]\n{traits}when = 'date'\n").functions}
    assert found["age"].by_time_alone == "rises at midnight"
    assert found["days_until_anniversary"].by_time_alone == "at midnight"
    assert found["days_since"].by_time_alone == "rises continuously"
    assert found["days_until"].by_time_alone == "falls continuously"
    assert found["contains"].by_time_alone == "no"
    assert found["age"].parts == ("traits",)


def test_the_types_of_traits_are_those_that_the_policy_declares_besides() -> None:
    assert ROWS["traits.NAME"].type == "text, number, flag"
    rows = {it.name: it for it in made('[traits]\na = "texts"\nb = "date"\nc = "flag"\n').features}
    assert rows["traits.NAME"].type == "text, number, flag, list of texts, date"


def test_to_describe_the_catalogue_asks_nothing_of_customers() -> None:
    compiled = read_policy('name = "p"\n', with_function)
    before = list(compiled.catalogue.features)
    published(compiled)
    assert list(compiled.catalogue.features) == before


def test_a_feature_of_no_part_comes_from_any_event() -> None:
    assert ROWS["days_known"].parts == ("any event",)
    assert "identify" in ROWS["days_known"].events


def test_what_a_policy_must_declare_first_is_told_with_how() -> None:
    def undeclared(text: str) -> dict[str, str]:
        return {it.example.name: it.needs for it in made(text).undeclared}

    assert undeclared("") == {
        'step("tier")': "[[ladders]]",
        'in_segment("vip")': "[[segments]]",
        'days_since_signal("cart")': "[[signals]]",
        "holdout": "[holdout]",
    }
    assert undeclared(SIGNAL + LADDER) == {'in_segment("vip")': "[[segments]]", "holdout": "[holdout]"}
    assert undeclared(SIGNAL + LADDER + HOLDOUT + SEGMENT.format("loyal")) == {}


@pytest.mark.parametrize("declared", [LADDER, SIGNAL, HOLDOUT, SEGMENT.format("loyal")])
def test_it_is_told_as_it_would_be_if_it_were_declared(declared: str) -> None:
    def told(row: PublishedFeature) -> PublishedFeature:
        events = tuple(it for it in row.events if it != "A")  # which only the policy with the signal counts
        return structs.replace(row, name=row.name.partition("(")[0], events=events)

    before, after = made(""), made(declared)
    (missing,) = {it.needs for it in before.undeclared} - {it.needs for it in after.undeclared}
    assert declared.startswith(missing)
    (row,) = [told(it.example) for it in before.undeclared if it.needs == missing]
    of_functions = [told(structs.replace(it.example, meaning=it.meaning, values=())) for it in after.functions]
    assert row in [*after.features, *of_functions]
    assert set(row.parts) <= set(before.parts), "the page says from which events it comes"
