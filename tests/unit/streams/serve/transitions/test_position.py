"""Ids: what they say is read back, and what is no id of this topic is told."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.serve.transitions.position import IdError, Ids

IDS = Ids("cluster", "customer.transitions")


@given(st.lists(st.integers(0, 2**63 - 1), min_size=1, max_size=50), st.integers(0, 3))
def test_an_id_is_read_as_it_was_written_and_new_partitions_begin_at_0(offsets: list[int], more: int) -> None:
    assert IDS.position(IDS.text(tuple(offsets)), len(offsets) + more) == (*offsets, *[0] * more)


@pytest.mark.parametrize(
    "text", ["", "x", "7", "....", "abcdef.1.-2", "abcdef.1.²", f"abcdef.{'9' * 30}", "abcdef.1 2"]
)
def test_what_is_no_id_is_told(text: str) -> None:
    with pytest.raises(IdError, match="no id of an event"):
        IDS.position(text, 2)


def test_an_id_of_another_topic_is_told() -> None:
    for other in (Ids("cluster", "account.transitions"), Ids("another", "customer.transitions")):
        with pytest.raises(IdError, match=r"of another topic than customer\.transitions"):
            IDS.position(other.text((1, 2)), 2)
    with pytest.raises(IdError, match="of another topic"):
        IDS.position(IDS.text((1, 2, 3)), 2)


@given(st.text())
def test_any_text_is_an_id_or_told(text: str) -> None:
    try:
        assert len(IDS.position(text, 2)) == 2
    except IdError:
        pass
