"""Functions made from generated source, registered with ``linecache`` so that people can look at them."""

import inspect
import linecache
from collections.abc import Callable, Mapping
from typing import Any


def make_function(name: str, title: str, source: str, names: Mapping[str, Any]) -> Callable[..., Any]:
    """Return the function ``name`` that ``source`` defines; ``names`` are its globals.

    Its file is called ``<lifestage TITLE>``, with a number where another source has that title already. A traceback
    shows its lines, a profiler its name, and pdb steps through it.
    """
    file, lines = f"<lifestage {title}>", source.splitlines(keepends=True)
    number = 1
    while file in linecache.cache and linecache.getlines(file) != lines:
        number += 1
        file = f"<lifestage {title} ({number})>"
    # Without a modification time, ``linecache.checkcache`` leaves the entry alone.
    linecache.cache[file] = (len(source), None, lines, file)
    space = {**names, "__name__": __name__}
    exec(compile(source, file, "exec"), space)
    function: Callable[..., Any] = space[name]
    return function


def source_of(function: Callable[..., Any]) -> str:
    """Return the source of a generated function."""
    return "".join(linecache.getlines(inspect.unwrap(function).__code__.co_filename))
