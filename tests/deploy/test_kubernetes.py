"""deploy/kubernetes/: against the schemas of Kubernetes, the program, and each other."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any, Iterator

import pytest
from flask import Flask

from tests.deploy.files import DEPLOY, DOCKERFILE, PORT, USER, documents
from webapp.cli import add_migrations
from webapp.config import DEFAULTS, Settings
from webapp.version import VERSION

FOLDER = DEPLOY / "kubernetes"
[KUSTOMIZATION] = documents(FOLDER / "kustomization.yaml")
MANIFESTS = [
    manifest
    for path in sorted(FOLDER.glob("*.yaml"))
    if path.name != "kustomization.yaml"
    for manifest in documents(path)
]

# The oldest that its makers maintained at the release of the program, less a year; and the newest known one.
VERSIONS = ["1.30", "1.37"]

every_pod = pytest.mark.parametrize("kind", ["Deployment", "Job", "CronJob"])


def manifest(kind: str) -> Any:
    [found] = [manifest for manifest in MANIFESTS if manifest["kind"] == kind]
    return found


def template(kind: str) -> Any:
    """Return the template of a kind's pods."""
    spec = manifest(kind)["spec"]
    return (spec["jobTemplate"]["spec"] if kind == "CronJob" else spec)["template"]


def container(kind: str) -> Any:
    [found] = template(kind)["spec"]["containers"]
    return found


def ports() -> dict[str, int]:
    return {port["name"]: port["containerPort"] for port in container("Deployment")["ports"]}


def probes() -> Iterator[Any]:
    for name in ("startupProbe", "readinessProbe", "livenessProbe"):
        yield container("Deployment")[name]


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("manifest", MANIFESTS, ids=lambda manifest: manifest["kind"])
def test_manifest_matches_the_schema_of_kubernetes(manifest: Any, version: str) -> None:
    validator = pytest.importorskip("kubernetes_validate", reason="has no current release for this Python")
    assert validator.validate(manifest, version, strict=True) == version


def test_kustomization_has_every_file_but_the_examples() -> None:
    files = {path.name for path in FOLDER.glob("*.yaml")} - {"kustomization.yaml"}
    examples = {name for name in files if name.endswith(".example.yaml")}
    assert set(KUSTOMIZATION["resources"]) == files - examples
    assert len(KUSTOMIZATION["resources"]) == len(files - examples)
    assert examples == {"ingress.example.yaml", "secret.example.yaml"}


def test_kinds_are_those_that_an_operator_needs() -> None:
    assert sorted(manifest["kind"] for manifest in MANIFESTS) == [
        "ConfigMap",
        "CronJob",
        "Deployment",
        "HorizontalPodAutoscaler",
        "Ingress",
        "Job",
        "NetworkPolicy",
        "PodDisruptionBudget",
        "Secret",
        "Service",
    ]


def test_image_is_that_of_this_release() -> None:
    [image] = KUSTOMIZATION["images"]
    assert image["newTag"] == VERSION
    assert {container(kind)["image"] for kind in ("Deployment", "Job", "CronJob")} == {image["name"]}


