"""The manifests: valid for Kubernetes' own schemas, closed, and in agreement with the image and the settings."""

import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import kubernetes_validate
import pytest
import yaml

from streams.settings import Settings
from streams.topics import TABLE, topic_settings, topics_of
from tests.deploy.custom_resources import SCHEMAS
from tests.deploy.files import COMPOSE, read
from tests.support.programs import ROOT, require_program

FOLDER = ROOT / "deploy" / "kubernetes"
EXAMPLES = FOLDER / "examples"
VERSIONS = ("1.32", "1.35", "1.37")
TOKEN = "/run/secrets/prometheus_token"


def manifests(folder: Path = FOLDER) -> Iterator[dict[str, Any]]:
    for path in sorted(folder.glob("*.yaml")):
        yield from yaml.safe_load_all(path.read_text("utf-8"))


def found(kind: str) -> dict[str, dict[str, Any]]:
    """The manifests of a kind by name."""
    return {it["metadata"]["name"]: it for it in manifests() if it["kind"] == kind}


def pods() -> dict[str, dict[str, Any]]:
    """The pods by the name of what makes them."""
    return {
        name: it["spec"]["template"]
        for kind in ("StatefulSet", "Deployment", "Job")
        for name, it in found(kind).items()
    }


def container(pod: dict[str, Any]) -> dict[str, Any]:
    (only,) = pod["spec"]["containers"]
    return dict(only)


@pytest.mark.parametrize("version", VERSIONS)
def test_kubernetes_accepts_them(version: str) -> None:
    for manifest in manifests():
        kubernetes_validate.validate(manifest, version, strict=True)


def test_a_field_that_is_misspelt_is_refused() -> None:
    manifest = found("StatefulSet")["lifestage-worker"]
    manifest["spec"]["template"]["spec"]["containers"][0]["livenessprobe"] = {}
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(manifest, VERSIONS[-1], strict=True)


def test_the_examples_have_the_fields_of_their_operators() -> None:
    kinds = set()
    for manifest in manifests(EXAMPLES):
        kinds.add(kind := (manifest["apiVersion"], manifest["kind"]))
        jsonschema.validate(manifest, SCHEMAS[kind])
    assert kinds == set(SCHEMAS)


def test_everything_is_in_one_namespace_under_one_label() -> None:
    (namespace,) = found("Namespace")
    for manifest in manifests():
        if manifest["kind"] != "Namespace":
            assert manifest["metadata"]["namespace"] == namespace, manifest["metadata"]
            assert manifest["metadata"]["labels"]["app.kubernetes.io/name"] == "lifestage"


def test_no_pod_has_more_rights_than_it_needs() -> None:
    assert set(pods()) == {"lifestage-worker", "lifestage-serve", "lifestage-topics"}
    for name, pod in pods().items():
        spec, only = pod["spec"], container(pod)
        assert spec["securityContext"]["runAsNonRoot"] is True, name
        assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        assert spec["automountServiceAccountToken"] is False
        assert only["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }
        # Of a Service lifestage-serve, Kubernetes would make LIFESTAGE_SERVE_PORT=tcp://... in every pod.
        assert spec["enableServiceLinks"] is False
        assert {"cpu", "memory"} <= set(only["resources"]["requests"])
        assert "memory" in only["resources"]["limits"]


def test_they_run_the_image_as_its_user_with_commands_that_exist() -> None:
    image = read(COMPOSE)["services"]["workers"]["image"]
    user = int(re.findall(r"^USER (\d+)$", (ROOT / "Dockerfile").read_text(), re.MULTILINE)[0])
    for pod in pods().values():
        assert container(pod)["image"] == image
        assert pod["spec"]["securityContext"]["runAsUser"] == user
    commands = {name: container(pod)["args"] for name, pod in pods().items()}
    assert commands == {
        "lifestage-worker": ["worker"],
        "lifestage-serve": ["serve"],
        "lifestage-topics": ["topics", "create"],
    }


def test_the_settings_are_settings() -> None:
    asked: set[str] = set()

    class Asked(dict[str, str]):
        def get(self, key: str, default: str | None = None) -> str | None:  # type: ignore[override]
            asked.add(key)
            return super().get(key, default)

    given = found("ConfigMap")["lifestage-settings"]["data"]
    settings = Settings.from_environment(Asked(given))
    own = {each["name"] for pod in pods().values() for each in container(pod).get("env", ())}
    assert {*given, *own} <= asked
    assert (settings.web_host, settings.serve.host, settings.log) == ("0.0.0.0", "0.0.0.0", "json")
    for pod in pods().values():
        names = [it["configMapRef"]["name"] for it in container(pod)["envFrom"] if "configMapRef" in it]
        assert names == ["lifestage-settings"]
        mounted = {it["mountPath"] for it in container(pod)["volumeMounts"]}
        assert str(settings.policy.parent if settings.policy else None) in mounted
    assert str(settings.data) in {it["mountPath"] for it in container(pods()["lifestage-worker"])["volumeMounts"]}


def test_probes_and_services_ask_where_something_listens() -> None:
    settings = Settings.from_environment(found("ConfigMap")["lifestage-settings"]["data"])
    ports = {"lifestage-worker": settings.web_port, "lifestage-serve": settings.serve.port}
    for name, number in ports.items():
        only = container(pods()[name])
        (port,) = only["ports"]
        assert port["containerPort"] == number
        assert {it: only[it]["httpGet"] for it in only if it.endswith("Probe")} == {
            "startupProbe": {"path": "/live", "port": port["name"]},
            "livenessProbe": {"path": "/live", "port": port["name"]},
            "readinessProbe": {"path": "/ready", "port": port["name"]},
        }
        services = [it["spec"] for it in found("Service").values() if chosen(it["spec"]["selector"]) == {name}]
        assert {it["ports"][0]["targetPort"] for it in services} == {port["name"]}
    let_in = {
        port["port"]
        for policy in found("NetworkPolicy").values()
        for rule in policy["spec"].get("ingress", ())
        for port in rule["ports"]
    }
    assert let_in == set(ports.values())


def chosen(labels: dict[str, str]) -> set[str]:
    """What has pods with these labels."""
    return {name for name, pod in pods().items() if labels.items() <= pod["metadata"]["labels"].items()}


def test_what_chooses_pods_chooses_those_it_means() -> None:
    for kind in ("StatefulSet", "Deployment", "PodDisruptionBudget"):
        for name, manifest in found(kind).items():
            assert chosen(manifest["spec"]["selector"]["matchLabels"]) == {name}
    for name, pod in pods().items():
        for spread in pod["spec"].get("topologySpreadConstraints", ()):
            assert chosen(spread["labelSelector"]["matchLabels"]) == {name}
    everything = chosen(found("NetworkPolicy")["lifestage-nothing"]["spec"]["podSelector"]["matchLabels"])
    assert everything == set(pods())
    look_ups = found("NetworkPolicy")["lifestage-look-ups"]["spec"]["podSelector"]["matchLabels"]
    assert chosen(look_ups) == {"lifestage-serve"}
    worker = found("StatefulSet")["lifestage-worker"]
    assert worker["spec"]["serviceName"] in found("Service")


def test_a_worker_has_a_name_that_it_keeps() -> None:
    (instance,) = container(pods()["lifestage-worker"])["env"]
    assert instance == {"name": "LIFESTAGE_INSTANCE", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}}
    assert "volumeClaimTemplates" not in found("StatefulSet")["lifestage-worker"]["spec"]


