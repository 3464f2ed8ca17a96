"""Paths into a foreign record: a column of a row, a plain dotted path, or JMESPath.

``Invoice || InvoiceNo`` is the first of the two that is not empty, as in JMESPath; ``|| ''`` at the end: or nothing.
"""

import difflib
import re
from collections.abc import Callable, Mapping, Sequence
from operator import itemgetter
from typing import Any

Getter = Callable[[Any], Any]
"""Takes a record, and returns the value at a path; None where there is none."""

NOTHING = "''"
_JMESPATH = re.compile(r"[\[\]{}\"`]|\*\.|\.\*|\s\|\s|\w\(")
"""What no plain name has: `Created (UTC)`, `@timestamp` and `Paid?` are names, `sum(a)` and `a[0]` are not."""

_WITH_UNIT = re.compile(r"[^\[\]{}`|]+\s[\[{][^\[\]{}`|?*=]*[\]}]")


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
        if self._columns is None or _folded(name) in self._by_name:
            return True
        return any(it == NOTHING or _folded(it) in self._by_name for it in _alternatives(name))

    def getter(self, name: str) -> Getter:
        """Return the function that reads a path. Raises ``PathError``."""
        alternatives = _alternatives(name)
        if len(alternatives) > 1 and (self._columns is None or name not in self._columns):
            there = [it for it in alternatives if it != NOTHING and self.has(it)]
            if there or NOTHING in alternatives:
                return first_of([self.getter(it) for it in there])
        if self._columns is None:
            return _of_object(name)
        index = self._columns.index(name) if name in self._columns else self._by_name.get(_folded(name))
        if index is None:
            near = difflib.get_close_matches(name, self._columns, n=1, cutoff=0.5)
            fix = f"did you mean `{near[0]}`?" if near else f"its columns are {', '.join(self._columns)}"
            raise PathError(f"there is no column `{name}`", fix)
        return itemgetter(index)


def first_of(getters: Sequence[Getter]) -> Getter:
    """Return a function that gives the first value that is not empty."""
    if len(getters) == 1:
        return getters[0]

    def first(record: Any) -> Any:
        for get in getters:
            value = get(record)
            if not is_blank(value):
                return value
        return None

    return first


def is_blank(value: Any) -> bool:
    """Tell whether there is nothing: no value, or a text of blanks."""
    return value is None or (isinstance(value, str) and not value.strip())


def _alternatives(name: str) -> list[str]:
    parts = [part.strip() for part in name.split("||")]
    plain = all(part == NOTHING or not _JMESPATH.search(part) for part in parts)
    return parts if plain else [name]


def root_of(path: str) -> str:
    """Return the first name of a path into an object; an empty one where it begins otherwise, as with a function."""
    root = re.match(r"[^.\[\]|?*&@(){}'`\"]*", path)
    return "" if root is None or path[root.end() :][:1] == "(" else root[0]


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
        if not re.search(r"[\[\]{}`]", path) or _WITH_UNIT.fullmatch(path):
            return lambda record: record.get(path)  # a column like `Amount($)` or `Preis [EUR]`
        told = " ".join(str(error).split())
        raise PathError(f"`{path}` is no path: {told}", "write it as JMESPath, as in items[0].price") from None

    def get(record: Any) -> Any:
        try:
            return search(record)
        except JMESPathError:
            return None  # a function that does not fit this record's value: as if it were missing

    return get
