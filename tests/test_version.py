"""The version: one number in the program, the image and the changelog."""

from __future__ import annotations

import re

from flask import Flask
from flask.testing import FlaskClient

from tests.support.commands import run
from webapp.config import ROOT
from webapp.version import VERSION


def test_version_command_prints_the_version(sqlite_app: Flask) -> None:
    result = run(sqlite_app, "version")
    assert (result.exit_code, result.output.split("\n")[0]) == (0, VERSION)


def test_openapi_document_has_the_version(reader: FlaskClient) -> None:
    document = reader.get("/api/v1/openapi.json").get_json()
    assert document["info"]["version"] == VERSION


def test_image_label_is_the_version() -> None:
    dockerfile = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    labels = re.findall(r'^LABEL org\.opencontainers\.image\.version="(.+)"$', dockerfile, re.MULTILINE)
    assert labels == [VERSION]


def test_newest_release_of_the_changelog_is_the_version() -> None:
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    releases = re.findall(r"^## ([0-9.]+) \([0-9]{4}-[0-9]{2}-[0-9]{2}\)$", changelog, re.MULTILINE)
    assert releases[0] == VERSION
