"""The calls in conditions: what is counted, over which days, and of which events."""

import ast
from dataclasses import dataclass
from functools import lru_cache

from tests.reference_model.conditions import PLACES, Condition

WORDS = ("known", "true", "false", "True", "False")
FIELDS_OF = {
    "category": "categories",
    "brand": "brands",
    "product": "products",
    "channel": "channel",
    "store": "store",
}


@dataclass(frozen=True)
class Call:
    """A call; `days` is 0 for all time, and these days end `before` days ago; `hours` is 0 without such a window.

    `number` is the property whose values are asked for, `names` are those that `where` reads. `of`, `value` and
    `weight` are those of affinity.
    """

    function: str
    event: str
    stage: str
    ladder: str
    step: tuple[str, ...]
    segment: str
    signal: str
    bucket: tuple[str, int]
    days: int
    before: int
    hours: int
    number: str
    where: Condition | None
    names: frozenset[str]
    of: str
    value: str
    weight: str


class AsTraits(ast.NodeTransformer):
    """Properties read as traits are."""

    def visit_Name(self, node: ast.Name) -> ast.expr:
        return node if node.id in WORDS else ast.Attribute(ast.Name("traits"), node.id)


@lru_cache
def call_of(text: str) -> Call:
    node = ast.parse(text, mode="eval").body
    assert isinstance(node, ast.Call)
    function = ast.unparse(node.func)
    given = dict(zip(PLACES.get(function, ()), node.args, strict=False)) | {
        str(it.arg): it.value for it in node.keywords
    }
    where = given.get("where")
    read = [] if where is None else [each.id for each in ast.walk(where) if isinstance(each, ast.Name)]
    return Call(
        function=function,
        event=ast.literal_eval(given["event"]).strip() if "event" in given else "",
        stage=ast.literal_eval(given["stage"]) if "stage" in given else "",
        ladder=ast.literal_eval(given["ladder"]) if "ladder" in given else "",
        step=tuple(ast.literal_eval(given["step"]).split(":")) if "step" in given else (),
        segment=ast.literal_eval(given["segment"]) if "segment" in given else "",
        signal=ast.literal_eval(given["signal"]) if "signal" in given else "",
        bucket=(ast.literal_eval(given["name"]), ast.literal_eval(given["buckets"])) if "buckets" in given else ("", 0),
        days=ast.literal_eval(given["days"]) if "days" in given else 0,
        before=ast.literal_eval(given["before"]) if "before" in given else 0,
        hours=ast.literal_eval(given["hours"]) if "hours" in given else 0,
        number=next((ast.unparse(given[name]) for name in ("number", "field") if name in given), ""),
        names=frozenset(read) - set(WORDS),
        of=ast.literal_eval(given["dimension"]) if "dimension" in given else "",
        value=ast.literal_eval(given["value"]) if "value" in given else "",
        weight=ast.unparse(given["weight"]) if "weight" in given else "",
        where=None if where is None else Condition(ast.unparse(AsTraits().visit(where))),
    )
