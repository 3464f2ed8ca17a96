"""What must be true of every record that a mapping reads: it never raises, and what comes out is an event."""

from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.envelope import open_envelope
from schemas.reject import RejectedError
from streams.mapping.record_mapping import RecordMapping
from streams.mapping.shape import MappingShape, columns_of
from streams.mapping.text import values_of
from streams.mapping_file import load_mapping, shipped_mappings

TEXTS = st.one_of(
    st.text(max_size=8),
    st.sampled_from(
        [
            "",
            " ",
            "paid",
            "C1",
            "12.50",
            "1,234",
            "-3",
            "2025-01-02 10:00:00",
            "1/2/2025 10:00",
            "USD",
            "x@y.org",
            "purchase",
        ]
    ),
)
SCALARS = st.one_of(
    TEXTS, st.none(), st.booleans(), st.integers(-(2**63), 2**64 - 1), st.floats(), st.just(1735725600000000)
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(TEXTS, inner, max_size=3)),
    max_leaves=6,
)
SHAPES = {name: load_mapping(name).shape for name in shipped_mappings()}


def names(shape: MappingShape) -> list[str]:
    """Return the first names of all columns and paths of a mapping."""
    found = {name for _, value in values_of(shape) for name in columns_of(value)}
    found |= {name for event in shape.events for name in event.when}
    found |= {shape.products.each} if shape.products else set()
    plain = {part.strip().split(".")[0].split("[")[0] for name in found for part in name.split("||")}
    return sorted(plain - {"", "''"})


@pytest.mark.parametrize("name", SHAPES)
@given(data=st.data())
def test_any_object_gives_events_or_reasons(name: str, data: st.DataObject) -> None:
    shape = SHAPES[name]
    record = data.draw(st.fixed_dictionaries({}, optional=dict.fromkeys(names(shape), VALUES)))
    check(RecordMapping(shape).outcomes(record))


@pytest.mark.parametrize("name", [name for name in SHAPES if name not in ("ga4", "olist")])
@given(data=st.data())
def test_any_row_gives_events_or_reasons(name: str, data: st.DataObject) -> None:
    shape = SHAPES[name]
    columns = names(shape)
    mapping = RecordMapping(shape, columns)
    rows = data.draw(st.lists(st.lists(TEXTS, min_size=len(columns), max_size=len(columns)), min_size=1, max_size=3))
    check(mapping.outcomes_of_rows(rows))
    assert [str(it) for it in mapping.outcomes_of_rows(rows)] == [str(it) for it in mapping.outcomes_of_rows(rows)]


def check(outcomes: list[Any]) -> None:
    for outcome in outcomes:
        if isinstance(outcome, RejectedError):
            assert ": " in outcome.detail or " is " in outcome.detail
            continue
        envelope = open_envelope(orjson.dumps(outcome))
        assert envelope.user_id == outcome["userId"]
        for key in ("total", "discount"):
            assert isinstance(outcome.get("properties", {}).get(key, 0), int | float)
