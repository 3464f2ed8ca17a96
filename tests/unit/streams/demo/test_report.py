"""The report: every number in it, and within the width of its console."""

import io
import re

import pytest
from rich.console import Console

from schemas.profile import Profile
from streams.demo.legend import Legend
from streams.demo.report import ReportData, render_report
from streams.demo.transition_history import TransitionHistory, build_history
from tests.unit.streams.demo.published import (
    DAY,
    SHIPPED,
    START,
    ladder_path,
    legend,
    own_path,
    path,
    profile,
    segment_path,
)

HOSTILE = "\x1b[2Jgone"


def rendered(
    history: TransitionHistory,
    profiles: dict[str, Profile],
    width: int = 100,
    colour: bool = False,
    stages: Legend = SHIPPED,
) -> str:
    file = io.StringIO()
    console = Console(file=file, width=width, color_system="truecolor" if colour else None, force_terminal=colour)
    data = ReportData(history, profiles, stages, START, START + 364 * DAY, "EUR", DAY)
    console.print(render_report(data, console))
    return file.getvalue()


def shop() -> tuple[TransitionHistory, dict[str, Profile]]:
    values = [
        *path("a", new=10, repeat=40, loyal=70),
        *path("b", new=40, at_risk=200),
        *path("c", new=300),
        *segment_path("a", "vip", 50),
        *segment_path("b", "vip", 50, 60),
        *segment_path("c", "big", 310),
        *ladder_path("a", "tier", silver=20, top_gold=70),
        *ladder_path("b", "tier", silver=50, none=90),
    ]
    profiles = {
        "a": profile("a", "loyal", revenue=1234.5, orders=1000, days_known=365.0),
        "b": profile("b", "at_risk", days_known=340.0),
        "c": profile("c", "new", days_known=100.0),
        "d": profile("d", "prospect", days_known=100.0),
    }
    return build_history(values), profiles


def row(report: str, beginning: str) -> list[str]:
    """Return the words of the first line with this beginning, without the bars."""
    (line,) = [line for line in report.splitlines() if line.strip().startswith(beginning)][:1]
    return re.sub(r"[·░▒▓█/x+▏▎▍▌▋▊▉]{1,}\s", " ", line).split()


def test_each_row_over_time_counts_every_customer_once() -> None:
    report = rendered(*shop())
    # prospect, new, repeat, loyal, at risk, all
    assert row(report, "Jan 2017")[2:] == ["1", "1", "-", "-", "-", "2"]
    assert row(report, "Feb 2017")[2:] == ["-", "1", "1", "-", "-", "2"]
    assert row(report, "Mar 2017")[2:] == ["-", "1", "-", "1", "-", "2"]
    assert row(report, "Dec 2017")[2:] == ["1", "1", "-", "1", "1", "4"]
    assert "churned" not in report.partition("Transitions")[0], "a stage that nobody was in has no column"


def test_transitions_steps_and_segments_are_counted() -> None:
    report = rendered(*shop(), width=80)
    assert row(report, "acquired")[:2] == ["acquired", "3"]
    assert row(report, "became loyal")[:3] == ["became", "loyal", "1"]
    assert row(report, "Vip")[1] == "1"
    assert row(report, "Vip")[-2:] == ["+2", "-1"]
    assert row(report, "Big")[-2:] == ["+1", "-0"]
    assert row(report, "Tier: top gold")[-2:] == ["+1", "-0"]
    assert row(report, "Tier: silver")[2:] == ["0", "+2", "-2"]
    assert report.index("Tier: top gold") < report.index("Tier: silver") < report.index("Big")
    assert report.index("Big") < report.index("Vip"), "equal segments come by their key"


def test_each_story_has_its_customer_its_steps_and_what_comes_next() -> None:
    report = rendered(*shop())
    assert "Three of them" in report
    assert "Customer a, loyal from the start, and still here: now loyal, 1,000 orders, 1,234.50 EUR" in report
    assert re.search(r"● 2017-02-10 +ordered again after 30 days +why", report)
    assert report.count("nothing more, unless something happens") == 3


