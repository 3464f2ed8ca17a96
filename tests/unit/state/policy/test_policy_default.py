"""The shipped policy, and the command that checks policies."""

from click.testing import CliRunner

from state.features.catalogue import catalogue
from state.policy.compiled import read_policy
from streams.cli.commands.policy import command
from tests.support.programs import ROOT

SHIPPED = ROOT / "policies" / "default.toml"


def checked(path):
    return CliRunner().invoke(command, ["check", str(path)])


def test_it_has_tiers_and_segments_with_room_between_their_limits():
    compiled = read_policy(SHIPPED.read_text("utf-8"), catalogue)
    assert [[it.key for it in ladder.steps] for ladder in compiled.ladders] == [["core", "strategic", "long_tail"]]
    assert len(compiled.segments) >= 5
    assert compiled.policy.lifecycle.support is not None
    assert compiled.warnings == ()


def test_check_says_in_words_what_it_does():
    result = checked(SHIPPED)
    assert result.exit_code == 0
    assert "Core customers (core)" in result.output


def test_check_names_file_line_and_fix(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text(SHIPPED.read_text("utf-8").replace("orders_365d >= 6", "order_365d >= 6"))
    line = path.read_text().splitlines().index('enter = "order_365d >= 6 and revenue_365d >= 150"') + 1
    result = checked(path)
    assert result.exit_code == 1
    assert result.output.startswith(f"{path}:{line}: in `enter`, column 1: there is no feature `order_365d`. did you")


def test_check_tells_what_is_no_policy_file(tmp_path):
    (tmp_path / "latin").write_bytes(b"name = '\xe9'")
    for path, words in (
        (tmp_path, "cannot be read"),
        (tmp_path / "none", "cannot be read"),
        (tmp_path / "latin", "UTF-8"),
    ):
        result = checked(path)
        assert result.exit_code == 1
        assert words in result.output
        assert "Traceback" not in result.output
