"""What ``show``, ``tail`` and ``rejects`` print, from hand-made profiles, transitions and rejects."""

from typing import Any

import msgspec
import orjson
import pytest

from schemas.change import Publication
from schemas.reject import RejectedError, read_reject, reject
from streams.cli.commands import rejects, show, tail
from tests.unit.streams.demo.published import FIGURES, change, profile, published

HOSTILE = "\x1b[2Jgone"
SAFE = "\N{REPLACEMENT CHARACTER}[2Jgone"


def transition(publication: Publication, customer: str = "c1") -> dict[str, Any]:
    (value,) = published(publication, customer=customer)
    return dict(orjson.loads(value))


@pytest.mark.parametrize(
    ("publication", "line"),
    [
        (Publication(change(1, "new"), FIGURES, 1), "acquired  prospect → new  why"),
        (Publication(change(1, "in", "out", "VIPs", "vip"), FIGURES, 1), "entered VIPs  why"),
        (Publication(change(1, "out", "in", "VIPs", "vip"), FIGURES, 1), "left VIPs  why"),
        (Publication(change(1, "new"), FIGURES, 1, correction=True), "acquired  prospect → new  why  (correction)"),
        (
            Publication(change(1, "new"), None, 2, correction=True, retracted=True),
            "acquired  prospect → new  (retracted)",
        ),
        (Publication(change(1, "in", "out", HOSTILE, "vip"), FIGURES, 1), f"entered {SAFE}  why"),
    ],
)
def test_a_transition_is_one_line(publication: Publication, line: str) -> None:
    assert tail.line(transition(publication)).plain == f"2017-01-02T00:00:00.000Z  c1  {line}"


def test_a_customer_id_cannot_move_the_cursor() -> None:
    text = tail.line(transition(Publication(change(1, "new"), FIGURES, 1), HOSTILE)).plain
    assert SAFE in text
    assert "\x1b" not in text


def test_a_profile_is_printed_with_what_it_has(capsys: pytest.CaptureFixture[str]) -> None:
    customer = profile("c1", "loyal", orders=1234, revenue=5678.5, mean_gap_days=None, loyal=True)
    show._print_profile(customer)
    bare = capsys.readouterr().out
    assert "loyal since 2017-01-01T00:00:00.000Z\n" in bare
    assert "next: nothing, unless something happens" in bare
    assert "caused by" not in bare
    assert "before that" not in bare
    assert "mean gap" not in bare, "a figure that the customer does not have is left out"
    assert "trait" not in bare
    words = [line.split() for line in bare.splitlines()]
    for row in (["orders", "1234"], ["revenue", "5,678.50"], ["loyal", "yes"]):
        assert row in words

    full = msgspec.structs.replace(
        customer,
        why="3 orders in 90 days",
        cause="Order Completed m1",
        previous_stage="repeat",
        previous_since="2016-12-01T00:00:00.000Z",
        segments={"vip": "2017-02-01T00:00:00.000Z"},
        windows={"orders_30d": 1, "orders_90d": 3, "visits_30d": 0, "visits_90d": 0, "spend_90d": 12.5},
        traits={"city": HOSTILE, "tags": {"trial": "2026-12-31", "vip": None}, "none": {}},
        next_transition="at_risk",
        next_at="2018-01-01T00:00:00.000Z",
    )
    show._print_profile(full)
    text = capsys.readouterr().out
    assert "loyal since 2017-01-01T00:00:00.000Z: 3 orders in 90 days" in text
    assert "caused by Order Completed m1" in text
    assert "before that repeat since 2016-12-01T00:00:00.000Z" in text
    assert "next: at_risk on 2018-01-01T00:00:00.000Z, unless something happens" in text
    assert "in segment vip since 2017-02-01T00:00:00.000Z" in text
    assert "trial until 2026-12-31, vip\n" in text
    words = [line.split() for line in text.splitlines()]
    for row in (["in", "the", "last", "30", "days", "90", "days"], ["orders", "1", "3"], ["spend", "-", "12.50"]):
        assert row in words
    assert "visits" not in text, "a window of zeros is left out"
    assert f"city   {SAFE}" in text


def rejected(value: bytes | None) -> Any:
    error = RejectedError("late", f"too old {HOSTILE}")
    return read_reject(reject(error, topic="customer.support", partition=1, offset=7, time=0, key=b"c", value=value))


@pytest.mark.parametrize(
    ("value", "preview"),
    [
        (None, "(no value)"),
        (b"", ""),
        (b'{"a":1}', '{"a":1}'),
        (HOSTILE.encode() + b"\n", f"{SAFE}\N{REPLACEMENT CHARACTER}"),
        (b"x" * 160, "x" * 160),
        (b"x" * 161, f"{'x' * 160}… (161 bytes)"),
        (b"x" * 70_000, f"{'x' * 160}… (70000 bytes)"),
    ],
)
def test_a_reject_is_printed_with_its_place_and_the_beginning_of_its_value(value: bytes | None, preview: str) -> None:
    first, second = rejects._lines(rejected(value)).plain.split("\n")
    assert first == f"1970-01-01T00:00:00.000Z  late  too old {SAFE}  customer.support/1/7"
    assert second == f"    {preview}"


@pytest.mark.parametrize(("newest", "total", "note"), [(2, 2, ""), (2, 5, ", the newest 2 above")])
def test_rejects_are_counted_by_reason(capsys: pytest.CaptureFixture[str], newest: int, total: int, note: str) -> None:
    listing = rejects._Listing([rejected(b"v")] * newest)
    listing.reasons.update({"late": total - 1, "poison": 1})
    rejects._print_listing(listing, as_json=False)
    assert capsys.readouterr().out.splitlines()[-3:] == [
        f"{total} rejects{note}",
        f"  late: {total - 1}",
        "  poison: 1",
    ]
    rejects._print_listing(listing, as_json=True)
    values = capsys.readouterr().out.splitlines()
    assert [read_reject(value.encode()) for value in values] == listing.newest
