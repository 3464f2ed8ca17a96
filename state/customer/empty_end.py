"""The empty end of what is stored: fields that are left out, since they have a default when they are read."""


def without_empty_end(fields: tuple[object, ...], least: int = 0) -> tuple[object, ...]:
    """Return the fields without those at the end that are empty or zero, but at least so many."""
    if not any(fields[least:]):  # as nearly always
        return fields[:least]
    used = len(fields)
    while used > least and not fields[used - 1]:
        used -= 1
    return fields[:used]
