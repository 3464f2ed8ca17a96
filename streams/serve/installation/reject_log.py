"""The log of rejects: how many there are for each reason, and the last ones as examples."""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec
from aiokafka import ConsumerRecord

from schemas import instant
from schemas.reject import Reject, read_reject

MAX_REJECTS = 20_000
MAX_VALUE_BYTES = 2048
MAX_EXAMPLES = 5


@dataclass(slots=True)
class _OfReason:
    count: int = 0
    latest: int = 0
    examples: deque[Reject] = field(default_factory=lambda: deque(maxlen=MAX_EXAMPLES))


class RejectLog:
    """The records of the rejects topic, of the last ``MAX_REJECTS``."""

    def __init__(self) -> None:
        self._by_reason: dict[str, _OfReason] = {}
        self.is_whole = True
        """Whether the topic was read from its first record."""

    def begin(self, left_out: Mapping[int, bool]) -> None:
        """Forget everything, see ``Records``."""
        self._by_reason = {}
        self.is_whole = not any(left_out.values())

    def take(self, record: ConsumerRecord) -> None:
        """Count a record, see ``Records``."""
        try:
            reject = read_reject(record.value or b"")
            at = instant.from_text(reject.timestamp)
        except (msgspec.DecodeError, ValueError):
            return  # somebody else wrote it: the workers write none such
        of_reason = self._by_reason.setdefault(reject.reason, _OfReason())
        of_reason.count += 1
        of_reason.latest = max(of_reason.latest, at)
        of_reason.examples.append(msgspec.structs.replace(reject, value=_cut(reject.value)))

    def told(self) -> list[dict[str, Any]]:
        """Return the reasons, the most frequent first, each with its last examples, the newest first."""
        every = sorted(self._by_reason.items(), key=lambda it: (-it[1].count, it[0]))
        return [
            {
                "reason": reason,
                "count": it.count,
                "latest": instant.to_text(it.latest),
                "examples": [_example(each) for each in reversed(it.examples)],
            }
            for reason, it in every
        ]


def _cut(base64: str | None) -> str | None:
    # Four letters are three bytes, so that a cut here leaves whole bytes.
    return None if base64 is None else base64[: (MAX_VALUE_BYTES + 2) // 3 * 4]


def _example(reject: Reject) -> dict[str, Any]:
    value = reject.kept_value()
    return {
        "topic": reject.topic,
        "partition": reject.partition,
        "offset": reject.offset,
        "at": reject.timestamp,
        "detail": reject.detail,
        "value": None if value is None else value[:MAX_VALUE_BYTES].decode("utf-8", "replace"),
    }
