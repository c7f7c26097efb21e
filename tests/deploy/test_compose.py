"""compose.yaml: against the schema of Compose, the program, and the files that it mounts."""

from __future__ import annotations

import re
import subprocess
import sys
from typing import Any, Iterator

import pytest
from flask import Flask

from tests.deploy.files import DEPLOY, DOCKERFILE, PORT, documents
from tests.support.nginx import CONFIGURATION
from webapp.cli import add_migrations
from webapp.config import DEFAULTS, FOREIGN_VARIABLES, ROOT, Settings
from webapp.zipcodes import bulk

[COMPOSE] = documents(ROOT / "compose.yaml")
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
MEGABYTE = 1024 * 1024

OURS = ("web", "init")

# They need rights at the start, and give them up by themselves.
STARTS_AS_ROOT = {"db"}

every_service = pytest.mark.parametrize("service", list(SERVICES))


def interpolated(text: str, **variables: str) -> str:
    """Replace ${NAME:-default} and ${NAME-default}, as Compose does."""

    def value(match: re.Match[str]) -> str:
        found = variables.get(match["name"])
        is_missing = found is None or (match["empty"] and not found)
        return match["default"] if is_missing else str(found)

    return re.sub(r"\$\{(?P<name>[A-Z_]+)(?P<empty>:?)-(?P<default>[^}]*)\}", value, text)


def environment(service: str, **variables: str) -> dict[str, str]:
    return {
        name: interpolated(value, **variables) for name, value in SERVICES[service]["environment"].items()
    }


