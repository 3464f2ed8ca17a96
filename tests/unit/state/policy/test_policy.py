"""Policies: everything that is wrong is reported at once, at its line; what is right is ready for use."""

import json

import msgspec
import pytest

from state.features.catalogue import catalogue
from state.policy.compiled import read_policy
from state.policy.lifecycle_shape import Fixed, PAlive, Rhythm
from state.policy.shape import Policy
from state.policy.summary import summarize
from state.policy.text import PolicyError
from state.policy.toml_lines import lines_of
from tests.support.programs import ROOT
from tests.unit.state.conditions.toy import CATALOGUE, Toy

DEFAULT = (ROOT / "policies" / "default.toml").read_text("utf-8")
LEAST = 'name = "p"\n[lifecycle.loyal]\nenter = "orders >= 6"\nleave = "orders < 4"\n'


def read(text):
    return read_policy(text, lambda policy: CATALOGUE)


def problems(text):
    with pytest.raises(PolicyError) as caught:
        read(text)
    return [(it.line, it.message, it.fix) for it in caught.value.problems]


@pytest.mark.parametrize(
    ("table", "enter", "leave"),
    [
        ("", "orders_365d >= 6", "orders_365d < 4"),
        ("min_stay_days = 3", "orders_365d >= 6", "orders_365d < 4"),
        ('leave = "orders < 1"', "orders_365d >= 6", "orders < 1"),
        ('enter = "orders >= 3"', "orders >= 3", "not (orders >= 3)"),
        ('enter = "orders >= 3"\nleave = ""', "orders >= 3", "not (orders >= 3)"),
    ],
)
def test_who_gives_only_the_loyal_enter_means_its_opposite(table, enter, leave):
    compiled = read_policy(f'name = "p"\n[lifecycle.loyal]\n{table}\n', catalogue)
    assert compiled.policy.lifecycle.loyal.enter == enter
    assert compiled.loyal_leave.text == leave


def test_all_that_is_left_out_has_a_default():
    compiled = read(LEAST)
    assert compiled.day_ms == 86_400_000
    assert compiled.lateness_ms == 3_600_000
    assert compiled.session_ms == 1_800_000
    assert compiled.loyal_stay.ms == 30 * 86_400_000
    assert isinstance(compiled.policy.lifecycle.patience, Rhythm)
    assert compiled.segments == ()


def test_the_version_changes_with_what_it_says_and_not_with_how():
    version = read(LEAST).version
    assert version.startswith("p@")
    assert len(version) == 10
    assert (
        read("# a remark\n" + LEAST.replace("6", "6").replace(" = ", "=") + "\n[time]\nzone='UTC'").version == version
    )
    assert read(LEAST.replace("6", "7")).version != version
    rates = LEAST + "[money.rates]\n"
    assert read(rates + "EUR = 1.1\nGBP = 1.3").version == read(rates + "GBP = 1.3\nEUR = 1.1").version


def test_a_shortened_day_shortens_every_stay():
    compiled = read(LEAST + '[time]\nday_seconds = 60\n[[segments]]\nkey="a"\nname="A"\nenter="loyal"\nmin_stay_days=2')
    assert compiled.day_ms == 60_000
    assert compiled.segments[0].stay.ms == 120_000


def test_entering_never_holds_while_leaving_does():
    compiled = read(LEAST + '[[segments]]\nkey="a"\nname="A"\nenter="orders >= 1"\nleave="orders_7d == 0"')
    segment = compiled.segments[0]
    toy = Toy(orders=[(0, 1.0)])
    assert segment.enter.holds(toy, 1)
    assert not segment.enter.holds(toy, 70)
    assert segment.leave.begins(toy, 1) == 70


def test_without_a_leave_one_leaves_when_enter_no_longer_holds():
    segment = read(LEAST + '[[segments]]\nkey="a"\nname="A"\nenter="orders_7d > 0"').segments[0]
    assert segment.leave.begins(Toy(orders=[(0, 1.0)]), 1) == 70


