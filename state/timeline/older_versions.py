"""Snapshots of older versions, turned into one of version 5 step by step, each by a module of its own.

A step reads the bytes of one version and writes those of the next. It never changes again, whatever becomes of the
product's own types: it shares nothing with them that the present version may lay out otherwise.
"""

from collections.abc import Callable

from state.timeline import from_version_3, from_version_4

STEPS: dict[int, Callable[[bytes], bytes]] = {3: from_version_3.next_version, 4: from_version_4.next_version}
"""By version, what turns a snapshot into one of the version after it."""


def in_version_5(snapshot: bytes) -> bytes:
    """Return the bytes of a snapshot of an older version in version 5, which is read by ``from_version_5``.

    Raises what decoding raises, for bytes that are no snapshot of the version with which they begin.
    """
    while (step := STEPS.get(snapshot[0])) is not None:
        snapshot = step(snapshot)
    return snapshot
