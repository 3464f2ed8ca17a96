"""A clock of its own for a process, by libfaketime."""

from pathlib import Path

from tests.support import programs

LIBRARY = "faketime/libfaketimeMT.so.1"


def library() -> Path | None:
    """Find the library."""
    return programs.library(LIBRARY)


def fake_clock(file: Path, *, cached: bool = False) -> dict[str, str]:
    """Return the variables by which a process has the clock that a file says: seconds beside the right one.

    Only the wall clock is another one: what is waited for is waited for as long as ever. The file is read at every look
    at the clock, which makes a busy process slow, or, ``cached``, once a second.
    """
    return {
        "LD_PRELOAD": str(library()),
        "FAKETIME_TIMESTAMP_FILE": str(file),
        **({"FAKETIME_CACHE_DURATION": "1"} if cached else {"FAKETIME_NO_CACHE": "1"}),
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
    }
