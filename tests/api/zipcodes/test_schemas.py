"""Responses follow their documented schemas."""

from __future__ import annotations

from typing import Any, Iterator

import pytest
from flask.testing import FlaskClient
from openapi_schema_validator import OAS30Validator

from tests.api.zipcodes.client import PATH, get

RESPONSES = [
    *(("/{zipcode}", "/9000"), ("/{zipcode}", "/1001"), ("/{zipcode}", "/1000")),  # 1000 has no province
    *(("", "?q=bru"), ("", "?q=eupen"), ("", "?q=zzz")),
    *(("", "?risk_factor=A&limit=5"), ("", "?risk_factor=A&cursor=9999")),
]


def invalid_copies(value: Any) -> Iterator[Any]:
    """Yield copies with one required member removed or of another type."""
    for name, inner in value.items():
        yield {other: value[other] for other in value if other != name}
        if isinstance(inner, (str, int)):
            yield {**value, name: [inner]}
        elif name in ("range", "risk_table", "municipality"):
            yield from ({**value, name: other} for other in invalid_copies(inner))
        elif name in ("results", "places") and inner:
            yield from ({**value, name: [other]} for other in invalid_copies(inner[0]))


@pytest.mark.parametrize(("path", "url"), RESPONSES, ids=[url for _path, url in RESPONSES])
def test_documented_schema_accepts_the_response_and_no_invalid_copy(
    reader: FlaskClient, path: str, url: str
) -> None:
    document: Any = reader.get("/api/v1/openapi.json").json
    documented = document["paths"][f"{PATH}{path}"]["get"]["responses"]["200"]["content"]["application/json"]
    schema = {"allOf": [documented["schema"]], "components": document["components"]}
    validator = OAS30Validator(schema)
    response = get(reader, url)
    assert [error.message for error in validator.iter_errors(response)] == []
    assert [wrong for wrong in invalid_copies(response) if validator.is_valid(wrong)] == []
