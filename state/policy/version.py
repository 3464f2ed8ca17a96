"""The version of a policy: its name and a hash of everything in it."""

import hashlib
from typing import Any

import msgspec

_LEFT_OUT = ("traits", "context", "holdout", "measures", "ladders", "signals")
"""Tables that do not count where there are none of them."""


def version_of(whole: dict[str, Any]) -> str:
    """Return the version of a policy as built-in objects, which are changed. Comments and layout do not count.

    Nor does what was added to the language later, where the policy makes no use of it: ``_LEFT_OUT``, ``[customers]``,
    ``zone_trait``, ``confirm_hours``, stages of its own, and that it is about customers. It has the version that it had
    before.
    """
    if whole["subject"] == "customer":
        del whole["subject"]
    for name in _LEFT_OUT:
        if not whole[name]:
            del whole[name]
    if not whole["time"]["zone_trait"]:
        del whole["time"]["zone_trait"]
    if not whole["lifecycle"]["stages"]:
        del whole["lifecycle"]["stages"]
    if not whole["customers"]["excluded"].strip():
        del whole["customers"]
    for rule in (*whole["segments"], *(step for ladder in whole.get("ladders", ()) for step in ladder["steps"])):
        if not rule["confirm_hours"]:
            del rule["confirm_hours"]
    return f"{whole['name']}@{hashlib.sha256(msgspec.json.encode(whole, order='sorted')).hexdigest()[:8]}"
