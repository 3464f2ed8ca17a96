"""What is wrong with the value of a key in a policy, and what to write instead."""

import difflib
import json
import math
import re
from collections.abc import Iterator
from types import NoneType
from typing import Any, Literal, NamedTuple, get_args, get_origin

import msgspec

_MOST_SHOWN = 60
_SORTS = {"int": "a whole number", "float": "a number", "str": "a text in quotation marks", "bool": "true or false"}
_LISTED = {float: "numbers", str: "texts in quotation marks"}
_EXAMPLES = {str: 'plan = "text"', tuple: 'channel = ["properties.channel"]'}
_BOUNDS = {">=": "at least", "<=": "at most", ">": "more than", "<": "less than"}
_SHAPES = {
    "[a-z]": "small letters, digits and underscores, beginning with a letter",
    "[A-Z]": "the three capital letters of a currency, as in USD",
    "[A-Za-z0-9]": "letters, digits, dots, dashes and underscores, beginning with a letter or a digit",
}
"""What a text consists of, by the first set of characters in its pattern."""


class Wrong(NamedTuple):
    """What is wrong, and the fix; ``entry`` is the key of the entry, where the value is a table of entries."""

    message: str
    fix: str
    entry: tuple[str, ...] = ()


def wrongs_in(name: str, value: object, kind: Any) -> Iterator[Wrong]:
    """Yield what is wrong with the value of the key ``name``, which must be of this type."""
    kind = _given(kind)
    origin, kinds = get_origin(kind), get_args(kind)
    if origin is dict and isinstance(value, dict):
        for key, entry in value.items():
            if fix := _fix(name, key, kinds[0]):
                yield Wrong(f"`{name}` has {written(key)}", fix, (key,))
            if fix := _fix(key, entry, kinds[1]):
                yield Wrong(f"`{key}` is {written(entry)}", fix, (key,))
    elif origin is tuple and isinstance(value, list) and (... in kinds or len(value) == len(kinds)):
        for item in value:
            if fix := _fix(name, item, kinds[0]):
                yield Wrong(f"`{name}` has {written(item)}", fix)
    elif fix := _fix(name, value, kind):
        yield Wrong(f"`{name}` is {written(value)}", fix)


def _given(kind: Any) -> Any:
    """Return the type of a value that is given, where none need be."""
    others = [it for it in get_args(kind) if it is not NoneType]
    return others[0] if NoneType in get_args(kind) and len(others) == 1 else kind


def written(value: object) -> str:
    """Return a value as TOML has it, cut off if it is long."""
    text = _in_toml(value)
    return text if len(text) <= _MOST_SHOWN else f"{text[:_MOST_SHOWN]}..."


def _in_toml(value: object) -> str:
    match value:
        case bool() | str():
            return json.dumps(value, ensure_ascii=False)
        case list():
            return f"[{', '.join(map(_in_toml, value))}]"
        case dict():
            return f"{{ {', '.join(f'{key} = {_in_toml(it)}' for key, it in value.items())} }}" if value else "{}"
        case _:
            return str(value)


def _fix(name: str, value: object, kind: Any) -> str:
    """Return how to make a value one of this type; empty if it is."""
    try:
        msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        return _sort_of(kind) or _choice_of(value, kind) or _fix_of(value, str(error))
    return ""


def _sort_of(kind: Any) -> str:
    """Return what to write as a table or a list; empty for other types."""
    origin, kinds = get_origin(kind), get_args(kind)
    if origin is dict:
        example = _EXAMPLES.get(get_origin(kinds[1]) or kinds[1], "EUR = 1.08")
        return f"write a table, as in {{ {example} }}"
    if origin is tuple:
        listed = _LISTED[get_args(kinds[0])[0]]
        return f"write a list of {listed if ... in kinds else f'{len(kinds)} {listed}'}"
    return ""


def _choice_of(value: object, kind: Any) -> str:
    """Return which of a few texts to write; empty for other types."""
    if get_origin(kind) is not Literal:
        return ""
    near = difflib.get_close_matches(str(value).lower(), get_args(kind), n=1)
    return f"did you mean {written(near[0])}?" if near else f"write {' or '.join(map(written, get_args(kind)))}"


def _fix_of(value: object, reason: str) -> str:
    """Return what to do about a single value that the decoder refused for a reason."""
    if sort := re.match(r"Expected `(\w+)`, got", reason):
        return f"write {_SORTS[sort[1]]}"
    if isinstance(value, float) and math.isnan(value):
        return "write a finite number"
    if bound := re.match(r"Expected `\w+` (<=|>=|<|>) (\S+)", reason):
        return f"make it {_BOUNDS[bound[1]]} {float(bound[2]):.15g}"
    if length := re.match(r"Expected `str` of length (<=|>=) (\d+)", reason):
        return f"use at most {length[2]} characters" if length[1] == "<=" else "write something there"
    if pattern := re.search(r"matching regex '\^\(?(\[.*?\])", reason):
        return f"write {_SHAPES[pattern[1]]}"
    return "write a number nearer to zero"  # what is beyond a double
