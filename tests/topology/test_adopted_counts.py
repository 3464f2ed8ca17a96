"""Under a new policy, what it counts and the one before it did not begins with its adoption, folded or not."""

import pytest

from agents.batch import Batch, Record
from agents.tracker import Tracker
from state.features.catalogue import catalogue
from state.policy.compiled import read_policy
from state.rules.rulebook import Rulebook
from tests.cases.intake import event

FIRST = 1_740_009_600_000
DAY = 86_400_000


def rules(enter: str) -> Rulebook:
    text = f"name = \"p\"\n[[segments]]\nkey = \"asked\"\nname = \"Asked\"\nenter = '''{enter}'''\n"
    return Rulebook(read_policy(text, catalogue))


def seen(number: int) -> Record:
    value = event("Product Viewed", "c", f"2025-02-20T0{number}:00:00Z", f"m{number}", channel="web")
    return Record("customer.browsing", number, FIRST + number * 3_600_000, b"c", value)


@pytest.mark.parametrize("idle_days", [0, 30])
@pytest.mark.parametrize(
    ("before", "after", "counted"),
    [
        ("orders > 5", 'count("Product Viewed", 90) >= 3', 0),
        ("orders > 5", 'count("Product Viewed", where = not channel == "web") >= 3', 0),
        ('count("Product Viewed") > 9', 'count("viewed product") >= 3', 5),
        ('count("Product Viewed", 7) > 9', 'count("Product Viewed", 90) > 90', 5),
    ],
)
def test_counts_begin_with_the_policy(before: str, after: str, counted: int, idle_days: int) -> None:
    table: dict[bytes, bytes] = {}
    old = Tracker(rules(before), 0, table)
    now = FIRST + 6 * 3_600_000
    old.apply(old.compute(Batch(0, 1, [seen(number) for number in range(5)], now)))
    for idle in range(idle_days):
        now = FIRST + (idle + 1) * DAY
        old.apply(old.compute(Batch(0, 1, [], now)))
    rulebook = rules(after)
    new = Tracker(rulebook, 0, {})
    new.upto = now
    for key, value in table.items():
        new.restore(key, value)
    new.apply(new.compute(Batch(0, 1, [], now + 1)))
    timeline = new.timeline(b"c")
    assert timeline is not None
    (feature,) = [it for it in rulebook.compiled.catalogue.features.values() if it.counts is not None]
    assert feature.formula.value(timeline.head, now + 1, rulebook.compiled.catalogue.day_of(now + 1)) == counted
