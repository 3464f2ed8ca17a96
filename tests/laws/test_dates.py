"""Dates are deadlines: what a brute force over days and hours finds is what is foreseen, in every zone and century."""

from datetime import date, timedelta
from fractions import Fraction

from hypothesis import example, given, settings
from hypothesis import strategies as st

from schemas.events import Traits, TraitsIdentified
from state.calendar import Calendar
from state.civil_calendar import CivilCalendar
from state.conditions.condition import Condition, compile_condition, opposite
from state.customer.customer import Customer, first_seen
from state.features.catalogue import catalogue
from state.policy.compiled import read_policy
from state.policy.shape import Policy, Time
from state.rules.rulebook import Rulebook
from state.timeline.history import decide_history

DAY, HOUR = 86_400_000, 3_600_000
SKIPPED = 1_325_239_200_000
"""When the clocks of Apia went from the end of 29 December 2011 to 31 December."""
ZONES = ("UTC", "Europe/Berlin", "America/Sao_Paulo", "Pacific/Apia", "America/St_Johns", "Pacific/Kiritimati")
TRAITS = {"born_on": "date", "renewal_at": "instant"}
CATALOGUES = {zone: catalogue(Policy(name="dates", time=Time(zone=zone), traits=TRAITS)) for zone in ZONES}
CALENDARS = {zone: CivilCalendar(zone) for zone in ZONES}
POLICYS = {zone: Calendar(zone) for zone in ZONES}

zones = st.sampled_from(ZONES)
days = st.one_of(
    st.dates(date(1890, 1, 1), date(2150, 12, 31)),
    st.builds(date, st.sampled_from((1899, 1900, 1904, 1999, 2000, 2024, 2100, 2104)), st.just(3), st.just(1)),
    st.builds(lambda year: date(year, 2, 29), st.sampled_from((1896, 1904, 2000, 2008, 2024))),
)
instants = st.one_of(
    st.integers(2 * DAY, 7_258_118_400_000 - 1000 * DAY),
    st.sampled_from((SKIPPED, 1_508_036_400_000, 951_782_400_000)).map(lambda at: at - DAY),
)
steps = st.one_of(
    st.builds("age(traits.born_on) {} {}".format, st.sampled_from((">=", "<", "==", "!=")), st.integers(-3, 130)),
    st.builds(
        "days_until_anniversary(traits.born_on) {} {}".format,
        st.sampled_from((">=", "<=", "<", "==", "!=")),
        st.sampled_from((0, 1, 7, 30, 363, 364, 365)),
    ),
    st.builds("days_until_anniversary(traits.born_on) in [{}, 5]".format, st.integers(0, 366)),
    st.just("days_until_anniversary(traits.renewal_at) < days_until_anniversary(traits.born_on)"),
    st.just("3 * age(traits.born_on) - days_until_anniversary(traits.born_on) > 50"),
)
lines = st.builds(
    "{} {} {}".format,
    st.sampled_from(
        (
            "days_until(traits.renewal_at)",
            "days_since(traits.renewal_at)",
            "days_until(traits.born_on) + 7 * age(traits.renewal_at)",
            "days_until(traits.renewal_at) - days_until_anniversary(traits.born_on)",
            "days_since(traits.born_on) / 365.25 - age(traits.born_on)",
        )
    ),
    st.sampled_from(("<", "<=", ">", ">=")),
    st.sampled_from(("0", "0.5", "-30", "30", "1 / 3", "400")),
)
conditions = st.one_of(steps, lines, st.builds("({}) and ({})".format, steps, lines))


