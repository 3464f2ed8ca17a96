"""The position marker: what is written is read, and what was written before topics had ids is read as well."""

import msgspec

from agents.batch import Position, Watermark
from streams.partitions.position import decode_position, encode_position


def test_what_is_written_is_read() -> None:
    position = Position({"a": 3}, 7, {"a": Watermark(5, final=True)}, {"a": bytes(range(16))}, 4)
    assert decode_position(encode_position(position)) == position


def test_a_marker_without_ids_is_read() -> None:
    before = {"positions": {"a": 3}, "upto": 7, "watermarks": {}}
    assert decode_position(msgspec.msgpack.encode(before)) == Position({"a": 3}, 7)


def test_ids_cost_a_marker_less_than_two_hundred_bytes() -> None:
    names = [*(f"customer.{kind}" for kind in ("purchases", "browsing", "support", "profiles")), "app-changelog"]
    without = Position(dict.fromkeys(names[:4], 10**9), 10**12)
    ids = {name: bytes(range(16)) for name in names}
    marked = Position(without.positions, without.upto, {}, ids, 4)
    assert len(encode_position(marked)) - len(encode_position(without)) < 200
