"""Events: records of the transitions topic as they are sent, made once for all who receive them."""

from functools import cached_property
from typing import NamedTuple

import msgspec

from streams.serve.transitions.position import Ids, Position

_OVERHEAD_BYTES = 600
"""About what an event takes in memory beside its value."""


class _Properties(msgspec.Struct):
    seq: int = 0
    from_: str | None = msgspec.field(name="from", default=None)
    to: str | None = None
    transition: str | None = None
    audience_key: str | None = None
    ladder_key: str | None = None
    signal_key: str | None = None


class _Message(msgspec.Struct, rename="camel"):
    event: str = ""
    user_id: str = ""
    properties: _Properties = msgspec.field(default_factory=_Properties)


class Facts(NamedTuple):
    """What is asked of an event: its name, its customer, the number of the message, and all that it is about.

    ``about`` has texts such as ``segment:vip``, ``stage:new``, ``ladder:tier``, ``step:tier:core``.
    """

    name: str
    customer: str
    seq: int
    about: frozenset[str]


class Event:
    """A record at its place. ``position`` is that of the one reader of the topic once it has passed the record."""

    def __init__(self, partition: int, offset: int, value: bytes, position: Position, ids: Ids) -> None:
        self.partition = partition
        self.offset = offset
        self.position = position
        self.size = len(value) + _OVERHEAD_BYTES
        self._value = value
        self._ids = ids

    @cached_property
    def facts(self) -> Facts:
        """What can be asked of it; nothing of a record that is no transition."""
        try:
            message = _decode(self._value)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return Facts("", "", 0, frozenset())
        return Facts(message.event, message.user_id, message.properties.seq, frozenset(_about(message.properties)))

    @cached_property
    def body(self) -> bytes:
        """What is sent behind the id: the value as it is in the topic."""
        name = self.facts.name.encode()
        # A line break outside of a text would end the field; the receiver puts it back between two of them.
        lines = self._value.replace(b"\r", b"\n").replace(b"\n", b"\ndata: ")
        return b"%sdata: %s\n\n" % (b"event: %s\n" % name if name else b"", lines)

    @cached_property
    def sent(self) -> bytes:
        """What is sent to whoever is where the one reader of the topic is."""
        return with_id(self._ids.text(self.position), self.body)


def with_id(name: str, body: bytes = b"\n") -> bytes:
    """Return an event with its id; without a body it only tells how far the stream has come."""
    return b"id: %s\n%s" % (name.encode(), body)


def told(name: str, value: object, id_: str = "") -> bytes:
    """Return an event of the server's own."""
    body = b"event: %s\ndata: %s\n\n" % (name.encode(), msgspec.json.encode(value))
    return with_id(id_, body) if id_ else body


def _about(properties: _Properties) -> list[str]:
    if properties.audience_key is not None:
        return [f"segment:{properties.audience_key}"]
    if properties.signal_key is not None:
        return [f"signal:{properties.signal_key}"]
    ends = [it for it in (properties.from_, properties.to) if it is not None]
    if properties.ladder_key is not None:
        ladder = properties.ladder_key
        return [f"ladder:{ladder}", *(f"step:{ladder}:{it}" for it in ends)]
    moves = [f"stage:{it}" for it in ends]
    return moves if properties.transition is None else [f"transition:{properties.transition}", *moves]


_decode = msgspec.json.Decoder(_Message).decode
