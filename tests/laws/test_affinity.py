"""Affinity is what a list of everything says, at every instant; what changes by time alone does so at its first one."""

from fractions import Fraction
from typing import NamedTuple

from hypothesis import assume, given
from hypothesis import strategies as st

from schemas.events import AnyFact, Browsed, OrderCancelled, OrderCompleted, OrderRefunded, OrderUpdated, Trait
from state.conditions.condition import Condition
from state.customer.customer import Customer, first_seen
from state.customer.packing import pack, unpack
from state.features.catalogue import catalogue
from state.policy.compiled import read_policy
from state.rules.rulebook import Rulebook

DAY = 86_400_000
START = 1_600_000_000_000
WINDOWS = (1, 5, 30)
VALUES = ("a", "b", "c")
SAID: tuple[tuple[str, ...], ...] = ((), ("a",), ("b",), ("c",), ("a", "b"), ("b", "a"), ("c", "b", "a"))
CONDITIONS = (
    'share("category", "a", {weight}, {days}) >= 0.5',
    'share("category", "a", {weight}, {days}) == 0.5',
    'share("category", "a", {weight}, {days}) < top_share("category", {weight}, 30) / 2',
    'share("category", "b", {weight}, {days}) - share("category", "c", {weight}, 5) > 0',
    'top("category", {weight}, {days}) == "b"',
    'top("category", {weight}, {days}) != "b"',
    'top("category", {weight}, {days}) not in ["a", "c"]',
    'top("category", {weight}, {days}) is not known',
    'top_share("category", {weight}, {days}) <= 0.6',
)


def rules_of(conditions: list[str]) -> Rulebook:
    segments = [
        f"[[segments]]\nkey = \"s{it}\"\nname = \"S\"\nenter = '''{text}'''" for it, text in enumerate(conditions)
    ]
    return Rulebook(read_policy("\n".join(['name = "affinity"', *segments]), catalogue))


RULES = {
    (weight, days): rules_of([it.format(weight=weight, days=days) for it in CONDITIONS])
    for weight in ("views", "orders", "revenue")
    for days in WINDOWS
}


class Given(NamedTuple):
    """What fell to which value on a day; ``whole`` is that of all values together."""

    day: int
    whole: int
    values: dict[str, int]


