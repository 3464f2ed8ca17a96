"""The decoder of a policy's text, which finds everything that is wrong with it at once, with its line and fix."""

import difflib
import re
import tomllib
from dataclasses import dataclass
from types import UnionType
from typing import Any, get_args, get_origin

import msgspec

from state.policy.currency_size import in_size
from state.policy.section import Section
from state.policy.shape import Policy
from state.policy.toml_lines import Path, lines_of
from state.policy.wrong_values import written, wrongs_in


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
        self._misread: list[Path] = []
        text = text.removeprefix("\ufeff")
        try:
            self._tables = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            raise PolicyError([_unreadable(error, text)]) from None
        except (ValueError, RecursionError):
            fix = "write no number of thousands of digits, and no list within thousands of others"
            raise PolicyError([Problem(1, "this cannot be read", fix)]) from None
        self._lines = lines_of(text)
        self._text_lines = text.split("\n")

    def line(self, path: Path) -> int:
        """Return the line of a key, or of the nearest table around it."""
        while path not in self._lines:
            path = path[:-1]
        return self._lines[path]

    def line_within(self, path: Path, row: int) -> int:
        """Return the line of a row (from 1) of a text that may go over several lines."""
        line = self.line(path)
        opened = _OPENED.search(self._text_lines[line - 1])
        return line if opened is None else line + row - 1 + (not opened[2])

    def report(self, path: Path, message: str, fix: str, row: int = 1) -> None:
        """Add a problem at a key."""
        self.problems.append(Problem(self.line_within(path, row), message, fix))

    def is_read(self, path: Path) -> bool:
        """Tell whether a key could be read: all that is under it, and the tables that it is in."""
        return not any(it[: len(path)] == path or path[: len(it)] == it for it in self._misread)

    def policy(self) -> Policy:
        """Return the policy, with the default in place of every value that is wrong."""
        policy: Policy = self._section(Policy, self._tables, ())
        return in_size(policy, self._tables)

    def _report_misread(self, path: Path, message: str, fix: str) -> None:
        self.report(path, message, fix)
        self._misread.append(path)

    def _section(self, section: type[Any], table: object, path: Path) -> Any:
        if not isinstance(table, dict):
            self._report_misread(path, f"`{path[-1]}` is not a table", f"write its values under {_table(path)}")
            table = {}
        fields = {field.encode_name: field for field in msgspec.structs.fields(section)}
        tag = getattr(section.__struct_config__, "tag_field", None)
        for key in table:
            if key not in fields and key != tag:
                self._unknown((*path, key), str(key), list(fields))
        values: dict[str, Any] = section.implied(table)
        for name, field in fields.items():
            if name in table:
                values[field.name] = self._value(field, table[name], (*path, name))
            elif field.required:
                where = f"in {_table(path)}" if path else "at the top"
                self._report_misread((*path, name), f"`{name}` is missing", f"write it {where}, as in `{name} = ...`")
                values[name] = _PLACEHOLDERS.get(name, 0.5)
        return section(**{name: value for name, value in values.items() if value is not msgspec.UNSET})

    def _unknown(self, path: Path, key: str, known: list[str]) -> None:
        near = difflib.get_close_matches(key, known, n=1)
        fix = f"did you mean `{near[0]}`?" if near else f"known here are {', '.join(known)}"
        self.report(path, f"there is no `{key}` here", fix)
        self._misread.append(path[:-1])  # whichever of the known keys was meant

    def _value(self, field: msgspec.structs.FieldInfo, value: Any, path: Path) -> Any:
        kinds = get_args(field.type) if isinstance(field.type, UnionType) else (field.type,)
        sections = [kind for kind in kinds if isinstance(kind, type) and issubclass(kind, Section)]
        if sections:
            return self._tagged(sections, value, path)
        if get_origin(field.type) is tuple and issubclass(_first_argument(field.type), Section):
            return self._sections(_first_argument(field.type), value, path)
        return self._plain(field, value, path)

    def _plain(self, field: msgspec.structs.FieldInfo, value: Any, path: Path) -> Any:
        wrongs = list(wrongs_in(field.encode_name, value, field.type))
        for it in wrongs:
            self._report_misread((*path, *it.entry), it.message, it.fix)
        if isinstance(value, dict) and all(it.entry for it in wrongs):
            misread = {it.entry[0] for it in wrongs}
            value, wrongs = {key: it for key, it in value.items() if key not in misread}, []
        if not wrongs:
            return msgspec.convert(value, field.type)
        return _PLACEHOLDERS.get(field.name, 0.5) if field.required else msgspec.UNSET

    def _tagged(self, sections: list[type[Section]], value: Any, path: Path) -> Any:
        if len(sections) == 1:
            return self._section(sections[0], value, path)
        by_method = {str(section.__struct_config__.tag): section for section in sections}
        if not isinstance(value, dict):
            self._report_misread(path, f"`{path[-1]}` is not a table", f"write its values under {_table(path)}")
            return msgspec.UNSET
        method = value.get("method")
        if not isinstance(method, str) or method not in by_method:
            told = f"`method` is {written(method)}" if "method" in value else "`method` is missing"
            self._report_misread(
                (*path, "method"), told, "it is one of " + ", ".join(f'"{name}"' for name in by_method)
            )
            return msgspec.UNSET
        return self._section(by_method[method], value, path)

    def _sections(self, section: type[Section], value: Any, path: Path) -> Any:
        if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
            self._report_misread(
                path, f"`{path[-1]}` is not a list of tables", f"write each under {_table((*path, 0))}"
            )
            return ()
        return tuple(self._section(section, item, (*path, number)) for number, item in enumerate(value))


# In place of a required value that is missing or wrong, so that the rest can be checked. An empty key is like no other.
_PLACEHOLDERS: dict[str, Any] = {
    "name": "unnamed",
    "key": "",
    "enter": "true",
    "applies_to": "true",
    "event": "",
    "events": (),
}
_OPENED = re.compile(r"=\s*(\"\"\"|''')\\?\s*(.*)$")


def _first_argument(kind: Any) -> type[Any]:
    first = get_args(kind)[0]
    return first if isinstance(first, type) else object


def _table(path: Path) -> str:
    dotted = ".".join(part for part in path if isinstance(part, str))
    return f"[[{dotted}]]" if isinstance(path[-1], int) else f"[{dotted}]"


def _unreadable(error: tomllib.TOMLDecodeError, text: str) -> Problem:
    message = str(error)
    place = re.search(r"\(at line (\d+), column \d+\)", message)
    reason = re.sub(r"\s*\(at .*\)$", "", message)
    line = int(place[1]) if place else text.count("\n") + 1
    fix = "write one value after `=`: a text in quotation marks, a number with a point and without a unit"
    if re.search("twice|overwrite|Duplicate|immutable", reason):
        fix = "write each table and each key once"
    elif place is None or "Unclosed" in reason or "Unterminated" in reason:  # without a place: at the end
        fix = "close every bracket and quotation mark that is opened, and write a value after every `=`"
    return Problem(line, f"this is not TOML: {reason[:1].lower()}{reason[1:]}", fix)
