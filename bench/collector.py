"""Python's collector of cycles as a worker sets it: under other settings the core would look slower than it is."""

import gc

from streams.worker import NEW_OBJECTS


def as_in_a_worker() -> None:
    """Set the collector of this process."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*NEW_OBJECTS)
