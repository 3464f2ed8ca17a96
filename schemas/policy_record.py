"""A published policy as a record of its topic: one for each number."""

import msgspec

from schemas.instant import from_text, to_text

LANGUAGE = 1
"""The version of the language of policies. Raise it with what an older version would read as something else."""
BEGINNING = 0
"""From here on the first policy holds, in ms since 1970: from the beginning."""


class PolicyRecordError(ValueError):
    """Raised for bytes that are no published policy."""


class PolicyRecord(msgspec.Struct, frozen=True):
    """A published policy. ``effective_at`` and ``published_at`` are in ms since 1970; ``toml`` is the file's text.

    ``silent``: customers get their standing under it without a message. ``language`` is that of the file.
    """

    number: int
    version: str
    effective_at: int
    published_at: int
    silent: bool
    toml: str
    language: int = LANGUAGE


class _Stored(msgspec.Struct, rename="camel"):
    language: int
    number: int
    policy_version: str
    effective_at: str
    published_at: str
    silent: bool
    toml: str


_decoder = msgspec.json.Decoder(_Stored)


def key_of(number: int) -> bytes:
    """Return the key of a number's record, which nobody else has: so compaction keeps every one."""
    return b"%08d" % number


def encode(record: PolicyRecord) -> bytes:
    """Return the value of a record."""
    stored = _Stored(
        record.language,
        record.number,
        record.version,
        to_text(record.effective_at),
        to_text(record.published_at),
        record.silent,
        record.toml,
    )
    return msgspec.json.encode(stored)


def number_of(key: bytes | None) -> int:
    """Return the number in a record's key. Raises ``PolicyRecordError``."""
    if key is None or not key.isdigit():
        raise PolicyRecordError(f"the key {key!r} is no number of a policy")
    return int(key)


def decode(value: bytes) -> PolicyRecord:
    """Read the value of a record, of a newer language too. Raises ``PolicyRecordError``."""
    try:
        stored = _decoder.decode(value)
        at, published = from_text(stored.effective_at), from_text(stored.published_at)
    except (msgspec.DecodeError, ValueError) as error:
        raise PolicyRecordError(str(error)) from None
    return PolicyRecord(
        stored.number, stored.policy_version, at, published, stored.silent, stored.toml, stored.language
    )
