"""A section: a table of the policy file as a type, which knows its keys."""

from collections.abc import Container
from typing import Any

import msgspec


class Section(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A table of the policy file."""

    @staticmethod
    def implied(given: Container[str]) -> dict[str, Any]:
        """Return the values that follow from which keys are given, in place of their defaults."""
        return {}
