"""One transition as one line of a terminal."""

import json

from schemas.change import Publication
from streams.cli.commands.tail import line
from tests.unit.streams.demo.published import FIGURES, change, ladder_path, published, segment_path


def test_a_line_says_what_changed_from_where_to_where() -> None:
    stage = published(Publication(change(1, "new"), FIGURES, 1))
    values = [*stage, *ladder_path("c", "tier", gold=2), *segment_path("c", "vip", 3)]
    assert [line(json.loads(it)).plain for it in values] == [
        "2017-01-02T00:00:00.000Z  c  acquired  prospect → new  why",
        "2017-01-03T00:00:00.000Z  c  Tier  none → gold  why",
        "2017-01-04T00:00:00.000Z  c  entered Vip  why",
    ]
