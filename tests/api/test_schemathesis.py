"""The OpenAPI document against the service: no input causes a 500 or an undocumented response."""

from typing import Any

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings

schemathesis = pytest.importorskip("schemathesis", reason="it has no release for this Python")

from schemathesis import GenerationMode, checks  # noqa: E402  # after the line that skips

# The other checks ask for rules that OpenAPI cannot state: q and risk_factor exclude each other, and later
# data adds base years.
CHECKS = [
    checks.not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
]


INPUTS = {"parameters", "requestBody"}


@pytest.mark.slow
@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE])
def test_every_response_is_documented(sqlite_app: Flask, mode: Any) -> None:
    document = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", sqlite_app)
    operations = [found.ok() for found in document.get_all_operations()]
    assert {operation.path for operation in operations} == set(document.raw_schema["paths"])
    for operation in operations:
        if mode is GenerationMode.NEGATIVE and not INPUTS & set(operation.definition.raw):
            continue

        @settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
        @given(case=operation.as_strategy(generation_mode=mode))
        def response_is_documented(case: Any) -> None:
            # schemathesis asks a WSGI app for gzip, but does not decompress the response.
            case.call_and_validate(checks=CHECKS, headers={"Accept-Encoding": "identity"})

        response_is_documented()
