"""Paths into a foreign record: a column of a row, a plain dotted path, or JMESPath."""

import difflib
import re
from collections.abc import Callable, Mapping, Sequence
from operator import itemgetter
from typing import Any

Getter = Callable[[Any], Any]
"""Takes a record, and returns the value at a path; None where there is none."""

_JMESPATH = re.compile(r"[\[\]|?*&@(){}'`\"!<>]")


class PathError(ValueError):
    """A path that cannot be used: what is wrong, and what to do about it."""

    def __init__(self, message: str, fix: str) -> None:
        super().__init__(f"{message}. {fix}")
        self.message = message
        self.fix = fix


class Paths:
    """The paths of one kind of record: a row with these columns, or, without columns, an object."""

    def __init__(self, columns: Sequence[str] | None = None) -> None:
        self._columns = None if columns is None else list(columns)
        self._by_name = {} if columns is None else _by_name(columns)

    def has(self, name: str) -> bool:
        """Tell whether a path can exist; for an object nobody knows, and so it may."""
        return self._columns is None or _folded(name) in self._by_name

    def getter(self, name: str) -> Getter:
        """Return the function that reads a path. Raises ``PathError``."""
        if self._columns is None:
            return _of_object(name)
        index = self._columns.index(name) if name in self._columns else self._by_name.get(_folded(name))
        if index is None:
            near = difflib.get_close_matches(name, self._columns, n=1, cutoff=0.5)
            fix = f"did you mean `{near[0]}`?" if near else f"its columns are {', '.join(self._columns)}"
            raise PathError(f"there is no column `{name}`", fix)
        return itemgetter(index)


def _folded(name: str) -> str:
    return name.strip().casefold()


def _by_name(columns: Sequence[str]) -> dict[str, int]:
    found: dict[str, int] = {}
    for index, name in enumerate(columns):
        found.setdefault(_folded(name), index)
    return found


def _of_object(path: str) -> Getter:
    if _JMESPATH.search(path):
        return _jmespath(path)
    first, *inner = path.split(".")

    def plain(record: Any) -> Any:
        # A key may hold dots itself, as columns of some exports do: the whole path comes first.
        value = record.get(path)
        if value is None:
            value = record.get(first)
            for part in inner:
                value = value.get(part) if isinstance(value, Mapping) else None
        return value

    return plain if inner else lambda record: record.get(path)


def _jmespath(path: str) -> Getter:
    from jmespath import compile as compile_path  # noqa: PLC0415 most mappings name plain columns
    from jmespath.exceptions import JMESPathError  # noqa: PLC0415

    try:
        search = compile_path(path).search
    except JMESPathError as error:
        told = " ".join(str(error).split())
        raise PathError(f"`{path}` is no path: {told}", "write it as JMESPath, as in items[0].price") from None

    def get(record: Any) -> Any:
        try:
            return search(record)
        except JMESPathError:
            return None  # a function that does not fit this record's value: as if it were missing

    return get
