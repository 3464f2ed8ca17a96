"""The line of every key in the text of a TOML file, which the standard decoder does not provide."""

import re

Path = tuple[str | int, ...]

_HEADER = re.compile(r"\s*(\[\[?)\s*([^\]]+?)\s*\]\]?\s*(#.*)?$")
_KEY = re.compile(r"\s*((?:[A-Za-z0-9_-]+|\"[^\"]*\"|'[^']*')(?:\s*\.\s*(?:[A-Za-z0-9_-]+|\"[^\"]*\"|'[^']*'))*)\s*=")
_PART = re.compile(r"[A-Za-z0-9_-]+|\"[^\"]*\"|'[^']*'")
_TOKEN = re.compile(
    r'"""(?:\\.|[^\\])*?"""|\'\'\'.*?\'\'\'|"(?:\\.|[^"\\\n])*"|\'[^\'\n]*\'|#[^\n]*|[\[\]{}\n]', re.DOTALL
)


def lines_of(text: str) -> dict[Path, int]:
    """Return the line (from 1) of every table and key. Elements of an array of tables are counted from 0.

    A table without a header of its own has the line of the first table in it.
    """
    found: dict[Path, int] = {(): 1}
    around: dict[Path, int] = {}
    counts: dict[Path, int] = {}
    table: Path = ()
    for start, line in _statements(text):
        header = _HEADER.match(line)
        if header and not _KEY.match(line):
            table = _opened(header[1] == "[[", _parts(header[2]), counts)
            found.setdefault(table, start)
            for end in range(1, len(table)):
                around.setdefault(table[:end], start)
            continue
        key = _KEY.match(line)
        if key:
            path = table
            for part in _parts(key[1]):
                path = (*path, part)
                found.setdefault(path, start)
    return around | found


def _opened(is_element: bool, names: list[str], counts: dict[Path, int]) -> Path:
    path: Path = ()
    for position, name in enumerate(names):
        path = (*path, name)
        if is_element and position == len(names) - 1:
            counts[path] = counts.get(path, -1) + 1
        if path in counts:
            path = (*path, counts[path])
    return path


def _parts(dotted: str) -> list[str]:
    return [part.strip("\"'") for part in _PART.findall(dotted)]


def _statements(text: str) -> list[tuple[int, str]]:
    # First lines of statements only: a line within an array or a text of several lines begins no statement.
    starts, depth = [0], 0
    for token in _TOKEN.finditer(text):
        sign = token[0]
        if sign in "[{":
            depth += 1
        elif sign in "]}":
            depth -= 1
        elif sign == "\n" and depth == 0:
            starts.append(token.end())
    lines = []
    for start in starts:
        end = text.find("\n", start)
        lines.append((text.count("\n", 0, start) + 1, text[start : len(text) if end < 0 else end]))
    return lines
