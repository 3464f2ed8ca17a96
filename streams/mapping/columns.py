"""The check of a mapping against the columns of a file, before the first row is read."""

import difflib
from collections.abc import Iterator, Sequence

from schemas.money import CURRENCIES
from state.policy.text import Problem
from state.policy.toml_lines import Path
from streams.mapping.paths import PathError, Paths, root_of
from streams.mapping.shape import MappingShape, names_of
from streams.mapping.text import MappingError, MappingText, values_of


def check_columns(shape: MappingShape, text: MappingText, columns: Sequence[str], *, nested: bool = False) -> None:
    """Raise ``MappingError`` with every column that the mapping names and the file has not, or has twice.

    ``nested``: a column may hold objects, into which paths lead.
    """
    paths = Paths(columns)
    problems = [
        problem
        for place, names in _needed(shape)
        if not any(paths.has(name) or (nested and _leads_somewhere(name, paths)) for name in names)
        for problem in _problems(text.line(place), names, paths, columns)
    ]
    for place, names in _needed(shape):
        for name in names:
            if columns.count(name) > 1:
                told = f"there are {columns.count(name)} columns `{name}`"
                problems.append(Problem(text.line(place), told, "rename all but one of them in the file"))
    if problems:
        raise MappingError(problems)


def _leads_somewhere(path: str, paths: Paths) -> bool:
    root = root_of(path)
    return not root or (root != path and paths.has(root))


def _needed(shape: MappingShape) -> Iterator[tuple[Path, Sequence[str]]]:
    """Yield the places of a mapping that name columns; of several, one is enough."""
    for place, value in values_of(shape):
        if not value.optional and not _in_elements(place, shape):
            if column := names_of(value.column):
                yield place, column
            for name in (*names_of(value.sum), *names_of(value.minus)):
                yield place, (name,)
    for number, event in enumerate(shape.events):
        for name in event.when:
            yield ("events", number, "when"), (name,)
    if shape.group_by:
        yield ("group_by",), (shape.group_by,)
    if shape.products is not None and shape.products.each:
        yield ("products", "each"), (shape.products.each,)


def _problems(line: int, names: Sequence[str], paths: Paths, columns: Sequence[str]) -> Iterator[Problem]:
    for name in names:
        try:
            paths.getter(name)
        except PathError as error:
            yield Problem(line, error.message, _fix(name, columns) or error.fix)


def _in_elements(place: Path, shape: MappingShape) -> bool:
    return place[0] == "products" and shape.products is not None and bool(shape.products.each)


def _fix(name: str, columns: Sequence[str]) -> str | None:
    if name in CURRENCIES and not difflib.get_close_matches(name, columns, n=1, cutoff=0.8):
        return f'if it is meant as it stands, write {{ value = "{name}" }}'
    return None
