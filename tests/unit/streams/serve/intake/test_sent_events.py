"""Laws of sent events: whatever comes becomes a record, and what could be read before is read as it was."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from msgspec import Raw

from schemas.coercion import NULL
from schemas.envelope import decode
from schemas.instant import from_datetime, to_text
from schemas.intake import Intake
from schemas.reject import RejectedError
from streams.policy_file import load_rules
from streams.serve.intake.arrival import Arrival
from streams.serve.intake.requests import read_sent
from streams.serve.intake.sent_events import KINDS, record_of
from streams.serve.problems import ProblemError

NOW = datetime(2026, 11, 27, 12, tzinfo=UTC)
INTAKE: Intake = load_rules(None).intake
ODD = st.sampled_from(["", " ", "x", "null", 0, 7, 1.5, -0.0, None, True, [], ["x"], {}, {"a": 1}, "ä\ud83d", "2026"])
TIMES: st.SearchStrategy[Any] = st.sampled_from(
    [
        *(
            "2026-11-27T11:59:00Z",
            "2026-11-27T11:59:00.123456+01:00",
            "2026-11-27 10:00:00 UTC",
            "2026-11-27T23:59:60Z",
        ),
        *(
            "2026-11-27T10:00:00",
            "yesterday",
            1_700_000_000,
            "1700000000000",
            1e300,
            "9999-12-31T23:59:59-23:00",
            None,
            [],
        ),
    ]
)
FIELDS: dict[str, st.SearchStrategy[Any]] = {
    "type": st.sampled_from([*KINDS, "Track", "Identify", "unknown"]) | ODD,
    "event": st.sampled_from(["Order Completed", "product_viewed", "Support Ticket Rated", "Else"]) | ODD,
    "userId": st.sampled_from(["c", "guest", 1002, 1002.0, "x" * 300]) | ODD,
    "user_id": ODD,
    "anonymousId": ODD,
    "messageId": st.sampled_from(["m", 5]) | ODD,
    "message_id": ODD,
    "timestamp": TIMES,
    "originalTimestamp": TIMES,
    "sentAt": TIMES,
    "receivedAt": TIMES,
    "properties": st.sampled_from([{"order_id": "o", "total": 3}, {"ticket_id": "t", "rating": 5}]) | ODD,
    "traits": st.sampled_from([{"country": "DE", "nested": {"a": 1}}]) | ODD,
    "context": st.sampled_from([{"traits": {"plan": "pro"}, "channel": "app"}]) | ODD,
    "writeKey": ODD,
    "specversion": st.sampled_from(["1.0"]),
}
EVENTS = st.fixed_dictionaries({}, optional=FIELDS)
KIND = st.none() | st.sampled_from(KINDS)


def arrival(sent: object = None, *, is_import: bool = False) -> Arrival:
    return Arrival.of(NOW, NULL if sent is None else Raw(json.dumps(sent).encode()), is_import=is_import)


@given(EVENTS, KIND, TIMES, st.booleans())
def test_every_event_becomes_a_record_that_a_worker_judges_as_was_told(
    event: dict[str, Any], kind: str | None, sent: object, is_import: bool
) -> None:
    record = record_of(json.dumps(event).encode(), kind, arrival(sent, is_import=is_import))
    assert 0 <= record.time <= from_datetime(NOW)
    try:
        decoded = decode(record.value, record.key, INTAKE)
    except RejectedError as error:
        if record.lack is not None and event.get("specversion") is None:
            assert error.reason != "key_mismatch"
    else:
        # What a worker takes is told as lacking nothing.
        assert record.lack is None
        assert record.key == decoded.user_id.encode()


@given(st.integers(-500_000_000, 500_000_000))
def test_an_event_puts_the_clock_of_a_replay_forward_by_a_day_at_most(ahead: int) -> None:
    at, happened = from_datetime(NOW), NOW + timedelta(milliseconds=ahead)
    time = Arrival.of(NOW, NULL, is_import=False, is_replay=True).record_time(happened)
    assert time == (at + ahead if 0 < ahead <= 86_400_000 else at)


@given(EVENTS, st.booleans())
def test_what_can_be_read_is_read_as_it_was_sent(event: dict[str, Any], is_import: bool) -> None:
    event = {**event, "messageId": "m"}
    event.pop("sentAt", None)
    value = json.dumps(event).encode()
    user = event.get("userId") or event.get("user_id")
    try:
        alone = decode(value, str(user).encode("utf-8", "replace"), INTAKE)
    except RejectedError:
        return
    record = record_of(value, None, arrival(is_import=is_import))
    assert decode(record.value, record.key, INTAKE) == alone
    assert record.lack is None


@given(st.binary(max_size=40) | st.binary(max_size=20).map(lambda it: b'{"userId": "c", ' + it + b"}"), KIND)
def test_what_is_no_json_becomes_a_record_too(sent: bytes, kind: str | None) -> None:
    record = record_of(sent, kind, arrival())
    if record.lack is not None and record.lack.reason == "not_json":
        assert record.value == sent


@given(st.binary(max_size=60) | st.binary(max_size=30).map(lambda it: b'{"batch": [' + it), st.booleans())
def test_a_body_is_taken_apart_or_refused_with_a_sentence(body: bytes, is_batch: bool) -> None:
    try:
        sent = read_sent(body, is_batch=is_batch)
    except ProblemError as problem:
        assert problem.status == 400
        assert problem.detail.startswith(("body: ", "batch: "))
    else:
        assert sent.events


@given(st.integers(-10_000_000, 10_000_000), st.integers(0, 100_000_000))
def test_a_clock_counts_as_right_up_to_a_minute(off: int, before: int) -> None:
    now = from_datetime(NOW)
    happened = now + off - before
    event = {"type": "page", "userId": "c", "messageId": "m", "timestamp": to_text(happened)}
    record = record_of(json.dumps(event).encode(), None, arrival(to_text(now + off)))
    fact = decode(record.value, record.key, INTAKE).fact
    assert fact is not None
    assert fact.at == (happened if abs(off) <= 60_000 else now - before)
    assert record.is_moved == (abs(off) > 60_000)