@pytest.mark.parametrize(
    ("schema", "file"), [("compose-spec", "compose.yaml"), ("github-workflows", ".github/workflows/ci.yml")]
)
def test_file_matches_its_schema(schema: str, file: str) -> None:
    pytest.importorskip("check_jsonschema", reason="has no current release for this Python")
    command = [
        sys.executable,
        "-m",
        "check_jsonschema",
        "--builtin-schema",
        f"vendor.{schema}",
        str(ROOT / file),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stdout


def test_services_are_those_that_an_operator_knows() -> None:
    assert set(SERVICES) == {"proxy", "web", "init", "db", "redis", "backup", "prometheus"}
    assert SERVICES["prometheus"]["profiles"] == ["metrics"]
    assert all("profiles" not in SERVICES[name] for name in set(SERVICES) - {"prometheus"})


def test_only_the_proxy_is_published() -> None:
    published = {name: service["ports"] for name, service in SERVICES.items() if "ports" in service}
    assert published == {"proxy": ["${DESK_PORT:-5000}:8080"], "prometheus": ["127.0.0.1:9090:9090"]}


def test_web_can_be_scaled() -> None:
    assert not {"ports", "container_name", "hostname"} & set(SERVICES["web"])


def test_proxy_forwards_to_the_port_of_the_program() -> None:
    configuration = CONFIGURATION.read_text(encoding="utf-8")
    assert f"server web:{PORT} resolve max_fails=0;" in configuration
    assert "listen 8080 " in configuration
    assert f"EXPOSE {PORT}\n" in DOCKERFILE


def test_nginx_of_the_proxy_looks_up_names_again() -> None:
    [version] = re.findall(r":(\d+)\.(\d+)-alpine$", interpolated(SERVICES["proxy"]["image"]))
    assert tuple(map(int, version)) >= (1, 28)  # `resolve` came with 1.27.3
    configuration = CONFIGURATION.read_text(encoding="utf-8")
    assert "resolver 127.0.0.11 " in configuration  # Docker's
    assert "zone desk " in configuration  # `resolve` needs shared memory


def test_proxy_has_room_for_lists_in_memory() -> None:
    [limit] = set(re.findall(r"client_max_body_size (\d+)m;", CONFIGURATION.read_text(encoding="utf-8"))) - {
        "1"
    }
    assert bulk.MAX_BYTES < int(limit) * MEGABYTE < 2 * bulk.MAX_BYTES
    assert temporary_megabytes(SERVICES["proxy"]) > 4 * int(limit)
    assert megabytes(SERVICES["proxy"]) > temporary_megabytes(SERVICES["proxy"])


def test_program_has_memory_for_its_temporary_files() -> None:
    # docs/operations.md, "Memory and disk"
    assert temporary_megabytes(SERVICES["web"]) >= 2 * bulk.MAX_RESPONSE_BYTES / MEGABYTE
    assert megabytes(SERVICES["web"]) >= temporary_megabytes(SERVICES["web"]) + 124


def temporary_megabytes(service: dict[str, Any]) -> int:
    [mount] = service["tmpfs"]
    match = re.search(r":size=(\d+)m,mode=1777$", mount)
    assert match
    return int(match[1])


def megabytes(service: dict[str, Any]) -> int:
    return int(service["deploy"]["resources"]["limits"]["memory"].rstrip("M"))


@every_service
def test_service_has_limits(service: str) -> None:
    assert set(SERVICES[service]["deploy"]["resources"]["limits"]) == {"cpus", "memory", "pids"}


@every_service
def test_service_has_few_rights(service: str) -> None:
    found = SERVICES[service]
    assert found["security_opt"] == ["no-new-privileges:true"]
    if service not in STARTS_AS_ROOT:
        assert found["cap_drop"] == ["ALL"]
        assert found["read_only"] is True


@every_service
def test_logs_of_a_service_are_limited(service: str) -> None:
    assert SERVICES[service]["logging"] == {
        "driver": "local",
        "options": {"max-size": "10m", "max-file": "5"},
    }


@every_service
def test_service_starts_after_services_that_exist(service: str) -> None:
    for other, wish in SERVICES[service].get("depends_on", {}).items():
        assert other in SERVICES
        if wish["condition"] == "service_healthy":
            assert "healthcheck" in SERVICES[other]


@pytest.mark.parametrize("service", OURS)
def test_every_setting_of_env_reaches_the_program(service: str) -> None:
    assert SERVICES[service]["env_file"] == [{"path": ".env", "required": False}]
    example = set(re.findall(r"^#([A-Z_]+)=", (ROOT / ".env.example").read_text(encoding="utf-8"), re.M))
    assert example == set(DEFAULTS)
    # The database is that of the secret, the port that of the proxy; what else is set here gives way to .env.
    fixed = {name for name in environment(service) if environment(service, **{name: "x"})[name] != "x"}
    assert fixed == {"DATABASE_URL", "DATABASE_URL_FILE", "PORT"}


@pytest.mark.parametrize("service", OURS)
def test_settings_are_known_and_valid(service: str) -> None:
    settings = environment(service)
    assert set(settings) <= set(DEFAULTS)
    del settings["DATABASE_URL_FILE"]
    settings["DATABASE_URL"] = "postgresql://desk:x@db:5432/desk"
    loaded = Settings.of(settings)
    assert loaded.trusted_proxies == 1
    assert loaded.redis_url == "redis://redis:6379/0"


def test_variables_of_compose_are_documented_and_no_unknown_settings() -> None:
    text = (ROOT / "compose.yaml").read_text(encoding="utf-8")
    names = set(re.findall(r"\$\{([A-Z_]+)", text)) - set(DEFAULTS)
    documented = (ROOT / "docs/deployment.md").read_text(encoding="utf-8")
    documented += (ROOT / "docs/operations.md").read_text(encoding="utf-8")
    for name in names:
        assert FOREIGN_VARIABLES.fullmatch(name), name
        assert f"`{name}`" in documented or name == "PYTHON_VERSION", name


def test_redis_and_metrics_can_be_switched_off() -> None:
    off = environment("web", REDIS_URL="", METRICS_BIND="")
    assert off["REDIS_URL"] == off["METRICS_BIND"] == ""


@pytest.mark.parametrize("service", OURS)
def test_database_url_is_a_secret(service: str) -> None:
    assert environment(service)["DATABASE_URL"] == ""
    assert environment(service)["DATABASE_URL_FILE"] == "/run/secrets/database_url"
    assert SERVICES[service]["secrets"] == ["database_url"]


@every_service
def test_secrets_are_files_and_no_password_is_a_variable(service: str) -> None:
    for name, value in SERVICES[service].get("environment", {}).items():
        if "PASSWORD" in name:
            assert name.endswith("_FILE")
        if name.endswith("_FILE"):
            assert value[len("/run/secrets/") :] in SERVICES[service]["secrets"]
    assert set(SERVICES[service].get("secrets", [])) <= set(COMPOSE["secrets"])


def test_make_secrets_makes_each_secret() -> None:
    script = (DEPLOY / "make-secrets").read_text(encoding="utf-8")
    for secret in COMPOSE["secrets"].values():
        assert f">{secret['file'][2:]}" in script


def test_commands_are_those_of_the_program(sqlite_app: Flask) -> None:
    add_migrations(sqlite_app)
    program, command = SERVICES["init"]["command"]
    assert program == "flask"
    assert command in sqlite_app.cli.commands
    assert "command" not in SERVICES["web"]  # the image's


def test_health_checks_ask_routes_that_exist(sqlite_app: Flask) -> None:
    urls = {str(rule) for rule in sqlite_app.url_map.iter_rules()}
    for service, port in (("web", PORT), ("proxy", 8080)):
        [path] = re.findall(
            rf"http://127\.0\.0\.1:{port}(/\w+)", " ".join(SERVICES[service]["healthcheck"]["test"])
        )
        assert path in urls


def test_mounted_files_exist() -> None:
    for source in mounted():
        assert (ROOT / source).exists(), source


def mounted() -> Iterator[str]:
    for service in SERVICES.values():
        for volume in service.get("volumes", []):
            source = volume.split(":")[0]
            if source.startswith("."):
                assert volume.endswith(":ro")
                yield source
            else:
                assert source in COMPOSE["volumes"]


def test_volumes_are_used() -> None:
    used = {volume.split(":")[0] for service in SERVICES.values() for volume in service.get("volumes", [])}
    assert set(COMPOSE["volumes"]) <= used


def test_prometheus_asks_the_port_of_the_metrics() -> None:
    [configuration] = documents(DEPLOY / "prometheus" / "prometheus.yml")
    [job] = configuration["scrape_configs"]
    [source] = job["dns_sd_configs"]
    assert source["names"] == ["web"]
    assert environment("web")["METRICS_BIND"] == f"0.0.0.0:{source['port']}"


@pytest.mark.parametrize("name", ["NGINX_IMAGE", "POSTGRES_IMAGE", "REDIS_IMAGE", "PROMETHEUS_IMAGE"])
def test_image_can_be_pinned(name: str) -> None:
    images = {
        service["image"] for service in SERVICES.values() if service["image"].startswith(f"${{{name}:-")
    }
    assert len(images) == 1
    assert interpolated(images.pop(), **{name: "x@sha256:1"}) == "x@sha256:1"


def test_python_image_can_be_pinned() -> None:
    assert "\nARG PYTHON_DIGEST=\nFROM python:${PYTHON_VERSION}-alpine${PYTHON_DIGEST}\n" in DOCKERFILE
    [default] = re.findall(r"^ARG PYTHON_VERSION=(\S+)$", DOCKERFILE, re.M)
    assert SERVICES["web"]["build"]["args"] == {
        "PYTHON_VERSION": f"${{PYTHON_VERSION:-{default}}}",
        "PYTHON_DIGEST": "${PYTHON_DIGEST:-}",
    }
