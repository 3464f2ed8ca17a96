"""Whom the policy leaves out are in a stage that can be asked for like any other."""

from pathlib import Path

import pytest
from multidict import MultiDict

from streams.policy_file import load_rules
from streams.serve.customers.member_sets import MemberSets
from streams.serve.problems import ProblemError
from streams.serve.transitions.filters import Filters


@pytest.mark.parametrize("leaves_out", [True, False])
def test_the_stage_of_who_does_not_count_is_known_where_there_is_one(tmp_path: Path, leaves_out: bool) -> None:
    policy = tmp_path / "policy.toml"
    policy.write_text("name = 'p'\n" + ("[customers]\nexcluded = 'traits.test_account'\n" if leaves_out else ""))
    compiled = load_rules(policy).compiled
    sets, filters, query = MemberSets(compiled), Filters(compiled), MultiDict({"stage": "excluded"})
    if leaves_out:
        assert sets.of_stage("excluded") == "stage:excluded"
        assert filters.read(query).about == {"stage:excluded"}
        return
    with pytest.raises(ProblemError, match="excluded"):
        sets.of_stage("excluded")
    with pytest.raises(ProblemError, match="excluded"):
        filters.read(query)
