"""The position marker: the record of the changelog that says how far a partition group has come."""

import msgspec

from agents.batch import Position

POSITION_KEY = b"\x00position"

START = Position({}, 0)
"""The position of a partition group that has no marker yet."""

_decoder = msgspec.msgpack.Decoder(Position)
_encoder = msgspec.msgpack.Encoder()


def encode_position(position: Position) -> bytes:
    """Return the value of the position marker."""
    return _encoder.encode(position)


def decode_position(value: bytes) -> Position:
    """Read the value of a position marker; raises ``msgspec.DecodeError`` if it is none."""
    return _decoder.decode(value)
