"""Tags expire at the instants of a brute force, and between these nothing changes, in every zone."""

from datetime import UTC, date, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.events import Tags, TraitsIdentified
from state.civil_calendar import CivilCalendar
from state.conditions.condition import compile_condition, opposite
from state.customer.customer import first_seen
from state.features.catalogue import catalogue
from state.policy.compiled import read_policy
from state.policy.shape import Policy, Time
from state.rules.rulebook import Rulebook
from state.timeline.history import decide_history
from tests.laws.test_dates import DAY, HOUR, SKIPPED, text_of

ZONES = ("UTC", "Europe/Berlin", "America/Sao_Paulo", "Pacific/Apia", "America/St_Johns")
KINDS = {"tags": "tags", "plan": "text"}
CATALOGUES = {zone: catalogue(Policy(name="tags", time=Time(zone=zone), traits=KINDS)) for zone in ZONES}
CALENDARS = {zone: CivilCalendar(zone) for zone in ZONES}
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
NAMES = ("vip", "trial", "promo")

zones = st.sampled_from(ZONES)
starts = st.one_of(
    st.integers(2 * DAY, 7_258_118_400_000 - 1000 * DAY),
    st.sampled_from((SKIPPED, 1_508_036_400_000, 951_782_400_000)).map(lambda at: at - DAY),
)
leaves = st.one_of(
    st.builds('"{}" {} traits.tags'.format, st.sampled_from(NAMES), st.sampled_from(("in", "not in"))),
    st.sampled_from(("traits.tags is known", "traits.plan in traits.tags", "traits.plan not in traits.tags")),
)
conditions = st.one_of(
    leaves,
    st.builds("({}) {} ({})".format, leaves, st.sampled_from(("and", "or")), leaves),
    st.builds("{} and not ({} or {})".format, leaves, leaves, leaves),
)


@st.composite
def tags(draw: st.DrawFn, start: int) -> Tags:
    """Tags that expire within some days of an instant, before it, or never."""
    found: Tags = {}
    for name in draw(st.sets(st.sampled_from(NAMES))):
        at = start + draw(st.integers(-3 * DAY, 30 * DAY))
        found[name] = draw(st.sampled_from((None, text_of(at), text_of(at)[:10])))
    return found


def expires_at(expiry: str, zone: str) -> int:
    """An instant as it is, and of a date the first instant of the next one."""
    if len(expiry) > len("2017-12-31"):
        return (datetime.fromisoformat(expiry) - EPOCH) // timedelta(milliseconds=1)
    return CALENDARS[zone].start_of(date.fromisoformat(expiry) + timedelta(days=1))


@given(st.data(), conditions, zones, starts)
def test_the_first_instant_is_foreseen(data: st.DataObject, text: str, zone: str, start: int) -> None:
    customer = first_seen(0)
    customer.traits = {"tags": data.draw(tags(start)), "plan": data.draw(st.sampled_from(NAMES))}
    condition = compile_condition(text, CATALOGUES[zone])
    if condition.holds(customer, start):
        condition = opposite(condition)
    end = start + data.draw(st.integers(1, 40)) * DAY
    found = condition.begins(customer, start, end)
    hours = range(start + 1, end + 1, HOUR // 2)
    by_force = next((at for at in hours if condition.holds(customer, at)), None)
    if found is None:
        assert by_force is None
        return
    assert start < found <= end
    assert condition.holds(customer, found)
    assert not condition.holds(customer, found - 1) or found - 1 == start
    assert by_force is None or found <= by_force


@settings(max_examples=settings().max_examples // 3)
@given(st.data(), zones, starts)
def test_a_tag_is_left_at_its_expiry_alone(data: st.DataObject, zone: str, start: int) -> None:
    text = f'name = "t"\n[time]\nzone = "{zone}"\n[traits]\ntags = "tags"\n'
    for name in NAMES:
        text += f"[[segments]]\nkey = '{name}'\nname = 'S'\nenter = '\"{name}\" in traits.tags'\n"
    known = data.draw(tags(start))
    end = start + 40 * DAY
    history = decide_history(
        [TraitsIdentified(start, "m", {"tags": known})], end, Rulebook(read_policy(text, catalogue))
    )
    assert history is not None
    found = {(it.change.key, it.change.to, it.change.at) for it in history.published}
    ends = {name: None if expiry is None else expires_at(expiry, zone) for name, expiry in known.items()}
    there = {name: it for name, it in ends.items() if it is None or it > start}
    expected = {(name, "in", start) for name in there}
    expected |= {(name, "out", it) for name, it in there.items() if it is not None and it <= end}
    assert found == expected
