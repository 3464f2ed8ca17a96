"""One transition as one line of a terminal."""

import json

from schemas.change import SIGNAL_OCCURRED, Publication
from streams.cli.commands.tail import line
from tests.unit.streams.demo.published import FIGURES, change, ladder_path, published, segment_path


def test_a_line_says_what_changed_from_where_to_where() -> None:
    stage = published(Publication(change(1, "new"), FIGURES, 1))
    again = published(Publication(change(4, "in", "in", "Vip", "vip"), FIGURES, 4))
    values = [*stage, *ladder_path("c", "tier", gold=2), *segment_path("c", "vip", 3), *again]
    assert [line(json.loads(it)).plain for it in values] == [
        "2017-01-02T00:00:00.000Z  c  acquired  prospect → new  why",
        "2017-01-03T00:00:00.000Z  c  Tier  none → gold  why",
        "2017-01-04T00:00:00.000Z  c  entered Vip  why",
        "2017-01-05T00:00:00.000Z  c  is in Vip  why",
    ]


def test_a_signal_says_what_it_is_about() -> None:
    left = change(1, SIGNAL_OCCURRED, "cart-7", "Cart left", "cart")
    (about, plain) = published(
        Publication(left, FIGURES, 1), Publication(change(2, SIGNAL_OCCURRED, "", "Asleep", "asleep"), FIGURES, 2)
    )
    assert line(json.loads(about)).plain == "2017-01-02T00:00:00.000Z  c  Cart left (cart-7)  why"
    assert line(json.loads(plain)).plain == "2017-01-03T00:00:00.000Z  c  Asleep  why"
