"""Files of events: any order, plain or gzip, bad lines passed on where they stood."""

import gzip
import io
from pathlib import Path
from types import SimpleNamespace

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.event_types import BROWSING, PROFILES, PURCHASES, SUPPORT
from schemas.instant import from_text
from streams.sources import jsonl
from streams.sources.named import open_source
from streams.sources.source import SourceError, SourceEvent

NOW = from_text("2026-01-01")


def line(timestamp: str, user: str | int | None = "c1", event: str = "Order Completed", kind: str = "track") -> bytes:
    return orjson.dumps({"type": kind, "event": event, "userId": user, "timestamp": timestamp, "messageId": "m"})


def test_lines_come_out_in_order_of_event_time() -> None:
    late, early = line("2025-02-01T00:00:00Z"), line("2025-01-01T00:00:00+01:00")
    found = jsonl.from_lines([late, b"  ", early], NOW)
    assert [event.value for event in found] == [early, late]
    assert found[0] == SourceEvent(from_text("2024-12-31T23:00:00Z"), PURCHASES, b"c1", early, number=3)


@pytest.mark.parametrize(
    ("kind", "event", "topic"),
    [
        ("track", "Order Cancelled", PURCHASES),
        ("track", "Coupon Applied", PURCHASES),
        ("track", "Product Viewed", BROWSING),
        ("page", "", BROWSING),
        ("track", "Support Ticket Rated", SUPPORT),
        ("track", "Live Chat Conversation Ended", SUPPORT),
        ("identify", "", PROFILES),
        ("track", "Something Else", BROWSING),
    ],
)
def test_each_event_has_its_topic(kind: str, event: str, topic: str) -> None:
    assert [it.topic for it in jsonl.from_lines([line("2025-01-01T00:00:00Z", "c1", event, kind)], NOW)] == [topic]


def test_bad_lines_stay_where_they_stood() -> None:
    good = line("2025-01-01T00:00:00Z")
    bad = [b"{", b"[]", b"\xff", line("yesterday"), line("2025-01-01T00:00:00"), line("2999-01-01T00:00:00Z")]
    found = jsonl.from_lines([bad[0], good, *bad[1:]], NOW)
    assert [event.value for event in found] == [bad[0], good, *bad[1:]]
    assert {event.instant for event in found} == {from_text("2025-01-01")}


def test_the_key_is_the_text_of_the_user_id() -> None:
    users = [jsonl.from_lines([line("2025-01-01T00:00:00Z", user)], NOW)[0].key for user in ("7", 7, None)]
    assert users == [b"7", b"7", None]


@given(st.lists(st.binary(max_size=40).filter(lambda text: b"\n" not in text), max_size=20))
def test_nothing_is_lost_and_nothing_raises(lines: list[bytes]) -> None:
    found = jsonl.from_lines(lines, NOW)
    assert sorted(event.value for event in found) == sorted(text for text in lines if text.strip())


def test_plain_gzip_and_standard_input_are_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    content = line("2025-02-01T00:00:00Z") + b"\n" + line("2025-01-01T00:00:00Z") + b"\n"
    plain, packed = tmp_path / "events.jsonl", tmp_path / "events.jsonl.gz"
    plain.write_bytes(content)
    packed.write_bytes(gzip.compress(content))
    monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=io.BytesIO(content)))
    sources = [open_source(str(plain)), open_source(str(packed)), open_source("-")]
    assert sources[0].events == sources[1].events == sources[2].events
    assert len(sources[0].events) == 2


@pytest.mark.parametrize("content", [None, b"\x1f\x8bnot gzip at all"])
def test_an_unreadable_file_is_said_plainly(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "events.jsonl"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(SourceError, match="cannot be read"):
        open_source(str(path))


def test_slices_keep_the_beginning(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    users = ["a", "b", "a", "c", "b", "a"]
    path.write_bytes(b"\n".join(line(f"2025-01-0{day}T00:00:00Z", user) for day, user in enumerate(users, start=1)))
    assert [event.key for event in open_source(str(path), customers=2).events] == [b"a", b"b", b"a", b"b", b"a"]
    assert [event.key for event in open_source(str(path), customers=2, limit=3).events] == [b"a", b"b", b"a"]
