"""The decoder of a policy's text, which finds everything that is wrong with it at once, with its line and fix."""

import difflib
import math
import re
import tomllib
from dataclasses import dataclass
from types import UnionType
from typing import Any, get_args, get_origin

import msgspec

from state.policy.currency_size import in_size
from state.policy.shape import Policy, Section
from state.policy.toml_lines import Path, lines_of


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One error: its line (from 1), what is wrong, and what to do about it."""

    line: int
    message: str
    fix: str


class PolicyError(ValueError):
    """A policy that cannot be used, with all of its problems in order of lines."""

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = sorted(set(problems))
        super().__init__("; ".join(f"line {it.line}: {it.message}. {it.fix}" for it in self.problems))


class PolicyText:
    """The text of a policy with the lines of its keys. Problems are collected, not raised."""

    def __init__(self, text: str) -> None:
        self.problems: list[Problem] = []
        try:
            self._tables = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            raise PolicyError([_unreadable(error, text)]) from None
        self._lines = lines_of(text)
        self._text_lines = text.splitlines()

    def line(self, path: Path) -> int:
        """Return the line of a key, or of the nearest table around it."""
        while path not in self._lines:
            path = path[:-1]
        return self._lines[path]

    def line_within(self, path: Path, row: int) -> int:
        """Return the line of a row (from 1) of a text that may go over several lines."""
        line = self.line(path)
        opening = self._text_lines[line - 1].rstrip() if self._text_lines else ""
        return line + row - 1 + opening.endswith(('"""', "'''"))

    def report(self, path: Path, message: str, fix: str, row: int = 1) -> None:
        """Add a problem at a key."""
        self.problems.append(Problem(self.line_within(path, row), message, fix))

    def policy(self) -> Policy:
        """Return the policy, with the default in place of every value that is wrong."""
        policy: Policy = self._section(Policy, self._tables, ())
        return in_size(policy, self._tables)

    def _section(self, section: type[Any], table: object, path: Path) -> Any:
        if not isinstance(table, dict):
            self.report(path, f"`{path[-1]}` is a table", f"write its values under [{_dotted(path)}]")
            table = {}
        fields = {field.encode_name: field for field in msgspec.structs.fields(section)}
        tag = getattr(section.__struct_config__, "tag_field", None)
        for key in table:
            if key not in fields and key != tag:
                self._unknown((*path, key), str(key), list(fields))
        values: dict[str, Any] = section.implied(table)
        for name, field in fields.items():
            if name in table:
                values[name] = self._value(field, table[name], (*path, name))
            elif field.required:
                where = f"in [{_dotted(path)}]" if path else "at the top"
                self.report(path, f"`{name}` is missing", f"write it {where}, as in `{name} = ...`")
                values[name] = _PLACEHOLDERS.get(name, 0.5)
        return section(**{name: value for name, value in values.items() if value is not msgspec.UNSET})

    def _unknown(self, path: Path, key: str, known: list[str]) -> None:
        near = difflib.get_close_matches(key, known, n=1)
        fix = f"did you mean `{near[0]}`?" if near else f"known here are {', '.join(known)}"
        self.report(path, f"there is no `{key}` here", fix)

    def _value(self, field: msgspec.structs.FieldInfo, value: Any, path: Path) -> Any:
        kinds = get_args(field.type) if isinstance(field.type, UnionType) else (field.type,)
        sections = [kind for kind in kinds if isinstance(kind, type) and issubclass(kind, Section)]
        if sections:
            return self._tagged(sections, value, path)
        if get_origin(field.type) is tuple and issubclass(_first_argument(field.type), Section):
            return self._sections(_first_argument(field.type), value, path)
        if isinstance(value, dict):
            entries = [self._plain(field, {key: entry}, (*path, key)) for key, entry in value.items()]
            return {key: amount for entry in entries if isinstance(entry, dict) for key, amount in entry.items()}
        return self._plain(field, value, path)

    def _plain(self, field: msgspec.structs.FieldInfo, value: Any, path: Path) -> Any:
        try:
            if any(isinstance(number, float) and not math.isfinite(number) for number in _numbers(value)):
                raise msgspec.ValidationError("Expected a finite number")
            return msgspec.convert(value, field.type)
        except msgspec.ValidationError as error:
            message, fix = _explained(field.name, str(error), value)
            self.report(path, f"`{field.name}` is {message}", fix)
            return _PLACEHOLDERS.get(field.name, 0.5) if field.required else msgspec.UNSET

    def _tagged(self, sections: list[type[Section]], value: Any, path: Path) -> Any:
        if len(sections) == 1:
            return self._section(sections[0], value, path)
        by_method = {str(section.__struct_config__.tag): section for section in sections}
        method = value.get("method") if isinstance(value, dict) else None
        if method not in by_method:
            self.report(
                (*path, "method"),
                f"`method` is {msgspec.json.encode(method).decode()}" if method else "`method` is missing",
                "it is one of " + ", ".join(f'"{name}"' for name in by_method),
            )
            return msgspec.UNSET
        return self._section(by_method[method], value, path)

    def _sections(self, section: type[Section], value: Any, path: Path) -> Any:
        if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
            self.report(path, f"`{path[-1]}` is a list of tables", f"write each under [[{_dotted(path)}]]")
            return msgspec.UNSET
        return tuple(self._section(section, item, (*path, number)) for number, item in enumerate(value))


