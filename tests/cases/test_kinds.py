"""Lifecycles by kind: each customer has the patience and the scores of their kind, from the event that tells it on."""

import json

import pytest

from state.features.catalogue import catalogue
from state.policy.compiled import read_policy
from state.policy.text import PolicyError
from tests.cases.days import at
from tests.cases.intake import Intake, both, event

POLICY = """
name = "kinds"
[lifecycle]
one_time_patience_days = 14
one_time_churn_days = 30
[lifecycle.patience]
method = "fixed"
days = 20
churn_days = 40
[[lifecycles]]
applies_to = "kind == 'business' and not traits.small"
one_time_patience_days = 100
one_time_churn_days = 300
[lifecycles.patience]
method = "p_alive"
limit = 0.8
churn_limit = 0.3
r = 0.243
alpha = 4.414
a = 0.793
b = 2.426
[lifecycles.support]
shorten_to = 0.25
[lifecycles.rfm]
recency_days = [50, 90, 150, 250]
[[lifecycles]]
applies_to = "kind in ['business', 'channel']"
one_time_patience_days = 60
one_time_churn_days = 80
[[segments]]
key = "lately"
name = "Lately"
enter = "recency_score == 5"
[[segments]]
key = "known_chance"
name = "Known chance"
enter = "p_alive is known"
"""


def told(customer: str, day: float, **traits: object) -> bytes:
    value = {"type": "identify", "userId": customer, "timestamp": at(day), "messageId": f"{customer}{day}"}
    return json.dumps({**value, "traits": traits}).encode()


def order(customer: str, day: float) -> bytes:
    return event("Order Completed", customer, at(day), order_id=f"{customer}{day}", total=10, currency="USD")


def visit(customer: str, day: float) -> bytes:
    return event("Product Viewed", customer, at(day))


CUSTOMERS: dict[str, dict[str, object]] = {
    "c": {},
    "b": {"kind": "business"},
    "s": {"kind": "business", "small": True},
    "h": {"kind": "channel"},
}


@both
def test_each_kind_has_its_own_silence(intake: Intake) -> None:
    lines = [
        line
        for name, traits in CUSTOMERS.items()
        for line in (told(name, 0, **traits), order(name, 1), visit(name, 350))
    ]
    result = intake(sorted(lines, key=lambda it: json.loads(it)["timestamp"]), POLICY)
    silences = {name: [when for step, when in result.stages(name) if step != "acquired"] for name in CUSTOMERS}
    assert silences == {
        "c": [at(15), at(31)],
        "b": [at(101), at(301)],
        "s": [at(61), at(81)],
        "h": [at(61), at(81)],
    }
    why = next(it["properties"]["why"] for it in result.transitions["h"] if it["properties"]["stage"] == "at_risk")
    assert why == "days_since_order 60 >= 60 (one_time_patience_days 60)"


@both
def test_the_scores_follow_the_kind(intake: Intake) -> None:
    lines = [
        told("b", 0, kind="business"),
        order("b", 1),
        order("c", 1),
        visit("c", 45),
        visit("b", 45),
        told("b", 60, small=True),
        visit("b", 61),
    ]
    result = intake(lines, POLICY)
    changes = {
        name: [
            (it["properties"]["audience_key"], it["event"].removeprefix("Audience "), it["timestamp"])
            for it in result.transitions[name]
            if "audience_key" in it["properties"]
        ]
        for name in ("b", "c")
    }
    assert changes["c"] == [("lately", "Entered", at(1)), ("lately", "Exited", at(31))]
    assert changes["b"] == [
        ("lately", "Entered", at(1)),
        ("known_chance", "Entered", at(1)),
        ("lately", "Exited", at(51)),
        ("known_chance", "Exited", at(60)),
    ]