def text_of(at: int) -> str:
    return (date(1970, 1, 1) + timedelta(days=at // DAY)).isoformat() + "T" + clock(at % DAY)


def clock(ms: int) -> str:
    return f"{ms // HOUR:02}:{ms // 60_000 % 60:02}:{ms // 1000 % 60:02}.{ms % 1000:03}Z"


def customer_of(born: date, renewal: int) -> Customer:
    customer = first_seen(0)
    customer.traits = {"born_on": born.isoformat(), "renewal_at": text_of(renewal)}
    return customer


def value(zone: str, call: str, customer: Customer, at: int) -> Fraction:
    compile_condition(f"{call} is known", CATALOGUES[zone])
    return Fraction(CATALOGUES[zone].features[call].formula.value(customer, at, 0))


@given(zones, instants)
def test_the_civil_calendar_has_the_days_of_the_policys(zone: str, at: int) -> None:
    policys = POLICYS[zone]
    today = CALENDARS[zone].date_of(at)
    assert today.toordinal() - date(1970, 1, 1).toordinal() == policys.day_of(at)
    assert CALENDARS[zone].start_of(today) == policys.start_of(policys.day_of(at))


@given(zones, st.dates(date(2, 1, 1), date(9998, 12, 31)))
def test_a_date_begins_where_the_one_before_ends(zone: str, day: date) -> None:
    calendar = CALENDARS[zone]
    start = calendar.start_of(day)
    assert calendar.date_of(start - 1) < day <= calendar.date_of(start)


def is_anniversary(born: date, day: date) -> bool:
    yesterday = day - timedelta(days=1)
    is_late = (born.month, born.day, yesterday.month, yesterday.day, day.day) == (2, 29, 2, 28, 1)
    return is_late or (born.month, born.day) == (day.month, day.day)


@example("UTC", date(2008, 2, 29), 1_456_704_000_000 - 1)
@given(zones, days, instants)
def test_years_are_counted_as_people_count_them(zone: str, born: date, at: int) -> None:
    customer = customer_of(born, 0)
    today = CALENDARS[zone].date_of(at)
    day = today
    while not is_anniversary(born, day):
        day += timedelta(days=1)
    assert value(zone, "days_until_anniversary(traits.born_on)", customer, at) == (day - today).days
    years = today.year - born.year - ((today.month, today.day) < (born.month, born.day))
    assert value(zone, "age(traits.born_on)", customer, at) == years


def first_by_brute_force(condition: Condition, customer: Customer, zone: str, start: int, end: int) -> int | None:
    """The first instant at which it holds, of every midnight, the millisecond before it, and every third hour."""
    calendar = CALENDARS[zone]
    seen = set(range(start + 1, end + 1, 3 * HOUR))
    day = calendar.date_of(start)
    while (midnight := calendar.start_of(day)) <= end:
        seen |= {midnight - 1, midnight} if midnight - 1 > start else set()
        day += timedelta(days=1)
    return next((at for at in sorted(seen) if condition.holds(customer, at)), None)


@example("days_until_anniversary(traits.born_on) == 0", "Pacific/Apia", date(1980, 12, 30), 0, SKIPPED - DAY, 9)
@given(conditions, zones, days, instants, instants, st.integers(1, 500))
def test_the_first_instant_is_foreseen(text: str, zone: str, born: date, renewal: int, start: int, ahead: int) -> None:
    customer = customer_of(born, start + (renewal % (900 * DAY)) - 450 * DAY)
    condition = compile_condition(text, CATALOGUES[zone])
    if condition.holds(customer, start):
        condition = opposite(condition)
    end = start + ahead * DAY
    found = condition.begins(customer, start, end)
    by_force = first_by_brute_force(condition, customer, zone, start, end)
    if found is None:
        assert by_force is None
        return
    assert start < found <= end
    assert condition.holds(customer, found)
    assert not condition.holds(customer, found - 1) or found - 1 == start
    assert by_force is None or found <= by_force


SEGMENTS = """
name = "dates"
[time]
zone = "{}"
[traits]
born_on = "date"
renewal_at = "instant"
[[segments]]
key = "s"
name = "S"
enter = "{}"
"""


@settings(max_examples=settings().max_examples // 3)
@given(steps, zones, days, instants, st.integers(1, 800))
def test_who_does_nothing_joins_and_leaves_at_the_midnights_of_brute_force(
    text: str, zone: str, born: date, start: int, ahead: int
) -> None:
    rules = Rulebook(read_policy(SEGMENTS.format(zone, text), catalogue))
    calendar, end = CALENDARS[zone], start + ahead * DAY
    traits: Traits = {"born_on": born.isoformat(), "renewal_at": text_of(start + 99 * DAY)}
    history = decide_history([TraitsIdentified(start, "m", traits)], end, rules)
    assert history is not None
    found = [(it.change.at, it.change.to) for it in history.published]
    condition = compile_condition(text, CATALOGUES[zone])
    expected, is_in = [], False
    day = calendar.date_of(start)
    for at in [start, *(calendar.start_of(day + timedelta(days=it)) for it in range(1, ahead + 2))]:
        if start <= at <= end and condition.holds(history.customer, at) is not is_in:
            is_in = not is_in
            expected.append((at, "in" if is_in else "out"))
    assert found == expected