@pytest.mark.parametrize(
    ("method", "kind"),
    [
        ('method = "fixed"\ndays = 30\nchurn_days = 90', Fixed),
        ('method = "rhythm"\nmultiple = 3', Rhythm),
        ('method = "p_alive"\nlimit=0.5\nchurn_limit=0.1\nr=0.243\nalpha=4.414\na=0.793\nb=2.426', PAlive),
    ],
)
def test_methods_of_patience(method, kind):
    assert isinstance(read(LEAST + f"[lifecycle.patience]\n{method}").policy.lifecycle.patience, kind)


@pytest.mark.parametrize(
    ("added", "line", "expected", "fix"),
    [
        ('zone = "UTC"', 5, "no `zone` here", "enter, leave, min_stay_days"),
        ("min_stay = 3", 5, "no `min_stay` here", "did you mean `min_stay_days`"),
        ("min_stay_days = -1", 5, "`min_stay_days` is -1", "at least 0"),
        ("min_stay_days = nan", 5, "is nan", "finite"),
        ("min_stay_days = true", 5, "is true", "write a number"),
        ('[time]\nzone = "Europe/Berln"', 6, "no time zone", 'did you mean "Europe/Berlin"'),
        ('[time]\nzone = "../../etc/passwd"', 6, "no time zone", "Europe/Berlin"),
        ('[time]\nzone = "Europe/Berlin"\nday_seconds = 60', 7, "shortened day", "UTC"),
        ('[money]\ncurrency = "EUX"', 6, "no currency", "ISO 4217"),
        ('[money]\ncurrency = "euro"', 6, "`currency` is", "three capital letters"),
        ("[money.rates]\nEUR = 0", 6, "`EUR` is 0", "more than 0"),
        ("[money.rates]\nUSD = 1.1", 6, "counted in", "leave its rate out"),
        ("[lifecycle.patience]\nmethod = \"rythm\"", 6, "rythm", '"rhythm", "fixed", "p_alive"'),
        ("[lifecycle.patience]\ndays = 3", 5, "`method` is missing", "rhythm"),
        ('[lifecycle.patience]\nmethod = "fixed"\ndays = 30\nchurn_days = 30', 8, "before they are at risk", "longer"),
        ('[lifecycle.patience]\nmethod = "rhythm"\nmin_days = 200', 7, "above max_days", "smaller"),
        ('[lifecycle.patience]\nmethod = "rhythm"\nchurn_multiple = 1', 7, "moment", "more than 1"),
        (
            '[lifecycle.patience]\nmethod = "p_alive"\nlimit=0.1\nchurn_limit=0.5\nr=1\nalpha=1\na=1\nb=1',
            8, "before they are at risk", "smaller",
        ),
        ("[lifecycle.support]\nbad_rating = 6", 6, "is 6", "at most 5"),
        ("[rfm]\nwindow_days = 401", 6, "is 401", "at most 400"),
        ("[rfm]\nwindow_days = 0", 6, "is 0", "at least 1"),
        ("[rfm]\nmonetary = [1, 2, 3]", 6, "[1, 2, 3]", "a list of 4 numbers"),
        ("[rfm]\nmonetary = [1, 3, 2, 4]", 6, "does not rise", "above"),
        ("[rfm]\nmonetary = [1, 3, -2, 4]", 6, "`monetary` has -2", "more than 0"),
        ("[rfm]\nmonetary = 5", 6, "`monetary` is 5", "a list of 4 numbers"),
        ('[money.rates]\nEUR = "1,08"', 6, '`EUR` is "1,08"', "write a number"),
        ("[money.rates]\neur = 1.08", 6, '`rates` has "eur"', "three capital letters"),
        ("[money]\nrates = 1.08", 6, "`rates` is 1.08", "write a table"),
        ('[intake]\nnot_customers = ["guest", ""]', 6, '`not_customers` has ""', "something"),
        ('[intake]\nnot_customers = ["guest", 0]', 6, "`not_customers` has 0", "write a text in quotation marks"),
        ('[intake]\nnot_customers = "guest"', 6, '`not_customers` is "guest"', "write a list of texts"),
        ('[intake]\nnot_customers = ["*"]', 6, '`not_customers` has "*"', "beside blanks and *"),
        ('[intake]\nnot_customers = ["a*b*"]', 6, '`not_customers` has "a*b*"', "at most one *"),
        ('[intake]\nrating_scale = ["1", 5]', 6, '`rating_scale` has "1"', "write a number"),
        ("[time]\nday_seconds = 1.5", 6, "`day_seconds` is 1.5", "write a whole number"),
        ("[money]\nmost_per_order = 1e13", 6, "is 10000000000000.0", "make it at most 1000000000000"),
        ("[money]\nmost_per_order = " + "9" * 400, 6, "is 9999", "nearer to zero"),
        ("[[lifecycle.stages]]\nkey = 'x'\nleft = 'Left it'", 7, '`left` is "Left it"', "small letters"),
        ("[money]\ncurrency = 2020-01-01", 6, "`currency` is 2020-01-01", "a text in quotation marks"),
        ("[lifecycle.patience]\nmethod = ['fixed']", 6, '`method` is ["fixed"]', '"rhythm", "fixed", "p_alive"'),
        ("[[lifecycle.patience]]\ndays = 3", 5, "`patience` is not a table", "[lifecycle.patience]"),
        ("[time]\n[lifecycl.support]\nopen_days = 1", 6, "no `lifecycl` here", "`lifecycle`"),
        ("[lifecycle.support]\n[lifecycle]\none_time_patience_days = 500", 6, "at risk", "which is 500"),
        ("[[time]]\nzone = 'UTC'", 5, "`time` is not a table", "under [time]"),
        ('[[segments]]\nkey = "A"\nname = "a"\nenter = "loyal"', 6, '"A"', "small letters"),
        ('[[segments]]\nkey = "a"\nenter = "loyal"', 5, "`name` is missing", "in [[segments]], as in `name = ...`"),
        ('[[segments]]\nkey = "unnamed"\nname = "a"\nenter = "loyal"\n' * 2, 10, "is taken by line 6", "another key"),
        ('[[segments]]\nkey = "a"\nname = "a"\nenter = """ordrs > 3"""', 8, "column 1", "`orders`"),
        ('[[segments]]\nkey = "a"\nname = "a"\nenter = """\\\n  ordrs > 3"""', 9, "column 1", "`orders`"),
        ('[[segments]]\nkey = "a"\nname = ""\nenter = "loyal"', 7, '`name` is ""', "something"),
        ('[[segments]]\nkey = "a"\nname = "a"\nenter = "ordrs > 3"', 8, "`enter`, column 1", "`orders`"),
        ('[[segments]]\nkey = "a"\nname = "a"\nenter = """\n  loyal\n  and ordrs > 3"""', 10, "column 7", "`orders`"),
        ('[[segments]]\nkey = "a"\nname = "a"\nenter = "p_alive > 0.3"', 8, "never known", "p_alive"),
        ("[segments]\nx = 3", 5, "list of tables", "[[segments]]"),
    ],
)  # fmt: skip
def test_every_error_has_its_line_and_fix(added, line, expected, fix):
    found = problems(LEAST + added)
    assert len(found) == 1, found
    assert found[0][0] == line
    assert expected in found[0][1]
    assert fix in found[0][2]


