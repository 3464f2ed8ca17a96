"""The garbage collector as a worker sets it: under other settings the core would look slower than it is."""

import gc

from streams.worker import GC_THRESHOLDS


def apply_worker_settings() -> None:
    """Give the garbage collector of this process the settings of a worker."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*GC_THRESHOLDS)
