"""The files of the page: all of them its own or vendored as published, and none asks another host for anything."""

import json
import re
from hashlib import sha256
from pathlib import Path

import pytest

from streams.serve.page.files import page_files
from tests.support.programs import ROOT

STATIC = ROOT / "streams/serve/page/static"
VENDORED = STATIC / "vendor"
OWN = sorted(path for path in STATIC.rglob("*") if path.is_file() and VENDORED not in path.parents)
MAX_LINES = 280


@pytest.mark.parametrize("folder", sorted(VENDORED.iterdir()), ids=lambda it: it.name)
def test_what_is_vendored_is_what_was_published(folder: Path) -> None:
    manifest = json.loads((folder / "manifest.json").read_text())
    assert manifest["version"] and manifest["licence"] == "MIT" and "LICENSE" in manifest["sha256"]
    files = {path.name for path in folder.iterdir()} - {"manifest.json"}
    assert {name: sha256((folder / name).read_bytes()).hexdigest() for name in files} == manifest["sha256"]


@pytest.mark.parametrize("path", OWN, ids=lambda it: it.name)
def test_own_files_put_text_in_as_text_and_stay_with_their_host(path: Path) -> None:
    text = path.read_text("utf-8")
    addresses = set(re.findall(r"https?://[\w.]+", text)) - {"http://www.w3.org"}
    assert addresses == set()
    assert re.findall(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function", text) == []
    assert re.findall(r"\bstyle=|\son\w+=|<style|javascript:", text) == []


def test_modules_are_short_and_say_what_they_are() -> None:
    texts = {path.name: path.read_text("utf-8") for path in OWN if path.suffix == ".js"}
    assert [name for name, text in texts.items() if text.count("\n") > MAX_LINES] == []
    assert [name for name, text in texts.items() if not text.startswith("// ")] == []


def test_everything_that_is_imported_is_served() -> None:
    served = page_files()
    assert {"index.html", "main.js", "style.css", "views/overview.js", "vendor/uplot/uPlot.iife.min.js"} <= set(served)
    for path in OWN:
        if path.suffix == ".js":
            for name in re.findall(r'from "(\.[^"]+)"', path.read_text("utf-8")):
                assert str((path.parent / name).resolve().relative_to(STATIC)) in served
    assert {name for name in served if served[name].content_type == "text/html"} == {"index.html"}
    for name in re.findall(r'(?:src|href)="page/([^"]+)"', (STATIC / "index.html").read_text()):
        assert name in served
