"""The earliest of several instants, some of which may never come."""


def earliest(first: int, *others: int | None) -> int:
    """Return the earliest of these; None never comes."""
    for other in others:
        if other is not None and other < first:
            first = other
    return first
