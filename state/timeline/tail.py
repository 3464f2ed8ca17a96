"""The tail of a timeline: the facts since its base, kept as bytes until somebody has to look at one of them."""

from collections.abc import Sequence

import msgspec

from schemas.events import AnyFact

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(list[AnyFact]).decode
_SHORT = 15
"""So many facts need one byte to say how many they are."""


class Tail(msgspec.Struct, gc=False):
    """Facts in order. ``stored`` are their bytes, one after the other; the first is at ``begin``, the last at ``end``.

    Instants are in ms since 1970, and 0 without a fact. ``read`` are the facts themselves, once somebody has looked.
    """

    stored: bytes = b""
    count: int = 0
    begin: int = 0
    end: int = 0
    read: list[AnyFact] | None = None

    @property
    def facts(self) -> list[AnyFact]:
        """Return the facts, which nobody may change. Raises ``msgspec.DecodeError``."""
        facts = self.read
        if facts is None:
            count = self.count
            head = bytes((0x90 | count,)) if count <= _SHORT else b"\xdd" + count.to_bytes(4)
            facts = self.read = _decode(head + self.stored)
        return facts

    def has_id(self, message_id: str) -> bool:
        """Tell whether a fact has this messageId."""
        # To find the text among the bytes is cheap, and rarely means anything else.
        return message_id.encode() in self.stored and any(it.message_id == message_id for it in self.facts)

    def append(self, later: Sequence[AnyFact]) -> None:
        """Add facts that come after all others."""
        if not later:
            return
        if not self.count:
            self.begin = later[0].at
        self.stored += b"".join(map(_encode, later))
        self.count += len(later)
        self.end = later[-1].at
        if self.read is not None:
            self.read = [*self.read, *later]


def tail_of(facts: Sequence[AnyFact]) -> Tail:
    """Return the tail of facts that are in order."""
    tail = Tail(read=[])
    tail.append(facts)
    return tail
