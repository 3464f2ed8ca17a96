"""The kinds of values that the language knows."""

from enum import Enum


class Kind(Enum):
    """The type of a value; the text names it in errors."""

    NUMBER = "number"
    TEXT = "text"
    FLAG = "flag"
    TEXTS = "list of texts"
    TAGS = "set of tags"
    DATE = "date"
    INSTANT = "instant"

    @property
    def phrase(self) -> str:
        """The name with its article."""
        return f"an {self.value}" if self is Kind.INSTANT else f"a {self.value}"
