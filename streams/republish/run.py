"""A run: one time that the members of a segment are told again, and the request that it sends about each of them."""

import re
import secrets
from dataclasses import dataclass
from hashlib import blake2b

import orjson

from schemas.events import RepublishRequested
from schemas.instant import from_text, to_text

_ID = re.compile(r"(\d{4})(\d{2})(\d{2})T(\d{2})(\d{2})(\d{2})(\d{3})Z-[0-9a-f]{6}")


@dataclass(frozen=True, slots=True)
class Run:
    """A run of this id at an instant (ms since 1970), which its id contains.

    So a run that is continued sends the same requests, and each of them counts once.
    """

    id: str
    at: int

    @classmethod
    def begin(cls, at: int) -> "Run":
        """Return a new run; of two at one instant, each has an id of its own."""
        return cls(f"{re.sub('[-:.]', '', to_text(at))}-{secrets.token_hex(3)}", at)

    @classmethod
    def read(cls, written: str) -> "Run":
        """Return the run of an id. Raises ``ValueError``."""
        found = _ID.fullmatch(written)
        if found is None:
            raise ValueError("an id is like 20261127T231500123Z-3f9a2c")
        year, month, day, hour, minute, second, ms = found.groups()
        return cls(written, from_text(f"{year}-{month}-{day}T{hour}:{minute}:{second}.{ms}Z"))

    def request(self, segment: str, customer: str) -> bytes:
        """Return the event that asks for a customer to be told as a member of a segment."""
        about = blake2b(orjson.dumps((segment, customer)), digest_size=12).hexdigest()
        return orjson.dumps(
            {
                "type": "track",
                "event": RepublishRequested.name,
                "messageId": f"{self.id}.{about}",
                "userId": customer,
                "timestamp": to_text(self.at),
                "properties": {"segment": segment},
            }
        )

    def sent(self, message_id: str | None) -> bool:
        """Tell whether this run has sent the event with a messageId."""
        return message_id is not None and message_id.startswith(f"{self.id}.")