@st.composite
def histories(draw: st.DrawFn) -> list[AnyFact]:
    """Views and orders of a few categories over some weeks, and what befalls these orders."""
    made: list[AnyFact] = []
    at = START
    for number in range(draw(st.integers(1, 14))):
        at += draw(st.sampled_from((0, 1, DAY // 2, DAY, 2 * DAY, 4 * DAY, 13 * DAY)))
        message, order = f"m{number}", f"o{draw(st.integers(0, 5))}"
        values = draw(st.sampled_from(SAID))
        amounts = tuple(str(draw(st.sampled_from((0, 100, 250)))) for _ in values)
        said: dict[str, Trait] = {"categories": values} if values else {}
        if draw(st.booleans()) and values:
            said["amounts of categories"] = amounts
        total = draw(st.sampled_from((0, 100, 700)))
        choices: tuple[AnyFact, ...] = (
            Browsed(at, message, "Product Viewed", properties=said),
            OrderCompleted(at, message, f"{order}-{number}", total, 1, (), properties=said),
            OrderCompleted(at, message, order, total, 1, (), properties=said),
            OrderUpdated(at, message, order, total, 1, (), properties=said),
            OrderCancelled(at, message, order),
            OrderRefunded(at, message, order, draw(st.sampled_from((50, None)))),
        )
        made.append(draw(st.sampled_from(choices)))
    return made


def fell(weight: str, fact: Browsed | OrderCompleted | OrderUpdated, day: int) -> Given:
    said = fact.properties or {}
    values, amounts = said.get("categories", ()), said.get("amounts of categories")
    assert isinstance(values, tuple)
    if weight != "revenue":
        return Given(day, 1 if values else 0, dict.fromkeys(values, 1))
    assert not isinstance(fact, Browsed)
    if isinstance(amounts, tuple):
        by_value = {value: int(amount) for value, amount in zip(values, amounts, strict=True)}
    else:
        by_value = dict.fromkeys(values, fact.total) if len(values) == 1 else {}
    return Given(day, sum(by_value.values()), by_value)


def everything(weight: str, history: list[AnyFact], standing: dict[str, int]) -> list[Given]:
    """What fell to which value in all views, or in the orders that stand, by their instants."""
    if weight == "views":
        return [fell(weight, it, it.at // DAY) for it in history if isinstance(it, Browsed)]
    found = []
    for order, at in standing.items():
        about = [it for it in history if isinstance(it, OrderCompleted | OrderUpdated) and it.order_id == order]
        found.append(fell(weight, [it for it in about if it.at >= at][-1], at // DAY))
    return found


def applied(history: list[AnyFact], rules: Rulebook) -> tuple[Customer, dict[str, int]]:
    """The customer, and the instants of the orders that stand; a history of undone orders that come again is passed."""
    customer = first_seen(history[0].at)
    standing: dict[str, int] = {}
    gone: set[str] = set()
    for fact in history:
        before = customer.purchases.count()
        rules.apply_event(customer, fact)
        after = customer.purchases.count()
        if after > before:
            assert isinstance(fact, OrderCompleted)
            standing[fact.order_id] = fact.at
        if after < before:
            assert isinstance(fact, OrderCancelled | OrderRefunded)
            del standing[fact.order_id]
            gone.add(fact.order_id)
        assume(not (isinstance(fact, OrderCompleted | OrderUpdated) and fact.order_id in gone))
    return customer, standing


def condition(rules: Rulebook, number: int) -> Condition:
    return rules.compiled.segments[number].enter


@given(histories(), st.sampled_from(sorted(RULES)), st.integers(0, 35))
def test_shares_and_favourites_are_what_a_list_of_everything_says(
    history: list[AnyFact], asked: tuple[str, int], later: int
) -> None:
    weight, days = asked
    rules = RULES[asked]
    customer, standing = applied(history, rules)
    at = history[-1].at + later * DAY
    today = at // DAY
    within = [it for it in everything(weight, history, standing) if it.day > today - days]
    whole = sum(it.whole for it in within)
    by_value = {value: sum(it.values.get(value, 0) for it in within) for value in VALUES}
    most = max(by_value.values())
    features = rules.compiled.catalogue.features
    found = [
        features[name].formula.exact(unpack(pack(customer)), at, today)
        for name in (
            f'share("category", "a", {weight}, {days})',
            f'top("category", {weight}, {days})',
            f'top_share("category", {weight}, {days})',
        )
    ]
    assert found == [
        Fraction(by_value["a"], whole) if whole else None,
        min(value for value in VALUES if by_value[value] == most) if most else None,
        Fraction(most, whole) if whole else None,
    ]


@given(histories(), st.sampled_from(sorted(RULES)), st.sampled_from(range(len(CONDITIONS))))
def test_a_condition_begins_at_the_first_midnight_at_which_it_holds(
    history: list[AnyFact], asked: tuple[str, int], number: int
) -> None:
    rules = RULES[asked]
    customer, _ = applied(history, rules)
    at = history[-1].at
    each = condition(rules, number)
    assume(not each.holds(customer, at))
    midnights = [(at // DAY + later) * DAY for later in range(1, 40)]
    assert not any(each.holds(customer, it - 1) for it in midnights[:1])
    first = next((it for it in midnights if each.holds(customer, it)), None)
    assert each.begins(customer, at) == first
    if first is not None:
        assert not each.holds(customer, first - 1)


@given(histories(), st.sampled_from(sorted(RULES)))
def test_orders_undone_leave_no_trace(history: list[AnyFact], asked: tuple[str, int]) -> None:
    rules = RULES[asked]
    end = history[-1].at
    orders = [it for it in history if isinstance(it, OrderCompleted)]
    extra: list[AnyFact] = [
        OrderCompleted(it.at, f"x{it.message_id}", f"x-{it.message_id}", it.total, 1, (), properties=it.properties)
        for it in orders
    ]
    undone: list[AnyFact] = [OrderCancelled(end, f"y{it.message_id}", f"x-{it.message_id}") for it in orders]
    undone.append(OrderCancelled(end, "z", "never placed"))
    plain, _ = applied([*history, undone[-1]], rules)
    mixed, _ = applied([*sorted([*history, *extra], key=lambda it: it.at), *undone], rules)
    today = end // DAY
    for name, feature in rules.compiled.catalogue.features.items():
        if feature.tallies is not None:
            assert feature.formula.exact(plain, end, today) == feature.formula.exact(mixed, end, today), name
    assert mixed.activity.tallies.orders == plain.activity.tallies.orders
    assert remembered(mixed, today, rules) == remembered(plain, today, rules)


def remembered(customer: Customer, today: int, rules: Rulebook) -> dict[tuple[int, str], list[int]]:
    """The days of each value that some window of its tally still reaches; older ones are dropped at times."""
    windows = {it.key: it.window_days for it in rules.compiled.tallied}
    tallies = customer.activity.tallies.by_key
    days = {
        (key, value): [it for it in daily.days if it > today - windows[key]]
        for key, tally in tallies.items()
        for value, daily in tally.values.items()
    }
    return {value: it for value, it in days.items() if it}


RETURN_RATES = rules_of([f"return_rate({days}) {sign}" for days in WINDOWS for sign in (">= 0.5", "< 0.5", "== 0.5")])


@given(histories(), st.integers(0, 35), st.integers(0, 3 * len(WINDOWS) - 1))
def test_the_return_rate_is_what_a_list_of_everything_says(history: list[AnyFact], later: int, number: int) -> None:
    customer = first_seen(history[0].at)
    placed: list[tuple[str, int]] = []
    returned: set[int] = set()
    standing: dict[str, int] = {}
    for fact in history:
        before = customer.purchases.count()
        RETURN_RATES.apply_event(customer, fact)
        if customer.purchases.count() > before:
            assert isinstance(fact, OrderCompleted)
            standing[fact.order_id] = len(placed)
            placed.append((fact.order_id, fact.at // DAY))
        elif isinstance(fact, OrderRefunded) and fact.order_id in standing:
            returned.add(standing[fact.order_id])
        if customer.purchases.count() < before:
            assert isinstance(fact, OrderCancelled | OrderRefunded)
            place = standing.pop(fact.order_id)
            if isinstance(fact, OrderCancelled):
                placed[place] = ("", -1)
                returned.discard(place)
    at = history[-1].at + later * DAY
    for days in WINDOWS:
        within = [place for place, (_, day) in enumerate(placed) if day > at // DAY - days]
        rate = Fraction(sum(place in returned for place in within), len(within)) if within else None
        feature = RETURN_RATES.compiled.catalogue.features[f"return_rate({days})"]
        assert feature.formula.exact(unpack(pack(customer)), at, at // DAY) == rate
    each, now = condition(RETURN_RATES, number), history[-1].at
    if not each.holds(customer, now):
        midnights = [(now // DAY + ahead) * DAY for ahead in range(1, 40)]
        assert each.begins(customer, now) == next((it for it in midnights if each.holds(customer, it)), None)
