"""The dashboard: provisioned where Grafana looks, and each panel says what it shows, in which unit."""

import json
import re
from itertools import combinations
from typing import Any

from tests.deploy.files import DASHBOARD, GRAFANA, PROMETHEUS, read, service
from tests.deploy.queries import panels

ROWS = [
    "Is it well?",
    "Throughput and lag",
    "Deadlines and delay",
    "Transitions and rejects",
    "The mirror",
    "Look-ups (lifestage serve)",
    "Events in (lifestage serve)",
    "Transitions out (lifestage serve)",
    "Resources",
]


def dashboard() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(DASHBOARD.read_text("utf-8"))
    return found


def test_grafana_finds_it_and_prometheus() -> None:
    mounts = dict(volume.split(":")[:2] for volume in service("grafana")["volumes"])
    assert mounts["./deploy/grafana/provisioning"] == "/etc/grafana/provisioning"
    (provider,) = read(GRAFANA / "provisioning" / "dashboards" / "lifestage.yml")["providers"]
    assert provider["options"]["path"] == mounts["./deploy/grafana/dashboards"]
    sources = {it["uid"]: it for it in read(GRAFANA / "provisioning" / "datasources" / "prometheus.yml")["datasources"]}
    for name, source in sources.items():
        port = source["url"].removeprefix(f"http://{name}:")
        assert f"127.0.0.1:{port}:{port}" in service(name)["ports"]
    assert sources["prometheus"]["jsonData"]["alertmanagerUid"] in sources
    assert sources["prometheus"]["jsonData"]["timeInterval"] == read(PROMETHEUS)["global"]["scrape_interval"]
    variable = dashboard()["templating"]["list"][0]
    assert (variable["type"], variable["current"]["value"]) == ("datasource", "prometheus")


def test_its_rows_are_in_the_order_of_the_questions() -> None:
    assert [it["title"] for it in dashboard()["panels"] if it["type"] == "row"] == ROWS


def test_each_panel_says_what_it_shows() -> None:
    for panel in panels():
        assert panel["title"] and panel["description"].endswith("."), panel["title"]
        assert panel["fieldConfig"]["defaults"]["unit"], panel["title"]
        assert panel["fieldConfig"]["defaults"]["thresholds"]["steps"][0]["value"] is None
        for target in panel["targets"]:
            assert target["datasource"]["uid"] == "${datasource}"
            assert target["legendFormat"] or panel["type"] == "stat" or "sum by (le)" in target["expr"], panel["title"]


def test_no_panel_covers_another() -> None:
    placed = [(it["title"], it["gridPos"]) for it in dashboard()["panels"]]
    assert len({it["id"] for it in dashboard()["panels"]}) == len(placed)
    for title, at in placed:
        assert at["x"] + at["w"] <= 24, title
    for (one, a), (other, b) in combinations(placed, 2):
        apart = (
            a["x"] + a["w"] <= b["x"]
            or b["x"] + b["w"] <= a["x"]
            or a["y"] + a["h"] <= b["y"]
            or b["y"] + b["h"] <= a["y"]
        )
        assert apart, (one, other)


def test_each_variable_is_declared_and_of_use() -> None:
    text = DASHBOARD.read_text("utf-8")
    declared = {it["name"] for it in dashboard()["templating"]["list"]}
    used = set(re.findall(r"\$\{?(\w+)", text)) - {"__all", "__rate_interval"}
    assert used == declared
