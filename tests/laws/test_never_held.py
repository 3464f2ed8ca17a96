"""What `policy check` says of conditions is true of every history: what never holds, and what follows from what."""

from collections.abc import Sequence

from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.events import AnyFact
from state.conditions.condition import Condition, compile_condition
from state.conditions.follows import certain, contradiction, follows, is_met_by_all
from state.conditions.nodes import leaves_of
from state.customer.customer import Customer
from state.features.catalogue import catalogue
from state.policy.compiled import read_policy
from state.policy.never_met import never_met
from state.rules.rulebook import Rulebook
from state.timeline.history import decide_history
from tests.reference_model.random_policies import MEASURES, TRAITS, Drawing
from tests.support.histories import DAY, facts

COUNTS = (
    *(f"orders_{days}d" for days in (7, 30, 90)),
    "views_7d",
    "views_30d",
    "count('Referral Sent', 7)",
    "count('Referral Sent', 30)",
    "count('Referral Sent', hours=24)",
    "count('Referral Sent', hours=72)",
    "count('Referral Sent')",
    "orders",
    "occasions",
    "distinct('Order Completed', channel)",
    "distinct('Order Completed', channel, 30)",
    "frequency_score",
    "age(traits.born_on)",
    "bucket('x', 3)",
    "tickets_open",
)
AMOUNTS = (
    *(f"revenue_{days}d" for days in (7, 30)),
    "days_since_order",
    "average_rating_30d",
    "last_rating",
    "discount_share_30d",
    "days_until_anniversary(traits.born_on)",
    "sum('Order Completed', margin)",
    "max('Order Completed', margin, 30)",
    "return_rate(30)",
)
FLAGS_AND_TEXTS = (
    "loyal",
    "stage == 'new'",
    "stage != 'new'",
    "stage in ['new', 'loyal']",
    "kind == 'business'",
    "kind != 'x'",
)
OF_TRAITS = (
    "traits.country == 'DE'",
    "traits.country != 'FR'",
    "traits.country",
    "traits.country == 1",
    "traits.country > 0",
)
LISTS = ("'sport' in traits.interests", "traits.interests is known", "last_rating is known", "kind is known")
numbers = st.sampled_from((-1, 0, 1, 2, 2.5, 3, 5, 40))
signs = st.sampled_from(("<", "<=", ">", ">=", "==", "!="))
ordered = st.sampled_from(("<", "<=", ">", ">="))
leaves = st.one_of(
    st.builds("{} {} {}".format, st.sampled_from(COUNTS), signs, numbers),
    st.builds("{2} {1} {0}".format, st.sampled_from(COUNTS), signs, numbers),
    st.builds("{} {} {}".format, st.sampled_from(AMOUNTS), ordered, numbers),
    st.builds("{} {} {}".format, st.sampled_from(COUNTS[:5]), ordered, st.sampled_from(COUNTS[:5])),
    st.builds("{} + {} {} {}".format, st.sampled_from(COUNTS), st.sampled_from(COUNTS), signs, numbers),
    st.builds("at_most({}, 2) {} {}".format, st.sampled_from(COUNTS), signs, numbers),
    st.builds("{} {} [0, 1, 2.5]".format, st.sampled_from(COUNTS), st.sampled_from(("in", "not in"))),
    st.sampled_from((*FLAGS_AND_TEXTS, *OF_TRAITS, *LISTS)),
)
tests = st.recursive(
    leaves,
    lambda inner: st.builds(
        "{}({} {} {})".format, st.sampled_from(("", "", "not ")), inner, st.sampled_from(("and", "or")), inner
    ),
    max_leaves=5,
)
READ = "\n".join(
    f'[[segments]]\nkey = "s{number}"\nname = "S"\nenter = "{it} > 1"' for number, it in enumerate((*COUNTS, *AMOUNTS))
)
HEAD = 'name = "p"\n[traits]\nborn_on = "date"\ninterests = "texts"\n[lifecycle.loyal]\nenter = "orders_90d >= 3"\n'
COMPILED = read_policy(f"{HEAD}{READ}", catalogue)
RULES = Rulebook(COMPILED)


def compiled(text: str) -> Condition:
    return compile_condition(text, COMPILED.catalogue)


def seen(history: Sequence[AnyFact], days: int, rules: Rulebook = RULES) -> list[tuple[Customer, int]]:
    """The customer at some instants, each after all that had happened by then."""
    ends = [*(it.at for it in history), history[-1].at + days * DAY]
    found = [(decide_history(history, end, rules), end) for end in ends]
    return [(it.customer, end) for it, end in found if it is not None]


