"""Measures: values of a customer that conditions read by name, and profiles have."""

from datetime import UTC, datetime, timedelta

import pytest

from state.features.catalogue import catalogue
from state.policy.compiled import read_policy
from state.policy.summary import summarize
from state.policy.text import PolicyError
from tests.cases.intake import Intake, Result, both, event

FIRST = datetime(2024, 1, 10, 12, tzinfo=UTC)
APP = """
[[measures]]
name = "app_orders"
value = '''
count("Order Completed", 30,
      where = channel == "app")'''
[[measures]]
name = "app_share"
value = "app_orders / orders_30d"
"""


def policy(enter: str, measures: str = APP) -> str:
    return f"name = \"cases\"\n{measures}[[segments]]\nkey = \"asked\"\nname = \"Asked\"\nenter = '''{enter}'''\n"


def at(day: float) -> str:
    return (FIRST + timedelta(days=day)).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def ordered(day: float, **properties: object) -> bytes:
    return event("Order Completed", "c", at(day), f"o{day}", order_id=f"o{day}", total=5, **properties)


def joined(result: Result) -> list[tuple[str, str, str]]:
    return [
        (it["event"].removeprefix("Audience "), it["timestamp"], it["properties"]["why"])
        for it in result.transitions.get("c", [])
        if "audience_key" in it["properties"]
    ]


LINES = [ordered(0, channel="web"), ordered(1, channel="app"), ordered(2, channel="app")]


@both
def test_a_condition_reads_a_measure_by_its_name_and_says_so(intake: Intake) -> None:
    result = intake(LINES, policy("app_orders >= 2"), int(FIRST.timestamp() * 1000) + 60 * 86_400_000)
    assert joined(result) == [
        ("Entered", at(2), "app_orders 2 >= 2"),
        ("Exited", "2024-02-10T00:00:00.000Z", "app_orders 1 < 2"),
    ]


@both
def test_a_measure_is_calculated_from_those_before_it(intake: Intake) -> None:
    result = intake(LINES, policy("app_share > 0.6"))
    assert joined(result) == [("Entered", at(2), "app_share 0.6667 > 0.6")]
    assert result.profiles["c"]["measures"] == {"app_orders": 2, "app_share": 0.6667}


@both
def test_a_measure_that_nothing_reads_is_not_in_the_profile_unless_it_is_asked_for(intake: Intake) -> None:
    result = intake(LINES, policy("orders >= 1"))
    assert result.profiles["c"]["measures"] == {}
    shown = APP.replace('"app_orders"', '"app_orders"\nprofile = true', 1)
    result = intake(LINES, policy("orders >= 1", shown))
    assert result.profiles["c"]["measures"] == {"app_orders": 2}


def test_a_measure_that_nothing_reads_counts_nothing() -> None:
    assert read_policy(policy("orders >= 1"), catalogue).counted_events == {}
    assert read_policy(policy("app_share >= 1"), catalogue).counted_events.keys() == {"Order Completed"}


@both
def test_texts_and_flags_can_be_measures(intake: Intake) -> None:
    measures = '[[measures]]\nname = "plan"\nvalue = "traits.plan"\n[[measures]]\nname = "ok"\nvalue = "loyal"\n'
    line = event("Product Viewed", "c", at(1), "v", category="x").replace(
        b'"properties"', b'"context": {"traits": {"plan": "gold"}}, "properties"'
    )
    result = intake([line], policy('plan == "gold" and not ok', measures))
    assert joined(result) == [("Entered", at(1), 'plan "gold" == "gold"; not ok')]
    assert result.profiles["c"]["measures"] == {"plan": "gold", "ok": False}


def test_the_summary_names_them() -> None:
    told = summarize(read_policy(policy("app_orders >= 2"), catalogue))
    assert 'app_orders is count("Order Completed", 30, where = channel == "app")\n' in told
    assert "app_share is app_orders / orders_30d (nothing reads it, and it costs nothing)" in told


def measure(name: str, value: str) -> str:
    return f"[[measures]]\nname = \"{name}\"\nvalue = '''{value}'''\n"


@pytest.mark.parametrize(
    ("measures", "enter", "told"),
    [
        (measure("a", "ordrs_30d"), "orders > 1", "line 4: in `value`, column 1: there is no feature `ordrs_30d`. did"),
        (
            measure("a", "\ncount('A',\n  400) +\n nothing"),
            "a > 1",
            "line 7: in `value`, column 2: there is no feature `nothing`",
        ),
        (measure("a", "b") + measure("b", "orders"), "orders > 1", "there is no feature `b`"),
        (measure("a", "orders") + measure("a", "items"), "a > 1", "line 6: there are two measures `a`"),
        (measure("orders", "items"), "orders > 1", "`orders` is a feature, and cannot be the name of a measure"),
        (measure("orders_33d", "items"), "orders > 1", "`orders_33d` is a feature"),
        (measure("count", "items"), "orders > 1", "`count` is a function, and cannot be"),
        (measure("known", "items"), "orders > 1", "`known` means something else in conditions"),
        (measure("and", "items"), "orders > 1", "`and` means something else in conditions"),
        (measure("a", "2 * 3"), "orders > 1", "`2 * 3` never changes. name a feature, a trait or a call"),
        (measure("a", "categories"), "orders > 1", "`categories` is a list of texts. a measure is one value"),
        (measure("a", "orders > 1"), "orders > 1", "in `value`, column 1: `orders > 1` is a condition, and no value"),
        (APP, "app_ordrs > 1", "there is no feature `app_ordrs`. did you mean `app_orders`"),
        (measure("App", "orders"), "orders > 1", '`name` is "App". write small letters, digits and underscores'),
        (measure("a", "nothing") + measure("b", "a + 1"), "b > 1", "there is no feature `nothing`"),
        (APP + "profil = true\n", "orders > 1", "`profil`"),
        (APP + 'profile = "yes"\n', "app_share > 1", '`profile` is "yes". write true or false'),
    ],
)
def test_a_wrong_measure_is_told_once_with_its_place(measures: str, enter: str, told: str) -> None:
    with pytest.raises(PolicyError) as refused:
        read_policy(policy(enter, measures), catalogue)
    assert told in str(refused.value)
    assert len(refused.value.problems) == 1


def test_measures_of_measures_are_bounded() -> None:
    doubled = [measure("a0", "orders"), *(measure(f"a{n}", f"a{n - 1} + a{n - 1}") for n in range(1, 40))]
    with pytest.raises(PolicyError) as refused:
        read_policy(policy("orders > 1", "".join(doubled)), catalogue)
    assert refused.value.problems[0].message.endswith("`a6` reads 127 values")
