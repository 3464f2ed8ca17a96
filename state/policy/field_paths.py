"""The check of ``[context]``: where a policy reads the fields of an event."""

import keyword
import re
from collections.abc import Mapping, Sequence

from schemas.coercion import MAX_TEXT
from schemas.event_fields import EACH
from state.conditions.event_filters import WORDS
from state.policy.text import PolicyText
from state.policy.wrong_values import written

MAX_PATHS = 16
_PATH = re.compile(r"(?:properties|context)(?:\.[^.\[\]\s]+(?:\[\])?)+")


def check_fields(declared: Mapping[str, Sequence[str]], source: PolicyText) -> None:
    """Report names that no condition could read, and paths that lead nowhere."""
    for name, paths in declared.items():
        place = ("context", name)
        if not name.isidentifier() or keyword.iskeyword(name) or name in WORDS or len(name) > MAX_TEXT:
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
