"""Which policy a server goes by, and by which ones it reads its customers."""

import pytest

from agents.policies import Policies, PublishedPolicy
from schemas.events import OrderCompleted
from state.rules.rulebook import Rulebook
from state.timeline.snapshot import dump
from state.timeline.timeline import apply_facts, begin
from streams.policy_file import load_rules, shipped_policy
from streams.serve.customers.look_up import Asked, LookUp
from streams.serve.problems import ProblemError
from streams.serve.served_policies import ServedPolicies
from streams.serve.stored_customers import StoredCustomer
from streams.serve.timelines import timeline_of
from tests.support.serving import served

MEASURE = '\n[[measures]]\nname = "spent_twice"\nvalue = "2 * revenue"\nprofile = true\n'
FIRST = load_rules(None)


@pytest.fixture(scope="module")
def second(tmp_path_factory: pytest.TempPathFactory) -> Rulebook:
    policy = tmp_path_factory.mktemp("policy") / "second.toml"
    policy.write_text(shipped_policy().read_text("utf-8") + MEASURE, "utf-8")
    return load_rules(policy)


def published(number: int, rules: Rulebook, at: int, *, silent: bool = False) -> PublishedPolicy:
    return PublishedPolicy(number, rules.version, at, silent, rules)


def unreadable(number: int, at: int) -> PublishedPolicy:
    return PublishedPolicy(number, "retail@01020304", at, False, None, "policy cannot be read: its language is 9")


def stored(rules: Rulebook) -> StoredCustomer:
    timeline = begin(1000, "c", rules.first_stage)
    apply_facts(timeline, [OrderCompleted(1000, "m", "o", 2000, 1, ())], 1000, 0, rules, [])
    return StoredCustomer(dump(timeline, rules), 1000)


def test_the_policy_in_force_is_that_of_the_instant(second: Rulebook) -> None:
    now = [50]
    policies = served(published(1, FIRST, 0), published(2, second, 100), unreadable(3, 200), now=lambda: now[0])
    version = policies.derived(lambda rules: rules.version)
    assert (policies.rules, version()) == (FIRST, FIRST.version)
    now[0] = 100
    assert (policies.rules, version()) == (second, second.version)
    now[0] = 200  # what this version cannot read leaves the one before
    assert policies.rules is second
    assert policies.every == [second, FIRST]
    assert [policies.rules_at(it).version for it in (99, 100)] == [FIRST.version, second.version]


def test_without_an_instant_it_is_the_last_one_and_without_any_its_own(second: Rulebook) -> None:
    async def nothing() -> None:
        """Find nothing."""

    assert served(published(1, FIRST, 0), published(2, second, 100)).rules is second
    policies = Policies()
    own = ServedPolicies(policies, FIRST, lambda: 5, nothing)
    assert own.rules is FIRST
    policies.add(published(1, second, 0))
    assert own.rules is second


def test_what_nobody_was_told_of_limits_how_far_members_are_counted_back(second: Rulebook) -> None:
    now = [150]
    policies = served(published(1, FIRST, 0), published(2, second, 100, silent=True), now=lambda: now[0])
    assert policies.silent_since == 100
    now[0] = 50
    assert policies.silent_since is None


async def test_a_customer_of_a_policy_that_was_just_published_is_told(second: Rulebook) -> None:
    policies = Policies([published(1, FIRST, 0)])
    looks = []

    async def refresh() -> None:
        looks.append(len(policies.all))
        policies.add(published(2, second, 10**6))

    found = await timeline_of("c", stored(second).snapshot, ServedPolicies(policies, None, lambda: 5, refresh))
    assert found.rules is second
    assert looks == [1]


async def test_a_policy_that_is_not_known_is_looked_for_once_a_second_and_told(second: Rulebook) -> None:
    looks = []

    async def refresh() -> None:
        looks.append(1)
        raise OSError("Kafka is away")

    policies = ServedPolicies(Policies([published(1, FIRST, 0)]), None, lambda: 5, refresh)
    for _ in range(3):
        with pytest.raises(ProblemError, match="another policy than those that were published"):
            await timeline_of("c", stored(second).snapshot, policies)
    assert looks == [1]
    fingerprint = second.version.rpartition("@")[2]
    newer = PublishedPolicy(2, f"retail@{fingerprint}", 0, False, None, "its language is 9")
    with pytest.raises(ProblemError, match="a policy that this version does not know: its language is 9"):
        await timeline_of("c", stored(second).snapshot, served(published(1, FIRST, 0), newer))


async def test_a_customer_is_told_by_the_rules_that_decided_them(second: Rulebook) -> None:
    look_up = LookUp(served(published(1, FIRST, 0), published(2, second, 0)), lambda: 2000)
    assert FIRST.version.encode() in await look_up.told("c", stored(FIRST), Asked(None, None))
    asked = Asked(None, ("spent_twice",))
    look_up.check_features(asked.features or ())
    assert b"spent_twice" in await look_up.told("c", stored(second), asked)
    # The measure is one of the policy in force, by which this customer is decided in a moment.
    with pytest.raises(ProblemError, match=r"is still decided by .*, which has no measure 'spent_twice'"):
        await look_up.told("c", stored(FIRST), asked)
