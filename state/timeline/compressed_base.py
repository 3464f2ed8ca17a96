"""The bases in snapshots of older versions: the fields of a customer, compressed with LZ4."""

from cramjam import DecompressionError, lz4

from state.customer.packing import PackingError

_MAX_BYTES = 16 * 1024 * 1024


def compressed(fields: bytes) -> bytes:
    """Return the base of a customer's fields."""
    return bytes(lz4.compress_block(fields))


def decompressed(base: bytes) -> bytes:
    """Return the fields of a customer. Raises ``PackingError``."""
    if int.from_bytes(base[:4], "little") > _MAX_BYTES:
        raise PackingError("a customer does not decode: it claims to be larger than any")
    try:
        return bytes(lz4.decompress_block(base))
    except DecompressionError as error:
        raise PackingError(f"a customer does not decode: {error}") from None
