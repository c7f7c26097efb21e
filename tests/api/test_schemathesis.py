"""The OpenAPI document against the desk: whatever is sent, no 500 and no answer it does not tell of."""

from typing import Any

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings

schemathesis = pytest.importorskip("schemathesis", reason="it has no release for this Python")

from schemathesis import GenerationMode, checks  # noqa: E402  # after the line that skips

# Its other checks ask for more than a document can say: that q and risk_factor exclude each other,
# or that a base year is known which came into the data later.
CHECKS = [
    checks.not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
]


TAKES_SOMETHING = {"parameters", "requestBody"}


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE])
def test_no_input_makes_an_answer_that_is_not_documented(sqlite_app: Flask, mode: Any) -> None:
    document = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", sqlite_app)
    operations = [found.ok() for found in document.get_all_operations()]
    assert {operation.path for operation in operations} == set(document.raw_schema["paths"])
    for operation in operations:
        if mode is GenerationMode.NEGATIVE and not TAKES_SOMETHING & set(operation.definition.raw):
            continue  # there is nothing to get wrong

        @settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
        @given(case=operation.as_strategy(generation_mode=mode))
        def answer_is_documented(case: Any) -> None:
            case.call_and_validate(checks=CHECKS)

        answer_is_documented()
