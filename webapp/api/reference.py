"""Routes of the OpenAPI document, as the page of the API shows them."""

from __future__ import annotations

import re
from typing import Any, Mapping, NamedTuple, Sequence
from urllib.parse import parse_qsl, urlsplit

from webapp.api.routing import PREFIX
from webapp.api.samples import Sample


class Parameter(NamedTuple):
    """A parameter, and its field in the form that tries a route.

    Attributes:
        value: value in the first example, or "".
        options: allowed values, if they are a few.
    """

    name: str
    description: str
    is_required: bool
    in_path: bool
    value: str
    options: list[str]


class Example(NamedTuple):
    """A command, its URL without the server if it is a GET, and its response."""

    command: str
    url: str | None
    response: Sample


class Route(NamedTuple):
    """A route; `anchor` is its id on the page."""

    method: str
    path: str
    anchor: str
    text: str
    parameters: list[Parameter]
    examples: list[Example]


# Of a command that is new: recording it needs the app.
UNRECORDED: Sample = {"media_type": "", "lines": [], "more_lines": 0}


def routes_by_tag(document: Mapping[str, Any], samples: Mapping[str, Sample]) -> dict[str, list[Route]]:
    """Return the routes by tag, in the order of the document."""
    found: dict[str, list[Route]] = {tag["name"]: [] for tag in document["tags"]}
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            if method != "parameters":
                found[operation["tags"][0]].append(_route(method.upper(), path, operation, samples))
    return found


def _route(method: str, path: str, operation: Mapping[str, Any], samples: Mapping[str, Sample]) -> Route:
    examples = [
        Example(sample["source"], sample.get("path"), samples.get(sample["source"], UNRECORDED))
        for sample in operation["x-codeSamples"]
    ]
    return Route(
        method,
        path,
        anchor=_slug(f"{method} {path[len(PREFIX) :]}"),
        text=" ".join(filter(None, (f"{operation['summary']}.", operation.get("description")))),
        parameters=_parameters(path, operation.get("parameters", []), examples[0].url or ""),
        examples=examples,
    )


def _slug(text: str) -> str:
    return re.sub("[^a-z]+", "-", text.lower()).strip("-")


def _parameters(path: str, described: Sequence[Mapping[str, Any]], example: str) -> list[Parameter]:
    """Return the parameters, those of the path first."""
    values = {**dict(parse_qsl(urlsplit(example).query)), **_path_values(path, urlsplit(example).path)}
    parameters = [
        Parameter(
            entry["name"],
            entry["description"],
            is_required=entry.get("required", False),
            in_path=entry["in"] == "path",
            value=values.get(entry["name"], ""),
            options=[str(option) for option in entry["schema"].get("enum", ())],
        )
        for entry in described
    ]
    return sorted(parameters, key=lambda parameter: not parameter.in_path)


def _path_values(template: str, path: str) -> dict[str, str]:
    """Return the values in a path by the names in its template."""
    pairs = zip(template.split("/"), path.split("/"))
    return {name[1:-1]: value for name, value in pairs if name.startswith("{")}