FULL = """
name = "p"
[time]
zone = "Europe/Berlin"
lateness_minutes = 5
day_seconds = 86400
[money]
currency = "EUR"
most_per_order = 5000
rates = { USD = 0.9 }
[browsing]
session_minutes = 20
[intake]
not_customers = ["guest"]
rating_scale = [0, 10]
[orders]
undo_days = 30
[lifecycle]
occasion_days = 0
one_time_patience_days = 200
one_time_churn_days = 300
[lifecycle.patience]
method = "p_alive"
limit = 0.9
churn_limit = 0.6
r = 0.243
alpha = 4.414
a = 0.793
b = 2.426
unit_days = 1
min_days = 400
max_days = 500
min_at_risk_days = 3
[lifecycle.support]
shorten_to = 0.9
bad_rating = 7
rating_counts_days = 3
open_days = 3
[lifecycle.loyal]
enter = "orders >= 6"
leave = "orders < 4"
min_stay_days = 3
[rfm]
recency_days = [300, 400, 500, 600]
frequency_orders = [20, 30, 40, 50]
monetary = [2000, 3000, 4000, 5000]
window_days = 30
[[segments]]
key = "a"
name = "A"
description = "All."
enter = "p_alive > 0.95"
leave = "p_alive < 0.9"
min_stay_days = 3
"""
NO_TEXTS = ["3", "true", "nan", "-inf", "{}", "{ a = 1 }", "[]", '["x"]', "[[]]", "[{}]", "2020-01-01", "07:30:00"]
NO_NUMBERS = ['""', '"x"', '"3"', *NO_TEXTS[1:], "1" + "0" * 400]
NO_LISTS = ['""', *NO_TEXTS[:6], "[true]", "[nan, nan]", "[[], []]", "[{}]", "[2020-01-01, 3]"]
VALUES = [(row, line) for row, line in enumerate(FULL.splitlines()) if " = " in line]