@both
def test_a_new_kind_has_its_limits_from_its_event_on(intake: Intake) -> None:
    waits = [order("c", 1), told("c", 10, kind="business"), visit("c", 99)]
    assert intake(waits, POLICY).stages("c") == [("acquired", at(1))]
    late = [order("c", 1), told("c", 20, kind="business"), visit("c", 99)]
    assert intake(late, POLICY).stages("c") == [("acquired", at(1)), ("at_risk", at(15))]
    hurried = [told("c", 0, kind="business"), order("c", 1), told("c", 70, kind=""), visit("c", 99)]
    assert intake(hurried, POLICY).stages("c") == [("acquired", at(1)), ("churned", at(70))]


@both
def test_support_shortens_for_its_kind_alone(intake: Intake) -> None:
    lines = [
        line
        for name, traits in (("b", {"kind": "business"}), ("h", {"kind": "channel"}))
        for line in (
            told(name, 0, **traits),
            order(name, 1),
            event("Support Ticket Created", name, at(2), ticket_id=f"t{name}"),
            visit(name, 40),
        )
    ]
    result = intake(sorted(lines, key=lambda it: json.loads(it)["timestamp"]), POLICY)
    assert result.stages("b") == [("acquired", at(1)), ("at_risk", at(26))]
    assert result.stages("h") == [("acquired", at(1))]


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        (
            'applies_to = "orders > 3"',
            3,
            "in `applies_to`, column 1: `orders` is more than what traits say. ask for `kind` or traits",
        ),
        ('applies_to = "kund == 1"', 3, "in `applies_to`, column 1: there is no feature `kund`. did you mean `kind`?"),
        ("one_time_churn_days = 90", 2, "`applies_to` is missing. write it in [[lifecycles]]"),
        ('applies_to = ""', 3, '`applies_to` is "". write something there'),
        ('applies_to = " "', 3, "`applies_to` is empty. write a condition, as in `kind == 'business'`"),
        (
            'applies_to = "traits.big"\none_time_churn_days = 30',
            4,
            "one-time buyers would be churned before they are at risk. make one_time_churn_days longer",
        ),
        (
            'applies_to = "traits.big"\none_time_churn_days = "long"',
            4,
            '`one_time_churn_days` is "long". write a number',
        ),
        ('applies_to = "traits.big"\nloyal = 3', 4, "there is no `loyal` here"),
        (
            'applies_to = "traits.big"\n[lifecycles.patience]\ndays = 3',
            4,
            '`method` is missing. it is one of "rhythm", "fixed", "p_alive"',
        ),
        (
            'applies_to = "traits.big"\n[lifecycles.patience]\nmethod = "fixed"\ndays = 60\nchurn_days = 60',
            7,
            "customers would be churned before they are at risk",
        ),
        (
            'applies_to = "traits.big"\n[lifecycles.rfm]\nmonetary = [1, 2, 2, 3]',
            5,
            "`monetary` does not rise. write four limits, each above the one before",
        ),
        (
            'applies_to = "traits.big"\n[lifecycles.rfm]\nmonetary = [1, 2]',
            5,
            "`monetary` is [1, 2]. write a list of 4 numbers",
        ),
        (
            'applies_to = "traits.big"\n[lifecycles.support]\nbad_rating = 9',
            5,
            "`bad_rating` is 9, which is not on the scale of ratings",
        ),
    ],
)
def test_what_is_wrong_is_told_with_its_line(text: str, line: int, words: str) -> None:
    with pytest.raises(PolicyError) as refused:
        read_policy(f'name = "wrong"\n[[lifecycles]]\n{text}', catalogue)
    assert str(refused.value).startswith(f"line {line}: ")
    assert words in str(refused.value)


def test_a_policy_without_kinds_keeps_its_version() -> None:
    plain = read_policy('name = "p"', catalogue).version
    assert read_policy('name = "p"\nlifecycles = []', catalogue).version == plain
    other = read_policy('name = "p"\n[[lifecycles]]\napplies_to = "traits.big"', catalogue).version
    assert other != plain
