"""Policies: everything that is wrong is reported at once, at its line; what is right is ready for use."""

import msgspec
import pytest

from state.features.catalogue import catalogue
from state.policy.compiled import read_policy
from state.policy.shape import Fixed, PAlive, Rhythm
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
        ("[money.rates]\nEUR = 0", 6, '`rates` is {"EUR":0}', "more than 0"),
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
        ("[rfm]\nmonetary = [1, 2, 3]", 6, "[1,2,3]", "4 numbers"),
        ("[rfm]\nmonetary = [1, 3, 2, 4]", 6, "does not rise", "above"),
        ("[rfm]\nmonetary = [1, 3, -2, 4]", 6, "[1,3,-2,4]", "more than 0"),
        ('[[segments]]\nkey = "A"\nname = "a"\nenter = "loyal"', 6, '"A"', "small letters"),
        ('[[segments]]\nkey = "a"\nenter = "loyal"', 5, "`name` is missing", "name = ..."),
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


def test_everything_is_reported_together():
    text = LEAST.replace("orders <", "ordrs <") + (
        '[[segments]]\nkey = "a"\nname = "a"\nenter = "loyl"\n'
        '[[segments]]\nkey = "a"\nname = 3\nenter = "loyal"\nmin = 4\n[money]\ncurrency = "ABC"\n'
    )
    assert [line for line, _, _ in problems(text)] == [4, 8, 10, 11, 13, 15]


def test_loyalty_cannot_rest_on_itself():
    for asked in ("stage == 'new'", "previous_stage == 'new'", "times_entered(stage = 'churned') > 0", "not loyal"):
        with pytest.raises(PolicyError) as caught:
            read_policy(LEAST.replace("orders < 4", asked), catalogue)
        assert "follows from loyalty" in caught.value.problems[0].message


@pytest.mark.parametrize(("text", "line"), [("", 1), ('name = "x', 1), ('name = "x"\n\nname = "y"\n', 3), ("a = [", 1)])
def test_what_is_no_policy_at_all(text, line):
    assert problems(text)[0][0] == line


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