@pytest.mark.parametrize(
    ("subject", "fix"),
    [
        ('"acount"', 'did you mean "account"?'),
        ('"Customers"', 'did you mean "customer"?'),
        ('"household"', 'write "customer" or "account"'),
        ("3", 'write "customer" or "account"'),
    ],
)
def test_one_of_a_few_words_is_told_with_those_that_there_are(subject: str, fix: str) -> None:
    with pytest.raises(PolicyError) as wrong:
        read_policy(f'name = "p"\nsubject = {subject}\n', catalogue)
    (problem,) = wrong.value.problems
    assert (problem.line, problem.message, problem.fix) == (2, f"`subject` is {subject}", fix)


@pytest.mark.parametrize(("row", "line"), VALUES, ids=[line.partition(" =")[0] for _, line in VALUES])
def test_a_value_of_another_type_is_told_at_its_key_and_nothing_else_is(row, line):
    key, _, value = line.partition(" = ")
    mistakes = {'"': NO_TEXTS, "[": NO_LISTS, "{": NO_LISTS[:4]}.get(value[0], NO_NUMBERS)
    features = catalogue(Policy(name="any"))
    read_policy(FULL, lambda policy: features)
    for mistake in mistakes:
        lines = [*FULL.splitlines()[:row], f"{key} = {mistake}", *FULL.splitlines()[row + 1 :]]
        with pytest.raises(PolicyError) as caught:
            read_policy("\n".join(lines), lambda policy: features)
        assert {(it.line, it.message.split()[0]) for it in caught.value.problems} == {(row + 1, f"`{key}`")}, mistake


@pytest.mark.parametrize(
    "wrong",
    [
        '[intake]\nrating_scale = "0-10"\n[lifecycle.support]\nbad_rating = 7',
        "[intake]\nrating_scal = [0, 10]\n[lifecycle.support]\nbad_rating = 7",
        "[intakes]\nrating_scale = [0, 10]\n[lifecycle.support]\nbad_rating = 7",
        '[money]\ncurrency = "eur"\n[money.rates]\nUSD = 0.9',
        '[lifecycle.patience]\nmethod = "p-alive"\n[[segments]]\nkey = "a"\nname = "A"\nenter = "p_alive > 0.5"',
        '[lifecycle]\none_time_patience_days = 200\none_time_churn_dys = 300',
    ],
)  # fmt: skip
def test_what_is_wrong_only_because_something_else_is_is_not_told(wrong):
    with pytest.raises(PolicyError) as caught:
        read_policy(f'name = "p"\n{wrong}', catalogue)
    assert len(caught.value.problems) == 1, caught.value.problems