@pytest.mark.parametrize("width", [60, 80, 91, 92, 100, 200])
@pytest.mark.parametrize("colour", [False, True])
def test_no_line_is_wider_than_the_console_or_100_cells(width: int, colour: bool) -> None:
    report = re.sub(r"\x1b\[[0-9;]*m", "", rendered(*shop(), width=width, colour=colour))
    assert max(len(line.rstrip()) for line in report.splitlines()) <= min(width, 100)


def test_without_colours_a_legend_names_the_patterns() -> None:
    legend = "░ new   ▒ repeat   █ loyal   / at risk"
    assert legend in rendered(*shop())
    assert legend not in rendered(*shop(), colour=True)


def test_text_of_customers_cannot_move_the_cursor() -> None:
    history = build_history([*path(HOSTILE, new=10), *segment_path(HOSTILE, HOSTILE, 20)])
    report = rendered(history, {HOSTILE: profile(HOSTILE, "new")})
    assert "\x1b" not in report
    assert "Customer \N{REPLACEMENT CHARACTER}[2Jgone, new" in report


def test_a_run_without_a_customer_has_a_report_too() -> None:
    report = rendered(TransitionHistory(), {})
    assert "Customers by stage" in report
    assert row(report, "Dec 2017")[2:] == ["0"]


OWN = legend("lead", "buyer", "second_order_done", "champion_of_the_year")


def club() -> tuple[TransitionHistory, dict[str, Profile]]:
    values = [
        *own_path("a", "lead", "buyer", "second_order_done", "champion_of_the_year", apart=40),
        *own_path("b", "lead", "buyer", "second_order_done", "buyer", apart=20),
        *own_path("c", "lead", "buyer"),
    ]
    stages = {"a": "champion_of_the_year", "b": "buyer", "c": "buyer", "d": "lead"}
    return build_history(values), {it: profile(it, stage, days_known=365.0) for it, stage in stages.items()}


def test_stages_of_the_policy_have_columns_bars_and_steps() -> None:
    report = rendered(*club(), stages=OWN)
    # lead, buyer, second order done, champion of the year, all
    assert row(report, "Jan 2017")[2:] == ["2", "2", "-", "-", "4"], "customers begin in the policy's own first stage"
    assert row(report, "Dec 2017")[2:] == ["1", "2", "-", "1", "4"]
    assert "· lead   ░ buyer   █ second order done   / champion of the year" in report
    assert re.search("^Dec 2017 ·+░+/+ ", report, re.M)
    assert row(report, "buyer ")[:2] == ["buyer", "4"]
    assert re.search("^champion of the year +1 █", report, re.M)
    assert "Customer a, through the most stages: now champion of the year" in report
    assert "Customer b, back in a stage they had left: now buyer" in report
    assert "placed a first order" not in report, "what a stage of the policy's own means is not known"
    coloured = rendered(*club(), colour=True, stages=OWN)
    assert "· lead" not in coloured


@pytest.mark.parametrize("width", [60, 80, 100])
@pytest.mark.parametrize("colour", [False, True])
@pytest.mark.parametrize("number", [2, 3, 9, 50])
@pytest.mark.parametrize("name", ["s{}", "waiting_for_order_{}", "w" * 60 + "{}"])
def test_no_stage_is_too_many_and_no_name_too_long(width: int, colour: bool, number: int, name: str) -> None:
    keys = [name.format(it) for it in range(number)]
    values = [value for it, key in enumerate(keys[1:]) for value in own_path(f"c{it}", keys[0], key)]
    profiles = {f"c{it}": profile(f"c{it}", key) for it, key in enumerate(keys[1:])}
    report = rendered(build_history(values), profiles, width, colour, legend(*keys))
    plain = re.sub(r"\x1b\[[0-9;]*m", "", report)
    assert max(len(line.rstrip()) for line in plain.splitlines()) <= width
    numbers = re.sub("[^0-9 ]", " ", row(plain, "Dec 2017")[-1])
    assert int(numbers) == number - 1, "the column of all is there"
    assert "…" not in plain.partition("Transitions")[0], "nothing is cut"
