"""Python's collector of cycles as a worker sets it: under other settings the core would look slower than it is."""

import gc

from streams.worker import GC_THRESHOLDS


def as_in_a_worker() -> None:
    """Set the collector of this process."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*GC_THRESHOLDS)
