"""The lifecycle as a decision table: which stage holds, what the transition is called, what comes next by itself.

The policy: at risk after 10 days and churned after 30, with one order after 20 and 40. A bad rating halves the limits
for 8 days, a ticket open for 2 days halves them until it is solved.
"""

import pytest

from state.customer.apply_event import OrderEffect
from state.customer.silence import SILENCES
from state.features.catalogue import catalogue
from state.policy.compiled import read_policy
from state.rules.exclusion import Exclusion
from state.rules.groupings import groupings_of
from state.rules.lifecycle import Lifecycle
from state.rules.patience import PatienceRules
from state.rules.silence import is_longer, patience_days, silence_deadline
from state.rules.stages import Stages
from tests.support.stages import STAGES
from tests.unit.state.customers import DAY, buyer, ms

NONE, ORDERED, UNDONE = OrderEffect.NONE, OrderEffect.ORDERED, OrderEffect.UNDONE
POLICY = read_policy(
    """
    name = "table"
    [lifecycle]
    one_time_patience_days = 20
    one_time_churn_days = 40
    [lifecycle.patience]
    method = "fixed"
    days = 10
    churn_days = 30
    [lifecycle.support]
    shorten_to = 0.5
    bad_rating = 2
    rating_counts_days = 8
    open_days = 2
    """,
    catalogue,
)
PATIENCE = PatienceRules(POLICY.policy.lifecycle, DAY)
SHIPPED = Stages(POLICY.stages)
LIFECYCLE = Lifecycle(SHIPPED, Exclusion(None, groupings_of(POLICY), ()), ())


def case(id_: str, *values: object) -> object:
    return pytest.param(*values, id=id_)


@pytest.mark.parametrize(
    ("customer", "day", "effect", "stage", "why"),
    [
        case("nobody without an order is more than a prospect", buyer(), 500, NONE, "prospect", ""),
        case("who undid the only order is a prospect again", buyer(stage="new"), 5, UNDONE, "prospect", "orders 0 < 1"),
        case("a first order makes new", buyer(1), 1, ORDERED, "new", "occasions 1 >= 1"),
        case(
            "a second order makes repeat", buyer(1, 2, stage="new"), 2, ORDERED, "repeat", "occasions 2 >= 2; not loyal"
        ),
        case("a second order of one occasion makes nothing", buyer(1, 1.9, stage="new"), 1.9, ORDERED, "new", ""),
        case(
            "a second order of one occasion brings back",
            buyer(1, 1.9, stage="at_risk"),
            1.9,
            ORDERED,
            "new",
            "days_since_order 0 < 20 (one_time_patience_days 20); occasions 1 >= 1",
        ),
        case(
            "with two orders loyalty decides",
            buyer(1, 2, stage="repeat", loyal=True),
            2,
            NONE,
            "loyal",
            "occasions 2 >= 2; loyal",
        ),
        case("one order is new even for the loyal", buyer(1, stage="new", loyal=True), 2, NONE, "new", ""),
        case("a stage that goes on needs no reason", buyer(1, 2, stage="repeat"), 3, NONE, "repeat", ""),
        case("who undid the second order is new", buyer(1, stage="repeat"), 5, UNDONE, "new", "occasions 1 < 2"),
        case("one ms before the limit is not silent", buyer(1, 2, stage="repeat"), 12 - 1 / DAY, NONE, "repeat", ""),
        case(
            "the limit itself is silent",
            buyer(1, 2, stage="repeat"),
            12,
            NONE,
            "at_risk",
            "days_since_order 10 >= 10 (days 10)",
        ),
        case(
            "one-time buyers have limits of their own",
            buyer(1, stage="new"),
            21,
            NONE,
            "at_risk",
            "days_since_order 20 >= 20 (one_time_patience_days 20)",
        ),
        case(
            "churned comes before at risk",
            buyer(1, 2, stage="loyal", loyal=True),
            32,
            NONE,
            "churned",
            "days_since_order 30 >= 30 (churn_days 30)",
        ),
        case(
            "at risk becomes churned",
            buyer(1, 2, stage="at_risk", why="earlier"),
            32,
            NONE,
            "churned",
            "days_since_order 30 >= 30 (churn_days 30)",
        ),
        case(
            "a bad rating halves the limit",
            buyer(1, 2, stage="repeat", rated=(5, 2)),
            7,
            NONE,
            "at_risk",
            "days_since_order 5 >= 5 (shorten_to 0.5 x 10, days 10); last_rating 2 <= 2 (bad_rating 2); "
            "days_since_rating 2 < 8 (rating_counts_days 8)",
        ),
        case("a fair rating does not", buyer(1, 2, stage="repeat", rated=(5, 3)), 7, NONE, "repeat", ""),
        case(
            "a rating counts no longer when its days are over",
            buyer(1, 8, stage="repeat", rated=(5, 1)),
            13,
            NONE,
            "repeat",
            "",
        ),
        case(
            "a ticket that is open for long halves the limit",
            buyer(1, 2, stage="repeat", ticket_opened=5),
            7,
            NONE,
            "at_risk",
            "days_since_order 5 >= 5 (shorten_to 0.5 x 10, days 10); oldest_ticket_days 2 >= 2 (open_days 2)",
        ),
        case(
            "a ticket that is open for a day does not",
            buyer(1, 2, stage="repeat", ticket_opened=6),
            7,
            NONE,
            "repeat",
            "",
        ),
        case(
            "help does not end a silence that has begun",
            buyer(1, 2, stage="at_risk", why="earlier"),
            8,
            NONE,
            "at_risk",
            "",
        ),
        case(
            "nor does it bring the churned back",
            buyer(1, 2, stage="churned", why="earlier"),
            8,
            NONE,
            "churned",
            "",
        ),
        case(
            "an order ends it",
            buyer(1, 2, 8, stage="churned", why="earlier"),
            8,
            ORDERED,
            "repeat",
            "days_since_order 0 < 10 (days 10); occasions 3 >= 2; not loyal",
        ),
        case(
            "an order undone can end it, for other limits hold then",
            buyer(1, stage="at_risk", why="earlier"),
            15,
            UNDONE,
            "new",
            "days_since_order 14 < 20 (one_time_patience_days 20); occasions 1 < 2",
        ),
    ],
)
def test_the_stage(customer, day, effect, stage, why):
    limits = PATIENCE.limits_of(customer)
    changes = LIFECYCLE.decide(customer, ms(day), effect, limits, "", None)
    assert (customer.stage, "; ".join(it.why for it in changes)) == (stage, why)


