"""The placement of records: the partition of a key is where everything of its customer lies, and nowhere else."""

from collections.abc import Callable

from schemas.reject import RejectedError


class Placement:
    """Whether keys belong into a partition, by the partitioner of the installation; None: it is not checked."""

    def __init__(self, partition: int, partition_of: Callable[[bytes], int] | None) -> None:
        self._partition = partition
        self._partition_of = partition_of

    def is_wrong(self, key: bytes) -> bool:
        """Tell whether a key belongs into another partition; a record without any event has nobody's key."""
        return self._partition_of is not None and self._partition_of(key) != self._partition and bool(key)

    def misplaced(self, key: bytes) -> RejectedError:
        """Return the rejection of an event whose key belongs into another partition."""
        assert self._partition_of is not None
        return RejectedError(
            "misplaced",
            f"the record lies in partition {self._partition}, and its key belongs into partition "
            f"{self._partition_of(key)}: its producer has another partitioner than LIFESTAGE_PARTITIONER says",
        )
