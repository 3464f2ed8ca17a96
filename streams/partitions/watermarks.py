"""Watermark records: how a writer says, in the input topics themselves, how far it has come."""

import logging
from typing import Literal

import msgspec

from agents.batch import Record, Watermark
from schemas.instant import from_text, to_text

WATERMARK_KEY = b"\x00watermark"

logger = logging.getLogger(__name__)


class _Written(msgspec.Struct):
    type: Literal["watermark"]
    timestamp: str
    final: bool = False


_decoder = msgspec.json.Decoder(_Written)


def write_watermark(watermark: Watermark) -> bytes:
    """Return the value of a watermark's record."""
    return msgspec.json.encode(_Written("watermark", to_text(watermark.instant), watermark.final))


def read_watermark(record: Record) -> Watermark | None:
    """Return the watermark of a record with the watermark key; ``None``, with a warning, if it cannot be read."""
    try:
        written = _decoder.decode(record.value or b"")
        return Watermark(from_text(written.timestamp), written.final)
    except (msgspec.MsgspecError, ValueError) as error:
        logger.warning("%s offset %d is no watermark, and ignored: %s", record.topic, record.offset, error)
        return None
