"""The image: what the Dockerfile copies exists, and the wheel it builds works without the tree."""

import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.support.programs import ROOT

PACKAGES = {"schemas", "state", "agents", "streams"}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", str(folder), str(ROOT)]
    done = subprocess.run(build, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    (built,) = folder.glob("*.whl")
    return built


def test_the_wheel_holds_the_four_packages_with_their_types_and_the_policy(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    assert {name.split("/")[0] for name in names if ".dist-info/" not in name} == PACKAGES
    assert "streams/default_policy.toml" in names
    assert "streams/shipped_mappings/shopify.toml" in names
    assert {f"{package}/py.typed" for package in PACKAGES} <= set(names)
    modules = {str(path.relative_to(ROOT)) for package in PACKAGES for path in (ROOT / package).rglob("*.py")}
    assert modules <= set(names)
    page = {str(path.relative_to(ROOT)) for path in (ROOT / "streams/serve/page/static").rglob("*") if path.is_file()}
    assert page and page <= set(names)


def test_the_command_runs_away_from_the_tree(wheel: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path / "installed")
    empty = tmp_path / "empty"
    empty.mkdir()
    environment = os.environ | {"PYTHONPATH": str(tmp_path / "installed"), "PYTHONSAFEPATH": "1"}
    program = "import streams.cli.main as it; print(it.__file__); it.main(['policy', 'check'])"
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=empty, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(str(tmp_path / "installed"))


def test_everything_the_dockerfile_copies_reaches_the_engine() -> None:
    copied = re.findall(r"^COPY (?!--from)(.+) \S+$", (ROOT / "Dockerfile").read_text(), re.MULTILINE)
    wanted = {name for line in copied for name in line.split()}
    let_through = {
        line.removeprefix("!") for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")
    }
    assert wanted == let_through
    assert all((ROOT / name).exists() for name in wanted)
    assert wanted > PACKAGES


def test_the_image_runs_without_rights() -> None:
    final = (ROOT / "Dockerfile").read_text().split("\nFROM ")[-1]
    assert re.search(r"^USER \d+$", final, re.MULTILINE)
    assert "PYTHONSAFEPATH=1" in final
    assert 'ENTRYPOINT ["lifestage"]' in final
    assert 'CMD ["worker"]' in final
