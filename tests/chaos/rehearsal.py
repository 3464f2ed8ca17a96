"""The policy of a run, with days of a second, so that every rule applies within minutes."""

import re
from pathlib import Path

DAY_SECONDS = 1
LATENESS_MINUTES = 0.1
LATENESS_MS = 6000
# 30 ms, about as long a part of a day as half an hour is; a whole number of ms, whoever rounds it.
_SESSION_MINUTES = "0.0005"


def write_policy(policy: Path, folder: Path) -> Path:
    """Write the policy into a folder, with short days, and return where it lies."""
    text = policy.read_text("utf-8")
    for name, value in (
        ("lateness_minutes", f"{LATENESS_MINUTES}\nday_seconds = {DAY_SECONDS}"),
        ("session_minutes", _SESSION_MINUTES),
    ):
        text, found = re.subn(rf"^{name} = \d+.*$", f"{name} = {value}", text, flags=re.MULTILINE)
        assert found == 1, f"{policy} has no line {name}"
    path = folder / "rehearsal.toml"
    path.write_text(text, "utf-8")
    return path
