"""The version of a policy: its name and a hash of everything in it."""

import hashlib
from collections.abc import Iterable
from typing import Any

import msgspec

from state.policy.value_types import RESOLUTION_MINUTES

_LEFT_OUT = ("traits", "context", "holdout", "measures", "ladders", "signals", "lifecycles")
"""Tables that do not count where there are none of them."""
_LEFT_OUT_OF_SIGNALS = ("every_days", "segment", "step", "stage", "quiet_days")


def version_of(whole: dict[str, Any]) -> str:
    """Return the version of a policy as built-in objects, which are changed. Comments and layout do not count.

    Nor does what was added to the language later, where the policy makes no use of it: it has the version that it had
    before.
    """
    if whole["subject"] == "customer":
        del whole["subject"]
    for name in _LEFT_OUT:
        if not whole[name]:
            del whole[name]
    _leave_out(("zone_trait",), (whole["time"],))
    _leave_out(("stages",), (whole["lifecycle"],))
    if whole["time"]["resolution_minutes"] == RESOLUTION_MINUTES:
        del whole["time"]["resolution_minutes"]
    if not any(whole["retention"].values()):
        del whole["retention"]
    if not whole["customers"]["excluded"].strip():
        del whole["customers"]
    steps = [step for ladder in whole.get("ladders", ()) for step in ladder["steps"]]
    _leave_out(("confirm_hours",), [*whole["segments"], *steps])
    _leave_out(("quiet_days",), whole["segments"])
    _leave_out(_LEFT_OUT_OF_SIGNALS, whole.get("signals", ()))
    return f"{whole['name']}@{hashlib.sha256(msgspec.json.encode(whole, order='sorted')).hexdigest()[:8]}"


def _leave_out(names: Iterable[str], tables: Iterable[dict[str, Any]]) -> None:
    for table in tables:
        for name in names:
            if not table[name]:
                del table[name]
