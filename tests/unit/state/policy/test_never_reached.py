"""Stages and lifecycles of kinds that nobody can reach are warned of."""

import pytest

from state.features.catalogue import catalogue
from state.policy.compiled import read_policy


def told(text: str) -> list[tuple[int, str]]:
    return [(it.line, it.message) for it in read_policy(f'name = "p"\n{text}', catalogue).warnings]


def stages(*enters: str) -> str:
    table = "[[lifecycle.stages]]\nkey = \"s{}\"\nenter = '''{}'''\n"
    return "".join(table.format(number, enter) for number, enter in enumerate(enters))


def kinds(*applies_to: str) -> str:
    return "".join(f"[[lifecycles]]\napplies_to = '''{it}'''\none_time_patience_days = 30\n" for it in applies_to)


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        (
            stages("orders >= 1", "orders >= 3", ""),
            7,
            "nobody can reach this stage: whoever meets `enter` is in the stage `s0` before it",
        ),
        (
            kinds("kind == 'b'", "traits.x > 5 and kind == 'b'"),
            6,
            "this applies to nobody: whoever it is for has the lifecycle of `kind == 'b'` before it",
        ),
    ],
)
def test_what_nobody_can_reach_is_told(text: str, line: int, words: str) -> None:
    assert told(text) == [(line, words)]


@pytest.mark.parametrize(
    "text",
    [
        stages("orders >= 3", "orders >= 1", "orders >= 9"),  # the last one is that of all others
        stages("orders >= 1 and loyal", "orders >= 3", ""),
        kinds("traits.x > 5", "traits.x > 3"),
        kinds("kind == 'a'", "kind == 'b'"),
    ],
)
def test_what_somebody_can_reach_is_not_told(text: str) -> None:
    assert told(text) == []
