"""The kinds of values that the language knows."""

from enum import Enum


class Kind(Enum):
    """The type of a value; the text names it in errors."""

    NUMBER = "number"
    TEXT = "text"
    FLAG = "flag"
    TEXTS = "list of texts"
