"""Records of a topic in another shape: each opened, mapped to its events, and checked for its place."""

from collections.abc import Sequence
from typing import Any

import orjson

from agents.batch import Record
from schemas.reject import RejectedError
from schemas.wrappings import MAX_WRAPPINGS, unframed
from streams.mapping.record_mapping import RecordMapping

_KEY = (
    "the record's key is not the customer's id {}: the partition follows from the key, so write the topic anew with "
    "the customer's id as key, as text (Connect: ValueToKey, ExtractField and StringConverter; ksqlDB: PARTITION BY)"
)


class TopicReader:
    """Reads the records of one topic by a mapping. It is pure: a record that comes again gives the same bytes.

    With one partition all customers are together, and keys say nothing. With more, a record must lie where its
    customer's other events do, so its key must be the customer's id, as on every input topic.
    """

    def __init__(self, mapping: RecordMapping, partitions: int) -> None:
        self._mapping = mapping
        self._keyed = partitions > 1

    def __call__(self, record: Record) -> Sequence[bytes | RejectedError]:
        """Return the events of a record in Segment's shape, or why there is none in its place."""
        try:
            row = opened(record.value)
            outcomes = [] if row is None else self._mapping.outcomes(row)
        except RejectedError as error:
            return [error]
        except Exception as error:  # one odd record must not stop the partition
            return [RejectedError("invalid", f"the mapping fails on this record: {type(error).__name__}")]
        found: list[bytes | RejectedError] = []
        for outcome in outcomes:
            if isinstance(outcome, RejectedError):
                found.append(outcome)
            elif self._keyed and record.key != (user := outcome["userId"]).encode():
                found.append(RejectedError("key_mismatch", _KEY.format("that the mapping finds"), user))
            else:
                found.append(orjson.dumps(outcome))
        return found


def opened(value: bytes | None) -> dict[str, Any] | None:
    """Return the object in a record, out of Connect's, Debezium's or a CloudEvent's envelope; None for a tombstone.

    A Debezium change is its row after the change, or the one before if it was deleted, with ``__op`` (``c``, ``r``,
    ``u`` or ``d``) and the row before as ``__before``. Raises ``RejectedError``.
    """
    if value is None:
        return None
    try:
        content = orjson.loads(unframed(value))
        for _ in range(MAX_WRAPPINGS + 1):
            if isinstance(content, str):
                content = orjson.loads(content)
            elif not isinstance(content, dict):
                break
            elif "payload" in content and "schema" in content:
                content = content["payload"]
            elif "specversion" in content and "data" in content:
                content = content["data"]
            elif "op" in content and ("after" in content or "before" in content):
                return _row(content)
            else:
                return content
    except orjson.JSONDecodeError as error:
        told = f"{error}; Avro and Protobuf must be written as JSON (Connect: JsonConverter)"
        raise RejectedError("not_json", told) from None
    if content is None:
        return None
    raise RejectedError("invalid", f"the record holds a {type(content).__name__}: a mapping reads a JSON object")


def _row(change: dict[str, Any]) -> dict[str, Any] | None:
    before, after = change.get("before"), change.get("after")
    row = after if isinstance(after, dict) else before
    if not isinstance(row, dict):
        return None
    return {**row, "__op": change["op"], "__before": before}
