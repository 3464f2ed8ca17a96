"""Where the fields of an event stand, as the page lists them."""

import re

from tests.support.programs import ROOT

PAGE = (ROOT / "docs/semantics.md").read_text("utf-8")
ROW = r"^\| `(\w+)` \| ((?:`(?:properties|context)\.[^`]+`(?:, )?)+) \|$"
DEFAULT_FIELDS: dict[str, list[str]] = {
    name: re.findall("`([^`]+)`", paths) for name, paths in re.findall(ROW, PAGE, re.MULTILINE)
}