def test_everything_is_reported_together():
    text = LEAST.replace("orders <", "ordrs <") + (
        '[[segments]]\nkey = "a"\nname = "a"\nenter = "loyl"\n'
        '[[segments]]\nkey = "a"\nname = 3\nenter = "loyal"\nmin = 4\n[money]\ncurrency = "ABC"\n'
    )
    assert [line for line, _, _ in problems(text)] == [4, 8, 10, 11, 13, 15]


def test_values_that_do_not_fit_together_are_all_told():
    text = LEAST + (
        "[lifecycle.support]\nbad_rating = 9\n"
        '[lifecycle.patience]\nmethod = "rhythm"\nmin_days = 130\n'
        '[[segments]]\nkey = "a"\nname = "A"\nenter = "p_alive > 0.3"\n'
    )
    assert [line for line, _, _ in problems(text)] == [6, 9, 13]


def test_loyalty_cannot_rest_on_itself():
    for asked in ("stage == 'new'", "previous_stage == 'new'", "times_entered(stage = 'churned') > 0", "not loyal"):
        with pytest.raises(PolicyError) as caught:
            read_policy(LEAST.replace("orders < 4", asked), catalogue)
        assert "follows from loyalty" in caught.value.problems[0].message


@pytest.mark.parametrize(
    ("text", "line", "fix"),
    [
        ("", 1, "write it at the top"),
        ('name = "x', 1, "close every"),
        ('name = "x"\n\nname = "y"\n', 3, "each key once"),
        ("[time]\n[money]\n[time]\n", 3, "each table"),
        ("a = [", 1, "close every"),
        ("name = p\n", 1, "a text in quotation marks"),
        ("name = 'p'\n[money.rates]\nEUR = 1,08", 3, "a number with a point"),
        ("name = 'p'\na = " + "[" * 5000, 1, "list within"),
        ("name = 'p'\na = " + "9" * 5000, 1, "digits"),
    ],
)
def test_what_is_no_policy_at_all(text, line, fix):
    assert problems(text)[0][0] == line
    assert fix in problems(text)[0][2]


def test_a_byte_order_mark_is_no_part_of_a_policy():
    assert read("\ufeff" + LEAST).version == read(LEAST).version


def test_lines_are_found_among_remarks_lists_and_long_texts():
    lines = lines_of(
        'a = 1 # [x]\n[b.c]\n"d" = [\n 1, # e = 3\n 2]\nf = """\ng = 4\n[h]\n"""\ni.j = \'[k]\'\n'
        "[[l]]\nm = 1\n[[l]]\nm = { n = 2 }\n[l.o]\np = 1\n"
    )
    assert lines[("a",)] == 1
    assert lines[("b", "c", "d")] == 3
    assert lines[("b", "c", "f")] == 6
    assert lines[("b", "c", "i", "j")] == 10
    assert lines[("l", 0, "m")] == 12
    assert lines[("l", 1, "m")] == 14
    assert lines[("l", 1, "o", "p")] == 16
    assert not {("g",), ("h",), ("b", "c", "e"), ("b", "c", "g")} & set(lines)


def test_words_tell_what_a_policy_does():
    text = (
        LEAST + '[money.rates]\nEUR = 1.08\n[[segments]]\nkey="a"\nname="Seen"\nenter="orders_7d > 0"\nmin_stay_days=1'
    )
    words = summarize(read(text))
    for expected in ("Policy p@", "1 EUR = 1.08 USD", "until orders < 4, but not in the first 30 days", "Seen (a)",
                 "leaves when that no longer holds, but not in the first 1 day", "at the last 7 days"):  # fmt: skip
        assert expected in words


