"""The port of the mirror: where profiles are written, and what is written of a customer."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from schemas.profile import Profile

ProfileVersion = tuple[int, int]
"""``upto`` of the partition group when the profile was read, and the records behind its position: neither ever goes
back, whichever worker owns the group."""


class MirrorLostError(Exception):
    """The mirror cannot be reached or cannot be written; the message says what was tried."""


@dataclass(frozen=True, slots=True)
class Row:
    """What is to be written of one customer.

    ``profile`` is None for one who is gone, and ``snapshot`` empty: the bytes from which it can be told at a later
    instant. ``transitions`` are the values of the transitions topic since the last row. ``first_event_at`` (ms since
    1970) is when the customer began, None for one who is gone.
    """

    customer: str
    version: ProfileVersion
    profile: Profile | None
    snapshot: bytes = b""
    transitions: Sequence[bytes] = ()
    first_event_at: int | None = None


class ProfileSink(Protocol):
    """Where profiles are written. A row of an older version must never replace one of a newer version."""

    async def identity(self) -> str:
        """Return a text that changes whenever what was written may be gone. Raises ``MirrorLostError``."""

    async def write(self, rows: Sequence[Row]) -> None:
        """Write all rows and announce their transitions. Raises ``MirrorLostError``; some may be written then."""

    async def reached(self, identity: str, positions: Mapping[int, int]) -> None:
        """Note, unless the identity is another by now, how far the mirror has come. Raises ``MirrorLostError``.

        By partition, one at least, an offset of the transitions topic: all that is told before it was written.
        """

    async def close(self) -> None:
        """End the connections."""
