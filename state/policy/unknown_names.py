"""Names that a policy does not have: what is wrong with one that is written, and what was probably meant."""

import difflib
from collections.abc import Collection, Mapping, Sequence

Wrong = tuple[str, str]
"""What is wrong with a name, and what to do."""


def unknown(written: str, known: Collection[str], what: str) -> Wrong | None:
    """Return what is wrong with the name of a thing of some kind; None if it is known."""
    if written in known:
        return None
    near = difflib.get_close_matches(written, known, n=1)
    listed = f"known here are {', '.join(known)}" if known else f"the policy has no {what}"
    return f"there is no {what} `{written}`", f"did you mean `{near[0]}`?" if near else listed


def unknown_step(written: str, ladders: Mapping[str, Sequence[str]]) -> Wrong | None:
    """Return what is wrong with a step, written as ``ladder:step``; the keys of all steps are given by ladder."""
    ladder, colon, step = written.partition(":")
    if not colon:
        meant = [f"{key}:{written}" for key, steps in ladders.items() if written in steps]
        fix = f'did you mean "{meant[0]}"?' if meant else 'write the ladder and the step, as in "tier:core"'
        return f"`{written}` is no step of a ladder", fix
    if ladder not in ladders:
        return unknown(ladder, ladders, "ladder")
    return unknown(step, ladders[ladder], f"step of the ladder `{ladder}`")
