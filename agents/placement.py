"""The placement of records: the partition of a key is where everything of its customer lies, and nowhere else."""

from schemas.reject import RejectedError


def misplaced(belongs: int, lies: int) -> RejectedError:
    """Return the rejection of an event in partition ``lies`` whose key belongs into another."""
    return RejectedError(
        "misplaced",
        f"the record lies in partition {lies}, and its key belongs into partition {belongs}: its producer has another "
        "partitioner than LIFESTAGE_PARTITIONER says",
    )