@every_pod
def test_container_has_few_rights(kind: str) -> None:
    spec = template(kind)["spec"]
    assert spec["automountServiceAccountToken"] is False
    assert spec["securityContext"]["runAsNonRoot"] is True
    assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert str(spec["securityContext"]["runAsUser"]) == USER
    assert container(kind)["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }


@every_pod
def test_container_has_resources_and_temporary_files_in_memory(kind: str) -> None:
    resources = container(kind)["resources"]
    assert set(resources["requests"]) == {"cpu", "memory"}
    [tmp] = [volume["emptyDir"] for volume in template(kind)["spec"]["volumes"] if "emptyDir" in volume]
    assert tmp["medium"] == "Memory"
    assert megabytes(resources["limits"]["memory"]) >= megabytes(tmp["sizeLimit"]) + 124
    assert {"name": "tmp", "mountPath": "/tmp"} in container(kind)["volumeMounts"]  # noqa: S108  # its own


def megabytes(text: str) -> int:
    assert text.endswith("Mi")
    return int(text[:-2])


@every_pod
def test_settings_are_known_and_valid(kind: str) -> None:
    assert container(kind)["envFrom"] == [
        {"configMapRef": {"name": manifest("ConfigMap")["metadata"]["name"]}}
    ]
    variables = {entry["name"]: entry["value"] for entry in container(kind)["env"]}
    settings = {**manifest("ConfigMap")["data"], **variables}
    assert set(settings) <= set(DEFAULTS)
    assert all(isinstance(value, str) for value in settings.values())
    files = {name: value for name, value in settings.items() if name.endswith("_FILE")}
    Settings.of({**settings, **dict.fromkeys(files, ""), "DATABASE_URL": "postgresql://x@x/x"})


@every_pod
def test_secrets_are_mounted_where_the_settings_look_for_them(kind: str) -> None:
    secret = manifest("Secret")
    [mount] = [mount for mount in container(kind)["volumeMounts"] if mount["name"] == "secrets"]
    [volume] = [volume["secret"] for volume in template(kind)["spec"]["volumes"] if "secret" in volume]
    assert volume["secretName"] == secret["metadata"]["name"]
    assert {item["key"] for item in volume["items"]} <= set(secret["stringData"])
    mounted = {f"{mount['mountPath']}/{item['path']}" for item in volume["items"]}
    assert {entry["value"] for entry in container(kind)["env"] if entry["name"].endswith("_FILE")} == mounted


def test_urls_of_the_secret_are_valid() -> None:
    urls = manifest("Secret")["stringData"]
    for name in ("database_url", "owner_database_url"):
        Settings.of({"DATABASE_URL": urls[name], "REDIS_URL": urls["redis_url"]})


@pytest.mark.parametrize("kind", ["Job", "CronJob"])
def test_commands_are_those_of_the_program(kind: str, sqlite_app: Flask) -> None:
    add_migrations(sqlite_app)
    program, command = container(kind)["command"]
    assert program == "flask"
    assert command in sqlite_app.cli.commands


def test_pods_serve_with_the_command_of_the_image() -> None:
    assert not {"command", "args"} & set(container("Deployment"))
    assert 'CMD ["gunicorn", "wsgi:app"]' in DOCKERFILE


def test_ports_are_those_of_the_program() -> None:
    metrics = manifest("ConfigMap")["data"]["METRICS_BIND"]
    assert ports() == {"http": PORT, "metrics": int(metrics.rpartition(":")[2])}
    annotations = template("Deployment")["metadata"]["annotations"]
    assert annotations["prometheus.io/port"] == str(ports()["metrics"])


def test_probes_ask_routes_that_exist(sqlite_app: Flask) -> None:
    urls = {str(rule) for rule in sqlite_app.url_map.iter_rules()}
    asked = [probe["httpGet"] for probe in probes()]
    assert [probe["path"] for probe in asked] == ["/healthz", "/readyz", "/healthz"]
    assert all(probe["path"] in urls and probe["port"] == "http" for probe in asked)


def test_service_and_ingress_lead_to_the_pods() -> None:
    service = manifest("Service")
    labels = template("Deployment")["metadata"]["labels"]
    assert service["spec"]["selector"].items() <= labels.items()
    [port] = service["spec"]["ports"]
    assert port["targetPort"] in ports()
    [rule] = manifest("Ingress")["spec"]["rules"]
    [path] = rule["http"]["paths"]
    assert path["backend"]["service"] == {"name": service["metadata"]["name"], "port": {"name": port["name"]}}


def test_selectors_select_pods() -> None:
    deployment = manifest("Deployment")["spec"]
    labels = template("Deployment")["metadata"]["labels"]
    assert deployment["selector"]["matchLabels"] == labels
    assert manifest("PodDisruptionBudget")["spec"]["selector"]["matchLabels"] == labels
    for constraint in template("Deployment")["spec"]["topologySpreadConstraints"]:
        assert constraint["labelSelector"]["matchLabels"] == labels
    policy = manifest("NetworkPolicy")["spec"]["podSelector"]["matchLabels"]
    for kind in ("Deployment", "Job", "CronJob"):
        assert policy.items() <= template(kind)["metadata"]["labels"].items()
    # Requests reach no pod of a job.
    assert not labels.items() <= template("Job")["metadata"]["labels"].items()


def test_autoscaler_scales_the_deployment() -> None:
    spec = manifest("HorizontalPodAutoscaler")["spec"]
    target = manifest("Deployment")
    assert spec["scaleTargetRef"] == {
        "apiVersion": target["apiVersion"],
        "kind": target["kind"],
        "name": target["metadata"]["name"],
    }
    assert 2 <= spec["minReplicas"] < spec["maxReplicas"]
    assert "replicas" not in target["spec"]


def test_network_policy_opens_the_ports_that_are_used() -> None:
    spec = manifest("NetworkPolicy")["spec"]
    assert [port["port"] for rule in spec["ingress"] for port in rule["ports"]] == list(ports())
    outgoing = {port["port"] for rule in spec["egress"] for port in rule["ports"]}
    urls = manifest("Secret")["stringData"].values()
    databases = {int(port) for url in urls for port in re.findall(r":(\d+)/", url)}
    assert outgoing == {53, 443, *databases}


def test_pod_has_time_to_finish_its_requests() -> None:
    spec = template("Deployment")["spec"]
    [_program, seconds] = container("Deployment")["lifecycle"]["preStop"]["exec"]["command"]
    graceful = int(re.findall(r"^graceful_timeout = (\d+)$", gunicorn_settings(), re.M)[0])
    pause = timedelta(seconds=int(seconds) + graceful)
    assert pause < timedelta(seconds=spec["terminationGracePeriodSeconds"])


def gunicorn_settings() -> str:
    return (DEPLOY.parent / "gunicorn.conf.py").read_text(encoding="utf-8")
