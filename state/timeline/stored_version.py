"""The version of what is stored: which ones a lifestage reads, and what to do about any other."""

from typing import NamedTuple


class Readable(NamedTuple):
    """The versions of one kind of stored thing (``what``, in the plural) that this lifestage reads, both included."""

    what: str
    oldest: int
    newest: int

    def check(self, version: int) -> None:
        """Raise ``StoredVersionError`` for a version that is not among these."""
        if not self.oldest <= version <= self.newest:
            raise StoredVersionError(self, version)


class StoredVersionError(Exception):
    """Raised for what is stored in a version that this lifestage does not read.

    It is no ``ValueError``: nothing is wrong with what is stored, and nobody may take it for damage of one customer.
    """

    def __init__(self, readable: Readable, version: int) -> None:
        what, oldest, newest = readable
        if version > newest:
            told = "a newer lifestage wrote them; start that one again"
        else:
            told = "only an older lifestage reads them; start one in between first, which writes them anew"
        super().__init__(
            f"the changelog has {what} of version {version}, and this lifestage reads {oldest} to {newest}: {told}, or "
            "begin anew with another LIFESTAGE_APP_ID, which publishes everything again (docs/upgrading.md)"
        )
