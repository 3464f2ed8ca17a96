"""The stories: who is chosen for a role, and how a step reads."""

import pytest

from streams.demo.stories import choose_stories, expectation, known_since
from streams.demo.transition_history import Step, TransitionHistory
from tests.unit.streams.demo.published import DAY, START, profile

WON_BACK = ["acquired", "at_risk", "churned", "won_back"]
LOYAL = ["acquired", "repeated", "became_loyal"]
RECOVERED = ["acquired", "at_risk", "recovered"]


def steps(*names: str, to: str = "loyal", apart: int = 1) -> list[Step]:
    return [Step(START + it * apart * DAY, it, name, to, f"because of {name}") for it, name in enumerate(names)]


@pytest.mark.parametrize(
    ("stage", "names", "role"),
    [
        ("loyal", WON_BACK, "won back"),
        ("at_risk", WON_BACK, "at risk today, and worth a personal word"),
        ("churned", WON_BACK, "lost"),
        ("loyal", LOYAL, "loyal from the start, and still here"),
        ("loyal", LOYAL * 2, "a customer"),
        ("loyal", RECOVERED, "nearly lost"),
        ("new", ["acquired"], "new"),
        ("repeat", ["acquired", "repeated"], "a customer"),
    ],
)
def test_a_customer_gets_the_first_role_that_fits(stage: str, names: list[str], role: str) -> None:
    (story,) = choose_stories(TransitionHistory({"c": steps(*names)}), {"c": profile("c", stage)})
    assert (story.title, story.profile.user_id) == (role, "c")


def test_each_of_three_roles_goes_to_the_customer_with_the_highest_revenue_who_has_none() -> None:
    history = TransitionHistory(
        {
            "lost": steps("acquired", "churned"),
            "small": steps(*WON_BACK),
            "large": steps(*WON_BACK),
            "loyal": steps(*LOYAL),
            "late": steps("acquired", "at_risk"),
            "not in redis": steps(*WON_BACK),
        }
    )
    profiles = {
        "lost": profile("lost", "churned", revenue=999.0),
        "small": profile("small", "loyal", revenue=5.0),
        "large": profile("large", "loyal", revenue=500),
        "loyal": profile("loyal", "loyal", revenue=None),
        "late": profile("late", "at_risk"),
    }
    assert [(it.title.split(",")[0], it.profile.user_id) for it in choose_stories(history, profiles)] == [
        ("won back", "large"),
        ("loyal from the start", "loyal"),
        ("at risk today", "late"),
    ]
    del history.stages["late"], history.stages["loyal"]
    assert [it.profile.user_id for it in choose_stories(history, profiles)] == ["large", "lost", "small"]
    assert choose_stories(TransitionHistory(), profiles) == []


@pytest.mark.parametrize(("number", "beginning", "left_out", "end"), [(8, 8, 0, 0), (9, 3, 2, 4), (20, 3, 13, 4)])
def test_a_long_story_leaves_out_its_middle(number: int, beginning: int, left_out: int, end: int) -> None:
    history = TransitionHistory({"c": steps(*["repeated"] * number)})
    (story,) = choose_stories(history, {"c": profile("c", "repeat")})
    assert (len(story.beginning), story.left_out, len(story.end)) == (beginning, left_out, end)
    lines = [*story.beginning, *story.end]
    assert [line.at for line in lines] == sorted(line.at for line in lines)


@pytest.mark.parametrize(
    ("name", "to", "after", "words"),
    [
        ("repeated", "repeat", 17 * DAY, "ordered again after 17 days"),
        ("repeated", "repeat", DAY, "ordered again after a day"),
        ("won_back", "at_risk", DAY - 1, "was won back after some hours: at risk"),
        ("churned", "churned", 90 * DAY, "stayed silent: churned"),
        ("from_a_newer_version", "new", DAY, "from a newer version after a day: new"),
    ],
)
def test_a_step_reads_as_a_sentence(name: str, to: str, after: int, words: str) -> None:
    history = TransitionHistory({"c": [*steps("acquired"), Step(START + after, 2, name, to, "why")]})
    (story,) = choose_stories(history, {"c": profile("c", to)})
    assert [line.words for line in story.beginning] == ["placed a first order", words]
    assert (story.beginning[1].stage, story.beginning[1].why) == (to, "why")


def test_what_is_expected_is_said_with_its_instant() -> None:
    customer = profile("c", "loyal")
    assert expectation(customer) == "nothing more, unless something happens"
    customer.next_transition, customer.next_at = "at_risk", "2018-02-03T04:05:06.000Z"
    assert expectation(customer) == "at risk on 2018-02-03 at 04:05, unless something happens before"


@pytest.mark.parametrize(("days_known", "day"), [(300.0, 65.0), (0.5, 364.5), (None, 365.0)])
def test_a_customer_is_known_since_the_days_of_the_profile(days_known: float | None, day: float) -> None:
    assert known_since(profile("c", "new", days_known=days_known), DAY) == START + day * DAY


def test_stages_of_the_policy_are_told_by_their_names() -> None:
    def way(*names: str) -> list[Step]:
        return [Step(START + it * DAY, it, name, to, "") for it, name in enumerate(names) for to in [name]]

    history = TransitionHistory(
        {
            "widest": [*way("lead_two", "acquired"), Step(START + 9 * DAY, 3, "left_acquired", "gold", "")],
            "back": way("acquired", "gold", "acquired"),
            "one": way("acquired"),
            "two": way("acquired", "gold"),
        }
    )
    profiles = {it: profile(it, steps[-1].to) for it, steps in history.stages.items()}
    found = choose_stories(history, profiles, own_stages=True)
    assert [(it.title, it.profile.user_id) for it in found] == [
        ("through the most stages", "widest"),
        ("back in a stage they had left", "back"),
        ("a single step", "one"),
    ]
    assert [line.words for line in found[0].beginning] == [
        "lead two",
        "acquired after a day",
        "left acquired after 8 days: gold",
    ]
    del history.stages["one"], history.stages["widest"]
    assert [it.profile.user_id for it in choose_stories(history, profiles, own_stages=True)] == ["two", "back"]
