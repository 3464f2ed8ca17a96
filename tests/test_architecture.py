"""Rules for the whole tree: imports, declared dependencies, length of modules, and names in the pages."""

import ast
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from importlib.util import find_spec
from pathlib import Path

import click
import pytest

from streams.cli.main import main
from tests.support.programs import ROOT

PACKAGES = ("schemas", "state", "agents", "streams")
MAX_LINES = 280
MODULES = sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))


def test_the_import_contracts_hold() -> None:
    done = subprocess.run(
        [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("package", PACKAGES)
def test_a_package_is_this_projects_own(package: str) -> None:
    spec = find_spec(package)
    assert spec is not None and spec.origin is not None
    assert Path(spec.origin).parent == ROOT / package
    assert set(packages_distributions().get(package, ["lifestage"])) == {"lifestage"}


def test_every_import_is_declared() -> None:
    known = {*sys.stdlib_module_names, *PACKAGES, *declared()}
    undeclared = {
        f"{path.relative_to(ROOT)}: {name}" for path in MODULES for name in imported(path) if name not in known
    }
    assert undeclared == set()


def test_modules_are_short_and_say_what_they_are() -> None:
    texts = {str(path.relative_to(ROOT)): path.read_text("utf-8") for path in MODULES}
    assert [path for path, text in texts.items() if text.count("\n") > MAX_LINES] == []
    assert [path for path, text in texts.items() if not ast.get_docstring(ast.parse(text))] == []


def test_packages_of_tests_and_benchmarks_say_what_they_are() -> None:
    paths = [path for folder in ("tests", "bench") for path in (ROOT / folder).rglob("__init__.py")]
    assert [str(path) for path in paths if not ast.get_docstring(ast.parse(path.read_text("utf-8")))] == []


def test_the_pages_name_targets_that_exist() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = {name for page in pages() for name in re.findall(r"(?:^ *|`)make ([a-z-]+)\b", page, re.MULTILINE)}
    assert named - targets == set()
    assert {"run", "unit", "test", "check"} <= targets


def test_the_pages_name_files_that_exist() -> None:
    folders = (*PACKAGES, "tests", "bench", "docs", "policies", "deploy")
    modules = {path.name for folder in folders for path in (ROOT / folder).rglob("*.py")}
    paths = re.compile(rf"`((?:{'|'.join(folders)})/[\w./-]*)`|`(\w+\.py)`")
    named = {found for page in pages() for found in paths.findall(page)}
    assert named
    assert [path for path, _ in named if not (ROOT / path).exists()] == []
    assert {module for _, module in named if module} - modules == set()


def test_the_pages_name_commands_that_exist() -> None:
    context = click.Context(main)
    commands = {name: main.get_command(context, name) for name in main.list_commands(context)}
    named = {words for page in pages() for words in re.findall(r"(?:bin/|`)lifestage ([a-z][a-z -]*[a-z])", page)}
    assert named
    for words in named:
        name, *more = words.split()
        command = commands.get(name)
        assert command is not None, f"lifestage {words}"
        if isinstance(command, click.Group) and more:
            assert more[0] in command.commands, f"lifestage {words}"


def pages() -> list[str]:
    """Return the text of every page for people."""
    return [path.read_text("utf-8") for path in (*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"))]


def imported(path: Path) -> Iterator[str]:
    """Yield the top names of all imports of a module, those inside functions too."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module.partition(".")[0]


def declared() -> set[str]:
    """Return the packages of the distributions that pyproject.toml declares, its run-time extras included."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    extras = project["optional-dependencies"]
    wanted = [*project["dependencies"], *extras["embedded"], *extras["journey"], *extras["cdnow"], *extras["tracing"]]
    names = {_normal(re.split(r"[^\w.-]", each)[0]) for each in wanted}
    return {package for package, owners in packages_distributions().items() if names & {*map(_normal, owners)}}


def _normal(name: str) -> str:
    return name.lower().replace("_", "-")
