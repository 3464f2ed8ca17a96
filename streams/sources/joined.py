"""Rows of second files that belong to a record, by the value of a column that both have."""

from pathlib import Path
from typing import Any

from schemas.reject import RejectedError
from streams.mapping.shape import File, Join
from streams.sources.content import open_content
from streams.sources.order_rows import key_text
from streams.sources.records import Records
from streams.sources.source import SourceError


class JoinedFile:
    """The rows of one second file by their key, all in memory."""

    def __init__(self, join: Join, main: str) -> None:
        self._join = join
        self._rows: dict[str, list[dict[str, Any]]] = {}
        name = beside(main, join.file)
        for _, row in records_of(name):
            key = key_text(row.get(join.key or join.on))
            if key:
                self._rows.setdefault(key, []).append(row)
        if not self._rows:
            raise SourceError(f"{name} has no row with a `{join.key or join.on}`: mend [[joins]] of the mapping")

    def add_to(self, record: dict[str, Any]) -> None:
        """Put the rows that belong to a record into it."""
        rows = self._rows.get(key_text(record.get(self._join.on)), [])
        record[self._join.into] = (rows[0] if rows else {}) if self._join.one else rows


def beside(main: str, name: str) -> str:
    """Return the path of a second file, which stands beside the main one unless its path is absolute."""
    path = Path(main).parent / name
    if not path.exists():
        raise SourceError(f"{path} is not there: the mapping wants {name} beside {main}")
    return str(path)


def records_of(name: str) -> list[tuple[int, dict[str, Any]]]:
    """Read all records of a file as objects. Raises ``SourceError``, also for a record that cannot be read."""

    def refuse(number: int, value: bytes, error: RejectedError) -> None:
        raise SourceError(f"{name}:{number}: {error.detail}")

    with open_content(name) as content:
        return list(Records(content, File(), as_objects=True).read(refuse))
