"""Watermark records: what is read of them, and what is ignored."""

import pytest

from agents.batch import Record, Watermark
from streams.partitions.watermarks import WATERMARK_KEY, read_watermark, write_watermark


@pytest.mark.parametrize(
    ("value", "watermark"),
    [
        (b'{"type":"watermark","timestamp":"1970-01-01T00:00:05Z"}', Watermark(5_000, final=False)),
        (
            b'{"type":"watermark","timestamp":"1970-01-01T00:00:05Z","final":true,"more":1}',
            Watermark(5_000, final=True),
        ),
        (b'{"type":"watermark","timestamp":"yesterday"}', None),
        (b'{"type":"watermark"}', None),
        (b'{"type":"track","timestamp":"1970-01-01T00:00:05Z"}', None),
        (b"{", None),
        (b"", None),
        (None, None),
    ],
)
def test_what_is_no_watermark_is_ignored_with_a_warning(
    value: bytes | None, watermark: Watermark | None, caplog: pytest.LogCaptureFixture
) -> None:
    assert read_watermark(Record("t", 7, 0, WATERMARK_KEY, value)) == watermark
    assert ("t offset 7 is no watermark, and ignored" in caplog.text) is (watermark is None)


def test_what_is_written_is_read() -> None:
    told = Watermark(5_000, final=True)
    assert read_watermark(Record("t", 0, 0, WATERMARK_KEY, write_watermark(told))) == told
