"""The check of a mapping against the columns of a file, before the first row is read."""

import difflib
from collections.abc import Iterator, Sequence

from schemas.money import CURRENCIES
from state.policy.text import Problem
from state.policy.toml_lines import Path
from streams.mapping.paths import PathError, Paths
from streams.mapping.shape import MappingShape, names_of
from streams.mapping.text import MappingError, MappingText, values_of


def check_columns(shape: MappingShape, text: MappingText, columns: Sequence[str]) -> None:
    """Raise ``MappingError`` with every column that the mapping names and the file has not."""
    paths = Paths(columns)
    problems = [
        problem
        for place, names in _needed(shape)
        if not any(paths.has(name) for name in names)
        for problem in _problems(text.line(place), names, paths, columns)
    ]
    if problems:
        raise MappingError(problems)


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
