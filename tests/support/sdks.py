"""The SDKs of others: installed the first time, at their versions and with their digests, outside of the tree."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from hashlib import blake2b
from pathlib import Path

from tests.support.programs import ROOT, require_program

FOLDER = ROOT / "tests" / "sdks"
_INSTALL_SECONDS = 600.0


def python_command(sdk: str, *arguments: str) -> tuple[list[str], dict[str, str]]:
    """Return the command that sends with an SDK in Python, and its environment."""
    requirements = FOLDER / "requirements.txt"
    libraries = _installed("python", [requirements], lambda folder: _pip(requirements, folder))
    environment = {**os.environ, "PYTHONPATH": str(libraries), "PYTHONNOUSERSITE": "1"}
    return [sys.executable, "-W", "ignore", "-S", str(FOLDER / "send.py"), sdk, *arguments], environment


def node_command(*arguments: str) -> tuple[list[str], dict[str, str]]:
    """Return the command that sends with Segment's SDK for Node; skips without Node, except in CI."""
    node, npm = require_program("node", "TEST_NODE"), require_program("npm", "TEST_NPM")
    given = [FOLDER / "package.json", FOLDER / "package-lock.json", FOLDER / "send.mjs"]

    def install(folder: Path) -> None:
        for file in given:
            shutil.copy(file, folder)
        # What has another digest than the lock file says is refused.
        _run([npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"], folder)

    return [node, str(_installed("node", given, install) / "send.mjs"), *arguments], dict(os.environ)


def _pip(requirements: Path, folder: Path) -> None:
    pure = ["--python-version", "3.11", "--platform", "any", "--only-binary=:all:", "--no-deps", "--require-hashes"]
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    _run([*command, "--target", str(folder), *pure, "-r", str(requirements)], folder)


def _installed(name: str, given: list[Path], install: Callable[[Path], None]) -> Path:
    digest = blake2b(b"".join(file.read_bytes() for file in given), digest_size=6).hexdigest()
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    folder = cache / "lifestage" / f"sdks-{name}-{digest}"
    if folder.is_dir():
        return folder
    made = folder.with_name(f"{folder.name}.{os.getpid()}")
    made.mkdir(parents=True)
    try:
        install(made)
        # All of it or nothing: an installation that was cut short must not look like a whole one.
        with suppress(OSError):  # another process was faster
            made.rename(folder)
    finally:
        shutil.rmtree(made, ignore_errors=True)
    return folder


def _run(command: list[str], folder: Path) -> None:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=_INSTALL_SECONDS)
    assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout}{done.stderr}"
