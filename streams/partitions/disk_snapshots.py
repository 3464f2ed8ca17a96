"""Snapshots on disk: a partition's customers in LMDB, for more of them than fit in memory.

The file is not state: it is emptied before a partition is read from the changelog, written only after a commit, and
never synced: after a crash nobody reads it again.
"""

import shutil
from collections.abc import Iterator, MutableMapping
from pathlib import Path
from typing import Any

import lmdb

# Address space, not bytes: the file grows with its contents.
_MAX_BYTES = 1 << 38
_WRITES_AT_ONCE = 20_000


class DiskSnapshots(MutableMapping[bytes, bytes]):
    """A mapping in a folder of its own, empty at first. Every operation may raise ``lmdb.Error`` (disk full, say)."""

    def __init__(self, folder: Path) -> None:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        self._folder = folder
        self._environment: Any = lmdb.open(
            str(folder), map_size=_MAX_BYTES, sync=False, metasync=False, lock=False, readahead=False
        )
        self._table: Any = self._environment.open_db()
        self._transaction: Any = self._environment.begin(write=True)
        self._writes = 0
        self._longest = self._environment.max_key_size()
        self._long: dict[bytes, bytes] = {}
        """Snapshots whose keys are longer than LMDB accepts (511 bytes): few, if any."""

    def __getitem__(self, key: bytes) -> bytes:
        found: bytes | None = self._long.get(key) if len(key) > self._longest else self._transaction.get(key)
        if found is None:
            raise KeyError(key)
        return found

    def __setitem__(self, key: bytes, value: bytes) -> None:
        if len(key) > self._longest:
            self._long[key] = value
            return
        self._transaction.put(key, value)
        self._written()

    def __delitem__(self, key: bytes) -> None:
        if len(key) > self._longest:
            del self._long[key]
            return
        if not self._transaction.delete(key):
            raise KeyError(key)
        self._written()

    def __len__(self) -> int:
        return int(self._transaction.stat(self._table)["entries"]) + len(self._long)

    def __iter__(self) -> Iterator[bytes]:
        # All at once: the next write would invalidate a cursor.
        yield from [*self._transaction.cursor().iternext(values=False), *self._long]

    def close(self) -> None:
        """Close and delete the file."""
        self._transaction.abort()
        self._environment.close()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _written(self) -> None:
        # A transaction keeps its writes in memory until it ends, and can hold only so many.
        self._writes += 1
        if self._writes == _WRITES_AT_ONCE:
            self._writes = 0
            self._transaction.commit()
            self._transaction = self._environment.begin(write=True)