def test_no_secret_is_written_down() -> None:
    assert found("Secret") == {}


def test_the_topics_are_those_that_the_command_makes() -> None:
    given = found("ConfigMap")["lifestage-settings"]["data"]
    settings = Settings.from_environment(given)
    made = {it["metadata"]["name"]: it["spec"] for it in manifests(EXAMPLES) if it["kind"] == "KafkaTopic"}
    topics = topics_of(settings)
    assert set(made) == {*topics.all, topics.policies}
    for name, spec in made.items():
        partitions = 1 if name == topics.policies else settings.partitions
        assert (spec["partitions"], spec["replicas"]) == (partitions, settings.replication)
        config = {key: str(value) for key, value in spec["config"].items()}
        assert config == {**topic_settings(topics, name), "min.insync.replicas": "2"}
    assert f"{settings.app_id}-{TABLE}-changelog" in made


def test_keda_scales_what_is_there_to_what_is_of_use() -> None:
    (scaled,) = [it["spec"] for it in manifests(EXAMPLES) if it["kind"] == "ScaledObject"]
    settings = Settings.from_environment(found("ConfigMap")["lifestage-settings"]["data"])
    assert scaled["scaleTargetRef"]["name"] in found(scaled["scaleTargetRef"]["kind"])
    assert 0 < scaled["minReplicaCount"] <= scaled["maxReplicaCount"] == settings.partitions
    for trigger in scaled["triggers"]:
        assert trigger["metadata"]["bootstrapServers"] == settings.broker
        assert trigger["metadata"]["consumerGroup"] == settings.app_id
        assert trigger["metadata"]["topic"] in topics_of(settings).inputs


def test_prometheus_accepts_the_example_and_keeps_the_jobs_of_the_alerts(tmp_path: Path) -> None:
    example = EXAMPLES / "prometheus.yml"
    token = tmp_path / "token"
    token.write_text("0123456789abcdef0")
    moved = tmp_path / "prometheus.yml"
    shutil.copy(example, moved)
    moved.write_text(moved.read_text().replace(TOKEN, str(token)))
    command = [require_program("promtool"), "check", "config", str(moved)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    services = found("Service")
    for job, wanted in (("lifestage", "lifestage-worker"), ("lifestage-serve", "lifestage-serve")):
        (scrape,) = [it for it in read(example)["scrape_configs"] if it["job_name"] == job]
        (asked,) = scrape["dns_sd_configs"][0]["names"]
        port, _tcp, name, *cluster = asked.split(".")
        assert cluster == ["lifestage", "svc", "cluster", "local"]
        spec = services[name]["spec"]
        # SRV records name each pod, and the port of the Service, which must be that of the pod.
        assert (spec["clusterIP"], spec["publishNotReadyAddresses"]) == ("None", True)
        assert chosen(spec["selector"]) == {wanted}
        assert spec["ports"][0]["name"] == port.removeprefix("_")
        assert spec["ports"][0]["port"] == container(pods()[wanted])["ports"][0]["containerPort"]
