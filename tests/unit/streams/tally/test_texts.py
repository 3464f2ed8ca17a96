"""The table and the sentences: plain on a pipe, one example each, no customer in a log line."""

import io

import pytest
from rich.console import Console

from streams.tally.sentence import lately, nothing_usable, without_values
from streams.tally.table import SeeAll, print_tally
from streams.tally.tally import Tally


def printed(tally: Tally, see_all: SeeAll, *, terminal: bool = False) -> str:
    console = Console(file=io.StringIO(), width=60, force_terminal=terminal)
    print_tally(console, tally, see_all)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def some() -> Tally:
    tally = Tally(applied=1204)
    tally.duplicates.add(3, 2, "")
    tally.reject("bad_amount", 15, 17, "line 17: properties.total is -5: " + "an amount is zero or more " * 8)
    tally.reject("late", 2, 9, "line 9: [bold]the event is 5 ms older\x1b[2J")
    for number in range(25):
        tally.apply_unknown(f"Gift {number:02}", 1, number, f"line {number}")
    tally.apply_unknown("Order Compleet", 40, 3, "line 3")
    tally.hold("traits", 4)
    return tally


def test_a_pipe_gets_a_line_a_row() -> None:
    rows = [" ".join(line.split()) for line in printed(some(), SeeAll("A", "B", "C")).splitlines()]
    assert rows[:5] == ["events in 1,289", "applied 1,269", "duplicates 3", "rejected 17", rows[4]]
    assert rows[4].startswith("bad_amount 15 line 17: properties.total is -5: an amount is zero or more")
    assert rows[4].endswith("…")
    assert rows[5] == "late 2 line 9: [bold]the event is 5 ms older\N{REPLACEMENT CHARACTER}[2J"
    assert rows[6] == "unknown names 65 applied, and change nothing: no condition counts them"
    assert rows[7] == "Order Compleet 40 line 3; do you mean Order Completed?"
    assert rows[-6] == "6 more names 6"
    assert rows[-4] == "traits 4"
    assert rows[-3:] == ["all rejects: A", "all unknown names: B", "all duplicates: C"]


def test_a_terminal_gets_no_line_that_is_wider_than_it_is() -> None:
    text = printed(some(), SeeAll("A"), terminal=True)
    assert "\x1b[2J" not in text
    assert "unknown names:" not in text


def test_where_nothing_was_put_aside_nothing_is_listed() -> None:
    rows = [" ".join(line.split()) for line in printed(Tally(applied=5), SeeAll("A", "B", "C")).splitlines()]
    assert rows == ["events in 5", "applied 5", "duplicates 0", "rejected 0"]


def test_events_that_were_only_read_are_not_called_applied() -> None:
    console = Console(file=io.StringIO())
    tally = Tally(applied=5)
    tally.reject("not_json")
    print_tally(console, tally, SeeAll(), decided=False)
    assert isinstance(console.file, io.StringIO)
    rows = [" ".join(line.split()) for line in console.file.getvalue().splitlines()]
    assert rows == ["events in 6", "can be read 5", "cannot be used 1", "not_json 1"]


def test_the_line_about_a_minute() -> None:
    tally = Tally(applied=1164)
    tally.duplicates.add(3, 0, "")
    tally.reject("late", 2)
    tally.reject("bad_amount", 15, 1, "customer.purchases/0/17: properties.total: an amount is zero or more")
    tally.apply_unknown("Order Compleet", 40)
    tally.hold("traits", 2)
    assert lately(tally, "the last minute") == (
        "in the last minute: 1,204 applied, 3 duplicate, 17 rejected (bad_amount 15, late 2; e.g. "
        "customer.purchases/0/17: properties.total: an amount is zero or more), 40 of unknown names "
        "(Order Compleet 40: do you mean Order Completed?), bounds that held: traits 2"
    )


@pytest.mark.parametrize(
    ("detail", "told"),
    [
        ('properties.total is "c-4711": send a number', "properties.total: send a number"),
        ('userId is ["c-4711"]: send a text', "userId: send a text"),
        ("timestamp is missing: send when the event happened", "timestamp is missing: send when the event happened"),
        ("the event is 5 ms older than the allowed lateness", "the event is 5 ms older than the allowed lateness"),
        ("Total: 'c-4711: is 5' is no number: name another column", "Total: …: name another column"),
        ("Customer is empty: say who it is", "Customer is empty: say who it is"),
        ('the value is "c-4711: 5": send a JSON object', "the value: send a JSON object"),
        ("x" * 200, "x" * 119 + "…"),
    ],
)
def test_a_detail_for_the_log_repeats_nothing_of_the_event(detail: str, told: str) -> None:
    assert without_values(detail) == told


@pytest.mark.parametrize(
    ("reason", "told"),
    [("not_json", "f holds no JSON events"), ("late", "mostly because of late"), (None, "f holds no event")],
)
def test_what_to_do_when_nothing_could_be_used(reason: str | None, told: str) -> None:
    tally = Tally()
    if reason:
        tally.reject(reason)
    assert told in nothing_usable(tally, "f")
    unknown = Tally()
    unknown.apply_unknown("Gift")
    assert "has a name that lifestage knows" in nothing_usable(unknown, "f")
