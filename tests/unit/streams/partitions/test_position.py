"""The position marker: its version, and which ones are read."""

from contextlib import nullcontext
from dataclasses import replace

import msgspec
import pytest

from agents.batch import Position, Watermark
from state.timeline.stored_version import Readable, StoredVersionError
from streams.partitions.position import VERSION, decode_position, encode_position

POSITION = Position({"customer.purchases": 7}, 1234, {"customer.support": Watermark(99, final=False)})


@pytest.mark.parametrize("policy", [0, 1, 2])
def test_a_marker_says_its_version_beside_its_named_fields(policy: int) -> None:
    position = replace(POSITION, policy=policy)
    stored = msgspec.msgpack.decode(encode_position(position))
    assert stored.pop("version") in range(1, VERSION + 1)
    assert msgspec.convert(stored, Position) == decode_position(encode_position(position)) == position


@pytest.mark.parametrize(("policy", "is_read"), [(0, True), (1, True), (2, False), (9, False)])
def test_from_the_second_policy_on_who_knows_no_policies_is_kept_from_going_on(policy: int, is_read: bool) -> None:
    before_policies = Readable("position markers", oldest=1, newest=2)
    version = msgspec.msgpack.decode(encode_position(replace(POSITION, policy=policy)))["version"]
    with nullcontext() if is_read else pytest.raises(StoredVersionError):
        before_policies.check(version)


def test_the_first_markers_said_no_version_and_are_read() -> None:
    assert decode_position(msgspec.msgpack.encode(POSITION)) == POSITION


def test_a_field_that_is_not_known_is_passed_over() -> None:
    stored = msgspec.msgpack.decode(encode_position(POSITION)) | {"of_later": {"a": [1]}}
    assert decode_position(msgspec.msgpack.encode(stored)) == POSITION


def test_a_marker_of_a_newer_version_is_refused_whatever_else_it_has() -> None:
    with pytest.raises(StoredVersionError, match=f"markers of version {VERSION + 1}, and .* 1 to {VERSION}: a newer"):
        decode_position(msgspec.msgpack.encode({"version": VERSION + 1, "positions": [b"in", "another", "form"]}))


@pytest.mark.parametrize("value", [b"", b"\x93\x01\x02\x03", msgspec.msgpack.encode({"version": "two"}), b"{}"])
def test_what_is_no_marker_is_none(value: bytes) -> None:
    with pytest.raises(msgspec.DecodeError):
        decode_position(value)


def test_ids_cost_a_marker_less_than_two_hundred_bytes() -> None:
    names = [*(f"customer.{kind}" for kind in ("purchases", "browsing", "support", "profiles")), "app-changelog"]
    without = Position(dict.fromkeys(names[:4], 10**9), 10**12)
    ids = {name: bytes(range(16)) for name in names}
    marked = Position(without.positions, without.upto, {}, ids, 4)
    assert len(encode_position(marked)) - len(encode_position(without)) < 200