def test_a_policy_survives_its_own_encoding():
    policy = read(LEAST + "[lifecycle.support]\n").policy
    assert msgspec.json.decode(msgspec.json.encode(policy), type=type(policy)) == policy


TYPED = """name = "p"
[traits]
born_on = "dat"
renewal_at = "timestamp"
score = 5
kind = "flag"
tags = "texts"
seen_on = "date"
odd = "colour"
[[segments]]
key = "s"
name = "S"
enter = '"a" in traits.tags'
"""


def test_types_of_traits_that_do_not_exist_are_told_with_the_nearest():
    with pytest.raises(PolicyError) as caught:
        read_policy(TYPED, catalogue)
    assert [(it.line, it.message, it.fix) for it in caught.value.problems] == [
        (3, 'there is no type "dat" of traits', 'did you mean "date"?'),
        (4, 'there is no type "timestamp" of traits', 'did you mean "instant"?'),
        (5, "`score` is 5", "write a text in quotation marks"),
        (6, "`kind` is a text, and not a flag", 'write kind = "text", or leave it out'),
        (
            9,
            'there is no type "colour" of traits',
            'it is one of "text", "number", "flag", "date", "instant", "texts", "tags"',
        ),
    ]


DECLARED = 'name = "p"\n[traits]\ntags = "texts"\nseen_on = "date"\nat = "instant"\nscore = "number"\n'


@pytest.mark.parametrize(
    ("enter", "message", "fix"),
    [
        ("traits.tags > 3", "`traits.tags` is a list of texts", 'write `"..." in traits.tags`'),
        (
            "traits.tags",
            "`traits.tags` is a list of texts, not a yes or no",
            "compare it, as in `traits.tags is known`",
        ),
        (
            "traits.seen_on > 3",
            "`traits.seen_on` is a date",
            "ask for `days_until(traits.seen_on)`, or whether it `is known`",
        ),
        ("1 + traits.seen_on > 3", "`traits.seen_on` is a date", "only numbers can be calculated with"),
        ("traits.at == 3", "`traits.at` is an instant", "ask for `days_until(traits.at)`, or whether it `is known`"),
        ('traits.score == "x"', '`traits.score` is a number and `"x"` a text', "compare values of the same sort"),
        (
            '"a" in traits.other',
            "`traits.other` is not a list",
            'declare it in the policy\'s [traits], as in `other = "texts"`',
        ),
        ('"a" in traits.score', "`traits.score` is not a list", 'write a list after `in`, as in ["DE", "FR"]'),
        (
            'contains(traits.tags, "a")',
            "`traits.tags` is a list of texts, and not a text",
            'write `"..." in traits.tags`',
        ),
        (
            "age(traits.born) > 3",
            "it is not said that `traits.born` is a date",
            'declare it in the policy\'s [traits], as in `born = "date"`',
        ),
        ("days_until(traits.score) > 3", "`traits.score` is a number, and not a date", "ask this of a date"),
        (
            "days_since(traits.at) == 3",
            "`days_since(traits.at) == 3` would hold or fail for a single millisecond",
            "write a range, as in `7 <= days_since_order < 8`",
        ),
        ("age(seen_on) > 3", "`trait` is a trait, as in `traits.plan`", "write traits.seen_on"),
        ('starts_with(traits.score, "a")', "`traits.score` is a number, and not a text", "ask this of a text"),
    ],
)
def test_a_declared_trait_is_refused_where_it_cannot_stand(enter, message, fix):
    with pytest.raises(PolicyError) as caught:
        read_policy(f"{DECLARED}[[segments]]\nkey = 's'\nname = 'S'\nenter = {json.dumps(enter)}\n", catalogue)
    (problem,) = caught.value.problems
    assert problem.line == 10
    assert problem.message.partition(": ")[2] == message
    assert problem.fix == fix
