"""Compression: blocks of LZ4, each of which begins with the length of what it holds."""

from cramjam import DecompressionError, lz4

MAX_BYTES = 16 * 1024 * 1024
"""More than any customer has."""


class CompressionError(ValueError):
    """Raised for bytes that are no block, and for a block that would hold more than ``MAX_BYTES``."""


def compressed(plain: bytes) -> bytes:
    """Return the block of these bytes."""
    return bytes(lz4.compress_block(plain))


def decompressed(block: bytes | memoryview) -> bytes:
    """Return the bytes of a block. Raises ``CompressionError``."""
    if int.from_bytes(block[:4], "little") > MAX_BYTES:  # LZ4 would allocate that many bytes before it reads on
        raise CompressionError("it claims to be larger than any")
    try:
        return bytes(lz4.decompress_block(block))
    except DecompressionError as error:
        raise CompressionError(str(error)) from None
