"""A lock file that at most one process holds."""

import fcntl
from pathlib import Path
from typing import IO

from streams.embedded.child_process import ServerError


def lock_file(path: Path, refusal: str) -> IO[bytes]:
    """Open and lock a file; the lock lasts until every process that inherited the open file has closed it.

    Raises ``ServerError(refusal)`` when another process holds it, and ``OSError`` when it cannot be opened.
    """
    file = path.open("wb")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.close()
        raise ServerError(refusal) from None
    return file
