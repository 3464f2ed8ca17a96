"""The position marker of a partition group: its type, and its record in the changelog."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import msgspec

from agents.batch import Marker
from streams.partitions.merge import Watermark

POSITION_KEY = b"\x00position"


@dataclass(frozen=True, slots=True)
class Position(Marker):
    """The marker of a partition group, with the watermarks of the topics that had one (see ``Watermark``)."""

    watermarks: Mapping[str, Watermark] = field(default_factory=dict)


_decoder = msgspec.msgpack.Decoder(Position)
_encoder = msgspec.msgpack.Encoder()


def encode_position(position: Position) -> bytes:
    """Return the value of the position record in the changelog."""
    return _encoder.encode(position)


def decode_position(value: bytes) -> Position:
    """Read the value of a position record; raises ``msgspec.DecodeError`` if it is none."""
    return _decoder.decode(value)
