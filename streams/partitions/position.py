"""The position marker: the record of the changelog that says how far a partition group has come.

It is a map of the fields of ``Position`` by their names, and of ``version``. A field may be added with a default: a
reader that does not know a name passes over it, and raises no version. Raise ``VERSION`` where such a reader would go
on wrongly.
"""

from dataclasses import fields

import msgspec

from agents.batch import Position
from state.timeline.stored_version import Readable

POSITION_KEY = b"\x00position"

START = Position({}, 0)
"""The position of a partition group that has no marker yet."""

VERSION = 3
_WITHOUT_POLICIES = 2
"""What is written while the first policy is in force: it is every worker's own, whether it knows numbers or not."""
READABLE = Readable("position markers", oldest=1, newest=VERSION)


class _Version(msgspec.Struct):
    """The version of a marker; the first ones said none."""

    version: int = 1


_FIELDS = tuple(field.name for field in fields(Position))
_version = msgspec.msgpack.Decoder(_Version)
_decoder = msgspec.msgpack.Decoder(Position)
_encoder = msgspec.msgpack.Encoder()


def encode_position(position: Position) -> bytes:
    """Return the value of the position marker.

    From the second policy on, a reader that knows no policies would go on under its own file: it must not read it.
    """
    version = VERSION if position.policy > 1 else _WITHOUT_POLICIES
    return _encoder.encode({"version": version, **{name: getattr(position, name) for name in _FIELDS}})


def decode_position(value: bytes) -> Position:
    """Read the value of a position marker.

    Raises ``StoredVersionError`` for one of another version, and ``msgspec.DecodeError`` for what is none.
    """
    READABLE.check(_version.decode(value).version)
    return _decoder.decode(value)
