"""The check of the fields of an event that a policy names: where ``[context]`` reads them, and ``per`` of a signal."""

import keyword
import re
from collections.abc import Mapping, Sequence

from schemas.coercion import MAX_TEXT
from schemas.event_fields import EACH, fields_under
from state.conditions.event_filters import WORDS
from state.policy.text import PolicyText
from state.policy.wrong_values import written

MAX_PATHS = 16
_PATH = re.compile(r"(?:properties|context)(?:\.[^.\[\]\s]+(?:\[\])?)+")


def is_field_name(name: str) -> bool:
    """Tell whether a field of an event can have this name."""
    return name.isidentifier() and not keyword.iskeyword(name) and name not in WORDS and len(name) <= MAX_TEXT


def check_fields(declared: Mapping[str, Sequence[str]], source: PolicyText) -> None:
    """Report names that no condition could read, and paths that lead nowhere."""
    for name, paths in declared.items():
        place = ("context", name)
        if not is_field_name(name):
            source.report(place, f"no field can be named {written(name)}", "use letters, digits and _, as in `channel`")
        if not 1 <= len(paths) <= MAX_PATHS:
            source.report(place, f"`{name}` has {len(paths)} paths", f"write 1 to {MAX_PATHS} of them")
        for path in paths:
            if not _PATH.fullmatch(path) or len(path) > MAX_TEXT:
                fix = 'write names with dots between them, as in "context.campaign.name" or "properties.channel"'
                source.report(place, f"`{name}` has {written(path)}, which is no path", fix)
            elif path.count(EACH) > 1:
                fix = f'write {EACH} once, as in "properties.products[].brand"'
                source.report(place, f"`{name}` has {written(path)}, with lists within lists", fix)


def wrong_per(per: str, declared: Mapping[str, Sequence[str]]) -> tuple[str, str] | None:
    """Return what is wrong with the field that occasions of a signal are about, and the fix; None if nothing is."""
    fields = fields_under(declared)
    if per in fields and fields[per].is_list:
        fix = "name a field with one value, a text or a whole number, as in `cart_id`"
        return f"`{per}` is a list of texts, and an occasion is about one value", fix
    if not per or is_field_name(per):
        return None
    root, _, name = per.partition(".")
    if root == "properties" and is_field_name(name):
        fix = f'write per = "{name}"'
    elif _PATH.fullmatch(per) and EACH not in per:
        own = re.sub(r"\W", "_", per.rpartition(".")[2])
        fix = f'declare it in [context], as in {own} = ["{per}"], and write per = "{own}"'
    else:
        fix = 'write the name of a property, as in per = "cart_id"'
    return f"`per` is {written(per)}, which is no field of an event", fix
