"""The policy of a run, with days of a second, so that every rule applies within minutes."""

import re
from pathlib import Path

DAY_SECONDS = 1
LATENESS_MINUTES = 0.1
LATENESS_MS = 6000
# 30 ms, about as long a part of a day as half an hour is; a whole number of ms, whoever rounds it.
_SESSION_MINUTES = "0.0005"


def write_policy(policy: Path, folder: Path, subject: str) -> Path:
    """Write the policy into a folder, with short days, and return where it lies.

    ``subject`` is what it is to decide: any policy of customers is one of accounts as well.
    """
    text = re.sub(r"^subject = .*\n", "", policy.read_text("utf-8"), flags=re.MULTILINE)
    text = f'subject = "{subject}"\n{text}'
    for table, name, value in (
        ("time", "lateness_minutes", str(LATENESS_MINUTES)),
        ("time", "day_seconds", str(DAY_SECONDS)),
        ("time", "zone", '"UTC"'),  # a shortened day fits no other
        ("browsing", "session_minutes", _SESSION_MINUTES),
    ):
        text = _with_value(text, table, name, value)
    path = folder / "rehearsal.toml"
    path.write_text(text, "utf-8")
    return path


def _with_value(text: str, table: str, name: str, value: str) -> str:
    """Set one value of a table, whether the text has the value, the table, or neither."""
    text = re.sub(rf"^{name} = .*\n", "", text, flags=re.MULTILINE)
    header = f"[{table}]\n{name} = {value}\n"
    text, found = re.subn(rf"^\[{table}\].*\n", header, text, flags=re.MULTILINE)
    return text if found else f"{text}\n{header}"
