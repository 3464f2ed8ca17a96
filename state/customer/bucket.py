"""Buckets: random groups of customers that are the same for ever, and that any other system can compute."""

from hashlib import blake2b


def bucket_of(user_id: str, name: str, buckets: int) -> int:
    """Return the bucket of a customer, from 0 to ``buckets - 1``; those of one name are independent of those of others.

    It is the BLAKE2b digest of 8 bytes of the name, a line end and the userId, as a big-endian number, modulo
    ``buckets``.
    """
    digest = blake2b(f"{name}\n{user_id}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") % buckets
