"""The alerts: each fires when it should and not when it should not, and says where its entry in the runbook is."""

import re
import subprocess
from typing import Any

import yaml

from tests.deploy.files import ALERTS, read
from tests.support.programs import ROOT, require_program

CASES = ROOT / "tests" / "deploy" / "alerts.test.yml"
RUNBOOK = (ROOT / "docs" / "runbook.md").read_text("utf-8")
PARTS = ("**Means.**", "**If nothing is done.**", "**Look.**", "**Mend.**")


def alerts() -> dict[str, dict[str, Any]]:
    return {rule["alert"]: rule for group in read(ALERTS)["groups"] for rule in group["rules"]}


def entries() -> dict[str, str]:
    """The entries of the runbook by heading."""
    part = re.split(r"^## ", RUNBOOK, flags=re.MULTILINE)[1]
    assert part.startswith("Alerts\n")
    _, *found = re.split(r"^### ", part, flags=re.MULTILINE)
    return dict(entry.split("\n", 1) for entry in found)


def promtool(*arguments: str) -> None:
    command = [require_program("promtool"), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_promtool_accepts_them() -> None:
    promtool("check", "rules", str(ALERTS))


def test_each_fires_when_it_should_and_not_when_it_should_not() -> None:
    promtool("test", "rules", str(CASES))
    fires: set[str] = set()
    silent: set[str] = set()
    for case in yaml.safe_load(CASES.read_text())["tests"]:
        for expected in case["alert_rule_test"]:
            (fires if expected.get("exp_alerts") else silent).add(expected["alertname"])
    assert fires == silent == set(alerts())


def test_each_has_its_entry_in_the_runbook() -> None:
    assert list(entries()) == list(alerts())
    for name, rule in alerts().items():
        assert rule["annotations"]["runbook"] == f"docs/runbook.md#{name.lower()}"
        places = [entries()[name].index(part) for part in PARTS]
        assert places == sorted(places), name


def test_each_says_what_it_is_about_and_how_bad_it_is() -> None:
    for name, rule in alerts().items():
        assert rule["labels"]["severity"] in {"critical", "warning"}, name
        assert rule["annotations"]["summary"] and rule["annotations"]["description"], name


def test_the_runbook_refers_to_entries_that_exist() -> None:
    headings = {it.lower().replace(" ", "-") for it in re.findall(r"^#+ (.+)$", RUNBOOK, re.MULTILINE)}
    assert set(re.findall(r"\]\(#([\w-]+)\)", RUNBOOK)) - headings == set()