@pytest.mark.parametrize(
    ("from_", "to", "effect", "name"),
    [
        case("a first order acquires", "prospect", "new", ORDERED, "acquired"),
        case("a second one repeats", "new", "repeat", ORDERED, "repeated"),
        case("a second one can make loyal at once", "new", "loyal", ORDERED, "became_loyal"),
        case("loyalty comes later", "repeat", "loyal", NONE, "became_loyal"),
        case("loyalty goes", "loyal", "repeat", NONE, "loyalty_lapsed"),
        case("silence puts at risk", "repeat", "at_risk", NONE, "at_risk"),
        case("silence churns those at risk", "at_risk", "churned", NONE, "churned"),
        case("silence can churn at once", "loyal", "churned", NONE, "churned"),
        case("silence is named so even when an order was undone", "repeat", "at_risk", UNDONE, "at_risk"),
        case("an order recovers those at risk", "at_risk", "repeat", ORDERED, "recovered"),
        case("they recover to loyal as well", "at_risk", "loyal", ORDERED, "recovered"),
        case("an order wins the churned back", "churned", "repeat", ORDERED, "won_back"),
        case("a longer limit wins back from churned to at risk", "churned", "at_risk", NONE, "won_back"),
        case("an undone order reverts to prospect", "new", "prospect", UNDONE, "reverted"),
        case("an undone order reverts to new", "repeat", "new", UNDONE, "reverted"),
        case("an undone order reverts from silence", "at_risk", "new", UNDONE, "reverted"),
        case("an undone order reverts from churned", "churned", "at_risk", UNDONE, "reverted"),
    ],
)
def test_the_name_of_a_transition(from_, to, effect, name):
    assert named(from_, to, effect) == name


def named(from_: str, to: str, effect: OrderEffect) -> str:
    before, after = (next((it for it in SILENCES if it == stage), SILENCES[0]) for stage in (from_, to))
    return SHIPPED.name(from_, to, effect, more_silent=is_longer(after, before))


def test_only_an_undone_order_reverts():
    steps = {
        (from_, to, effect): named(from_, to, effect)
        for from_ in STAGES
        for to in STAGES
        for effect in OrderEffect
        if from_ != to and "excluded" not in (from_, to)
    }
    reverted = {step for step, name in steps.items() if name == "reverted"}
    silent = ("at_risk", "churned")
    assert reverted == {step for step in steps if step[2] is UNDONE and (step[1] not in silent or step[0] == "churned")}


@pytest.mark.parametrize(
    ("customer", "day", "comes_next"),
    [
        case("a prospect waits for nothing", buyer(), 1, None),
        case("the churned wait for nothing", buyer(1, 2, stage="churned"), 50, None),
        case("with one order the risk comes after 20 days", buyer(1, stage="new"), 1, ("at_risk", 21)),
        case("with two the risk comes after 10 days", buyer(1, 2, stage="repeat"), 5, ("at_risk", 12)),
        case("the loyal are no exception", buyer(1, 2, stage="loyal", loyal=True), 5, ("at_risk", 12)),
        case("after the risk comes the churn", buyer(1, 2, stage="at_risk"), 12, ("churned", 32)),
        case("a bad rating brings it forward", buyer(1, 2, stage="repeat", rated=(3, 1)), 3, ("at_risk", 7)),
        case(
            "a rating that counts no longer by then does not",
            buyer(1, 10, stage="repeat", rated=(3, 1)),
            10,
            ("at_risk", 20),
        ),
        case(
            "a ticket brings it forward from the day on which it is open for too long",
            buyer(1, 2, stage="repeat", ticket_opened=7),
            7,
            ("at_risk", 9),
        ),
        case("what is over its limit comes now", buyer(1, 2, stage="repeat"), 13, ("at_risk", 13)),
        case("if both are over their limits it is the churn", buyer(1, 2, stage="repeat"), 40, ("churned", 40)),
    ],
)
def test_what_silence_brings_next(customer, day, comes_next):
    limits = PATIENCE.limits_of(customer)
    expected = None if comes_next is None else (comes_next[0], ms(comes_next[1]))
    assert silence_deadline(customer, ms(day), limits) == expected


@pytest.mark.parametrize(
    ("customer", "day", "days"),
    [
        case("one order", buyer(1), 1, 20.0),
        case("two orders", buyer(1, 2), 2, 10.0),
        case("a bad rating while it counts", buyer(1, 2, rated=(3, 1)), 10, 5.0),
        case("a bad rating no longer", buyer(1, 2, rated=(3, 1)), 11, 10.0),
        case("a ticket before it is open for too long", buyer(1, 2, ticket_opened=3), 4.9, 10.0),
        case("a ticket from then on", buyer(1, 2, ticket_opened=3), 5, 5.0),
    ],
)
def test_the_patience_that_a_transition_shows(customer, day, days):
    assert patience_days(customer, ms(day), PATIENCE.limits_of(customer)) == days
