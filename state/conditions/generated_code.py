"""Functions made from generated source, registered with ``linecache`` so that people can look at them."""

import linecache
from collections.abc import Callable, Mapping
from textwrap import shorten
from typing import Any

_MAX_SUBJECT = 80


def make_function(name: str, subject: str, source: str, names: Mapping[str, Any]) -> Callable[..., Any]:
    """Return the function ``name`` that ``source`` defines; ``names`` are its globals.

    Its file is called ``<lifestage NAME of SUBJECT>``, with a number where another source has that already. A traceback
    shows its lines, a profiler its name and file, and pdb steps through it.
    """
    title = f"lifestage {name} of {shorten(subject, _MAX_SUBJECT, placeholder='...')}"
    lines = source.splitlines(keepends=True)
    file, number = f"<{title}>", 1
    while file in linecache.cache and linecache.getlines(file) != lines:
        number += 1
        file = f"<{title} ({number})>"
    # Without a modification time, ``linecache.checkcache`` leaves the entry alone.
    linecache.cache[file] = (len(source), None, lines, file)
    space = {**names, "__name__": __name__}
    exec(compile(source, file, "exec"), space)
    function: Callable[..., Any] = space[name]
    return function


def source_of(function: Callable[..., Any]) -> str:
    """Return the source of a function that ``make_function`` made."""
    return "".join(linecache.getlines(function.__code__.co_filename))