@given(facts(), st.integers(0, 60), st.lists(st.tuples(tests, tests), min_size=5, max_size=10))
def test_what_is_said_of_conditions_is_so(history: list[AnyFact], days: int, pairs: list[tuple[str, str]]) -> None:
    customers = seen(history, days)
    for text, other_text in pairs:
        one, other = compiled(text), compiled(other_text)
        holds = [one.holds(customer, at) for customer, at in customers]
        if contradiction(one.tree) is not None:
            assert not any(holds), text
        if is_met_by_all(one.tree):
            assert all(holds), text
        both = compiled(f"({text}) and ({other_text})")
        if contradiction(both.tree) is not None:
            assert not any(both.holds(customer, at) for customer, at in customers), (text, other_text)
        if follows(other.tree, list(certain(one.tree, held=True)), held=True):
            assert all(
                other.holds(customer, at) for (customer, at), is_so in zip(customers, holds, strict=True) if is_so
            )
        if follows(other.tree, list(certain(one.tree, held=False)), held=False):
            found = zip(customers, holds, strict=True)
            assert not any(other.holds(customer, at) for (customer, at), is_so in found if not is_so)


@given(facts(), st.integers(0, 60), st.lists(leaves, min_size=5, max_size=20))
def test_what_never_holds_or_always_does_is_so(history: list[AnyFact], days: int, texts: list[str]) -> None:
    customers = seen(history, days)
    for text in texts:
        one = compiled(text)
        assert len(leaves_of(one.tree)) == 1
        for told, _ in never_met(one.tree):
            held = {one.holds(customer, at) for customer, at in customers}
            assert held == {told.endswith("holds for everybody")}, told


@settings(max_examples=settings().max_examples // 5)  # each is a policy of its own
@given(facts(), st.integers(0, 60), st.integers(0, 100_000))
def test_what_is_said_of_policies_drawn_at_random_is_so(history: list[AnyFact], days: int, seed: int) -> None:
    drawing = Drawing(seed)
    rules = "".join(drawing.rule(f"[[segments]]\nkey = 's{number}'\nname = 'S'\n") for number in range(3))
    drawn = read_policy(f"name = 'drawn'\n{TRAITS}{MEASURES}{drawing.patience}\n{rules}", catalogue)
    customers = seen(history, days, Rulebook(drawn))
    for condition in (it for segment in drawn.segments for it in (segment.enter, segment.leave)):
        held = {condition.holds(customer, at) for customer, at in customers}
        assert contradiction(condition.tree) is None or held == {False}, condition.text
        assert not is_met_by_all(condition.tree) or held == {True}, condition.text
        for told, _ in never_met(condition.tree):
            _, text, words = told.split("`")
            alone = compile_condition(text, drawn.catalogue)
            held = {alone.holds(customer, at) for customer, at in customers}
            assert held == {words.endswith("holds for everybody")}, told


def test_enough_is_told() -> None:
    for text in (
        "kind == 'a' and kind == 'b'",
        "kind in ['a', 'c'] and kind == 'b'",
        "stage == 'new' and stage == 'loyal'",
        "stage not in ['new'] and not stage != 'new'",
        "loyal and not loyal",
        "loyal == true and not loyal",
        "orders == 3 and orders == 4",
        "orders > 3 and orders < 4",
        "orders_30d >= 3 and orders_90d < 2",
        "count('Referral Sent', 7) > 2 and not count('Referral Sent', 30) >= 2",
        "orders_7d > revenue_7d and revenue_7d >= orders_7d",
        "orders + 1 > 3 and orders + 1 < 3",
        "last_rating is not known and last_rating > 3",
        "(orders > 3 or views_7d > 3) and orders < 2 and views_30d < 1",
        "'sport' in traits.interests and 'sport' not in traits.interests",
    ):
        assert contradiction(compiled(text).tree) is not None, text
    for text in (
        "orders_7d > orders_30d",
        "orders == 1.5",
        "orders < 0",
        "distinct('Order Completed', channel) > 1000",
    ):
        assert [told for told, _ in never_met(compiled(text).tree)] == [f"`{text}` never holds"]
    for text in ("true", "loyal or not loyal", "kind == 'a' or not kind == 'a'", "kind is known or kind is not known"):
        assert is_met_by_all(compiled(text).tree), text
    assert not is_met_by_all(compiled("kind == 'a' or kind != 'a'").tree)