# Used in place of a required value that is missing or wrong, so that the rest can be checked.
_PLACEHOLDERS = {"name": "unnamed", "key": "unnamed", "enter": "true"}


def _first_argument(kind: Any) -> type[Any]:
    first = get_args(kind)[0]
    return first if isinstance(first, type) else object


def _numbers(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return list(value.values())
    return value if isinstance(value, list) else [value]


def _dotted(path: Path) -> str:
    return ".".join(part for part in path if isinstance(part, str))


def _unreadable(error: tomllib.TOMLDecodeError, text: str) -> Problem:
    message = str(error)
    place = re.search(r"\(at line (\d+), column \d+\)", message)
    reason = re.sub(r"\s*\(at .*\)$", "", message)
    line = int(place[1]) if place else text.count("\n") + 1
    return Problem(
        line, f"this is not TOML: {reason[:1].lower()}{reason[1:]}", "texts stand in quotation marks, after `=`"
    )


_SORTS = {
    "int": "a whole number",
    "float": "a number",
    "str": "a text in quotation marks",
    "object": "a table",
    "array": "a list",
}
_BOUNDS = {">=": "at least", "<=": "at most", ">": "more than", "<": "less than"}
_SHAPES = {
    "name": "letters, digits, dots, dashes and underscores, without spaces",
    "key": "small letters, digits and underscores, beginning with a letter",
}


def _explained(name: str, error: str, value: object) -> tuple[str, str]:
    reason, _, where = error.partition(" - at")
    written = repr(value) if isinstance(value, float) else msgspec.json.encode(value).decode()[:60]
    inner = "each number " if "[" in where else "each rate " if where else ""
    expected = re.match(r"Expected `(\w+)`(?: (<=|>=|<|>) (\S+))?(?:, got .*)?$", reason)
    length = re.match(r"Expected `\w+` of length (?:(<=|>=) )?(\d+)", reason)
    if expected and expected[2]:
        return written, f"make {inner or 'it '}{_BOUNDS[expected[2]]} {float(expected[3]):g}"
    if expected:
        return written, f"write {inner and inner + 'as '}{_SORTS.get(expected[1], expected[1])}"
    if length and isinstance(value, str):
        return written, "write something there" if length[2] == "1" else f"use at most {length[2]} characters"
    if length:
        return written, f"write {length[2]} numbers"
    if "matching regex" in reason:
        return written, f"write {_SHAPES.get(name, 'the three capital letters of a currency, as in USD')}"
    return written, "write a finite number"
