"""Segments to ask with: a policy of one segment for each condition, who joined and left, and why one is refused."""

import pytest

from state.features.catalogue import catalogue
from state.policy.compiled import read_policy
from state.policy.text import PolicyError
from tests.cases.intake import Result


def policy(*conditions: str, head: str = "") -> str:
    """Return a policy that has the segments ``s0``, ``s1`` and so on, after the tables of ``head``."""
    segments = [
        f"[[segments]]\nkey = \"s{number}\"\nname = \"S\"\nenter = '''{it}'''\n" for number, it in enumerate(conditions)
    ]
    return f'name = "cases"\n{head}\n' + "".join(segments)


def memberships(result: Result, segment: str = "") -> list[tuple[str, str]]:
    """Return when the customer ``c`` Entered and Exited a segment, or all of them."""
    changes = [it for it in result.transitions.get("c", []) if "audience_key" in it["properties"]]
    return [
        (it["event"].removeprefix("Audience "), it["timestamp"])
        for it in changes
        if segment in ("", it["properties"]["audience_key"])
    ]


def refusal(condition: str, head: str = "") -> str:
    """Return what is told of a policy that must be refused."""
    with pytest.raises(PolicyError) as refused:
        read_policy(policy(condition, head=head), catalogue)
    return str(refused.value)
