"""The legend: every stage has a look, known ones always the same."""

from pathlib import Path

import pytest

from state.policy.compiled import CompiledPolicy
from streams.policy_file import compile_file
from streams.serve.page.legend import legend_of

OWN = """
name = "own"

[[lifecycle.stages]]
key = "{first}"
enter = "orders >= 5"

[[lifecycle.stages]]
key = "{second}"
enter = "orders >= 1"

[[lifecycle.stages]]
key = "lead"
"""


def own(folder: Path, first: str, second: str) -> CompiledPolicy:
    path = folder / "policy.toml"
    path.write_text(OWN.format(first=first, second=second))
    return compile_file(path)


def test_the_stages_that_ship_have_their_looks_in_the_order_of_the_lifecycle() -> None:
    told = legend_of(compile_file(None), "v", stream_clock=True)
    assert [it["key"] for it in told["stages"]] == ["prospect", "new", "repeat", "loyal", "at_risk", "churned"]
    assert [it["look"] for it in told["stages"]] == [0, 1, 2, 3, 4, 5]
    assert (told["clock"], told["zone"], told["currency"]) == ("stream", "UTC", "USD")
    assert told["ladders"][0]["steps"][0]["name"] == "Core customers"


@pytest.mark.parametrize(("first", "second"), [("buyer", "regular"), ("loyal", "buyer")])
def test_stages_of_a_policy_have_looks_that_differ(tmp_path: Path, first: str, second: str) -> None:
    stages = legend_of(own(tmp_path, first, second), "v", stream_clock=False)["stages"]
    assert stages[0]["key"] == "lead"
    looks = {it["key"]: it["look"] for it in stages}
    assert len(set(looks.values())) == len(looks)
    assert looks["lead"] == 0
    assert looks.get("loyal", 3) == 3
