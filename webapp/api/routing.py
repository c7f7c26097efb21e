"""API routes, declared with their parameters, responses, errors and documentation."""

from __future__ import annotations

from datetime import datetime
from functools import wraps
from http import HTTPStatus
from typing import Any, Callable, Iterable, Mapping, NoReturn, Optional, Sequence, Tuple

from flask import Request, Response, request
from flask_smorest import Blueprint
from marshmallow import RAISE, Schema, ValidationError, fields
from marshmallow.exceptions import SCHEMA
from webargs.flaskparser import FlaskParser
from werkzeug.datastructures import MultiDict
from werkzeug.http import http_date

from webapp.api.fields import ApiSchema
from webapp.errors import (
    INTERNAL_ERROR,
    DatabaseUnavailable,
    DeskError,
    RateLimited,
    RequestNotValid,
    TooLarge,
)
from webapp.http.negotiation import API_PREFIX, cacheable

PREFIX = f"{API_PREFIX}v1"

# Ignored: jQuery and others add it to get past caches.
CACHE_BUSTER = "_"

CSV_RESPONSE = {"schema": {"type": "string"}, "content_type": "text/csv"}

# Per parameter: a list may have thousands of invalid elements.
MAX_MESSAGES = 10

# Errors of every route.
COMMON_ERRORS: Sequence[type[DeskError]] = (RequestNotValid, TooLarge, RateLimited, DatabaseUnavailable)

# The data or a response, and the time of its last change, if known.
ViewResult = Tuple[Any, Optional[datetime]]
View = Callable[..., ViewResult]


class ProblemSchema(ApiSchema):
    """An RFC 9457 problem."""

    type = fields.String(required=True, metadata={"description": "URL of the documentation of the code."})
    title = fields.String(required=True, metadata={"description": "Short summary of the problem."})
    status = fields.Integer(required=True, metadata={"description": "HTTP status."})
    detail = fields.String(
        required=True, metadata={"description": "Explanation of the problem, and how to fix it."}
    )
    code = fields.String(required=True, metadata={"description": "Stable code to branch on."})
    errors = fields.Dict(
        keys=fields.String(),
        values=fields.List(fields.String()),
        metadata={"description": "For invalid input: messages by parameter."},
    )
    reference = fields.String(
        metadata={"description": "For a server error: reference to quote when reporting it."}
    )


class _Parser(FlaskParser):
    """Raises domain errors for invalid input."""

    DEFAULT_VALIDATION_STATUS = 400
    # Ignoring a misspelt parameter could change an amount.
    DEFAULT_UNKNOWN_BY_LOCATION: dict[str, str | None] = {"query": RAISE, "path": RAISE}

    def load_querystring(self, req: Request, schema: Schema) -> Any:
        query = _query(req)
        repeated = [name for name, values in query.lists() if len(values) > 1]
        if repeated:
            raise ValidationError({name: ["Specify this parameter only once."] for name in repeated})
        return self._makeproxy(query, schema)

    def handle_error(
        self,
        error: ValidationError,
        req: Request,
        schema: Schema,
        *,
        error_status_code: int | None,
        error_headers: Mapping[str, str] | None,
    ) -> NoReturn:
        messages: dict[str, Any] = error.messages_dict
        (errors,) = messages.values()  # of a single location
        raise not_valid(schema, errors)


def not_valid(schema: Schema, messages: Mapping[str, Any]) -> DeskError:
    """Convert marshmallow's messages to the error of the only invalid field, or to NOT_VALID."""
    errors = {
        "content" if name == SCHEMA else name: _flatten(nested)[:MAX_MESSAGES]
        for name, nested in messages.items()
    }
    names = list(errors)
    if len(names) > 1:
        return RequestNotValid(f"Please correct {', '.join(names[:-1])} and {names[-1]}.", errors=errors)
    known = {field.data_key or name: field for name, field in schema.fields.items()}
    error = getattr(known.get(names[0]), "error", RequestNotValid)
    return error(f"{names[0]}: {errors[names[0]][0]}", errors=errors)


def _flatten(messages: Any) -> list[str]:
    """Flatten marshmallow's messages of a field, nested by position for a list."""
    if isinstance(messages, dict):
        return [
            f"Element {position + 1}: {message}"
            for position, nested in messages.items()
            for message in _flatten(nested)
        ]
    return [str(message) for message in messages]


class ApiBlueprint(Blueprint):  # type: ignore[misc]  # flask-smorest has no types
    ARGUMENTS_PARSER = _Parser()

    def __init__(self, name: str, description: str, path: str) -> None:
        super().__init__(name, name, url_prefix=PREFIX + path, description=description)

    def get(
        self,
        path: str,
        *,
        summary: str,
        description: str = "",
        params: type[Schema] | None = None,
        query: type[Schema] | None = None,
        response: type[Schema] | Sequence[type[Schema]],
        errors: Sequence[type[DeskError]],
        examples: Sequence[str],
        csv: bool = False,
    ) -> Callable[[View], View]:
        """Declare a GET route, whose view returns a ViewResult.

        Args:
            params: the schema of the parameters in the path if it has any, else in the query.
            query: the schema of the query beside parameters of the path; the view gets it second.
            response: the schema of the JSON; with several, the view returns a response.
            errors: errors of the domain that the view may raise.
            examples: paths below /api/v1 that work.
            csv: True if the view also returns CSV.
        """
        location = "path" if "<" in path else "query"
        takes_query = query is not None or (params is not None and location == "query")

        def declare(view: View) -> View:
            # The last decorator runs first: validate, then serialize, then compare with the client's cache.
            route = self._documented_response(response)(_with_last_modified(view, takes_query))
            if csv:
                route = self.alt_response(200, success=True, **CSV_RESPONSE)(route)
            route = self.alt_response(304, description="Not modified.", success=True)(_cacheable(route))
            samples = map(_curl_sample, examples)
            route = self._documented(route, summary, description, errors, samples)
            if query is not None:
                route = self.arguments(query(), location="query")(route)
            if params is not None:
                route = self.arguments(params(), location=location)(route)
            self._add(path, route, "GET")
            return view

        return declare

    def post(
        self,
        path: str,
        *,
        summary: str,
        description: str,
        request_body: Mapping[str, Any],
        responses: Mapping[str, Any],
        query: type[Schema],
        headers: Mapping[str, Any],
        errors: Sequence[type[DeskError]],
        examples: Sequence[str],
    ) -> Callable[[Callable[[Any], Response]], Callable[[Any], Response]]:
        """Declare a POST route, whose view reads the request body and returns a response.

        Args:
            request_body: schemas by media type.
            responses: schemas by media type.
            query: schema of the query parameters, which the view gets.
            headers: OpenAPI objects of the response headers, by name.
            errors: errors of the domain that the view may raise.
            examples: shell commands that work, with {server} for the URL of the service.
        """

        def declare(view: Callable[[Any], Response]) -> Callable[[Any], Response]:
            route: Any = view
            for media_type, schema in responses.items():
                route = self.alt_response(
                    200, schema=schema, content_type=media_type, headers=headers, success=True
                )(route)
            content = {media_type: {"schema": schema} for media_type, schema in request_body.items()}
            route = self.doc(requestBody={"required": True, "content": content})(route)
            samples = [{"lang": "Shell", "source": example} for example in examples]
            route = self._documented(route, summary, description, errors, samples)
            self._add(path, self.arguments(query(), location="query")(route), "POST")
            return view

        return declare

    def _add(self, path: str, route: Any, method: str) -> None:
        self.add_url_rule(path, view_func=route, methods=[method], tags=[self.description])

    def _documented_response(self, schema: type[Schema] | Sequence[type[Schema]]) -> Any:
        return self.response(200, {"anyOf": list(schema)} if isinstance(schema, Sequence) else schema)

    def _documented(
        self,
        view: Any,
        summary: str,
        description: str,
        errors: Sequence[type[DeskError]],
        samples: Iterable[Mapping[str, str]],
    ) -> Any:
        # flask-smorest reads docstrings, which `python -OO` strips.
        view.__doc__ = f"{summary}\n\n{description}"
        codes: dict[int, set[str]] = {500: {INTERNAL_ERROR}}
        for error in (*errors, *COMMON_ERRORS):
            codes.setdefault(error.status, set()).add(error.code)
        for status, names in codes.items():
            view = self.alt_response(
                status,
                schema=ProblemSchema,
                content_type="application/problem+json",
                description=f"{HTTPStatus(status).phrase}: {', '.join(sorted(names))}",
            )(view)
        return self.doc(**{"x-codeSamples": list(samples)})(view)


def _curl_sample(example: str) -> dict[str, str]:
    path = PREFIX + example
    return {"lang": "Shell", "source": f"curl -s '{{server}}{path}'", "path": path}


def _with_last_modified(view: View, takes_query: bool) -> Callable[..., tuple[Any, int, Mapping[str, str]]]:
    """Wrap a view to return its data, the status and Last-Modified."""

    @wraps(view)
    def respond(*arguments: Any, **_path: Any) -> tuple[Any, int, Mapping[str, str]]:
        if not takes_query:
            _reject_query()
        data, changed_at = view(*arguments)
        return data, 200, {"Last-Modified": http_date(changed_at)} if changed_at else {}

    return respond


def _cacheable(route: Any) -> Any:
    @wraps(route)
    def respond(*arguments: Any, **path_arguments: Any) -> Response:
        return cacheable(route(*arguments, **path_arguments))

    return respond


def _reject_query() -> None:
    """Reject query parameters on a route without any."""
    messages = ApiSchema().validate(_query(request))
    if messages:
        raise not_valid(ApiSchema(), messages)


def _query(from_request: Request) -> MultiDict[str, str]:
    """Return the parameters, without a cache buster."""
    parameters = from_request.args.items(multi=True)
    return MultiDict([(name, value) for name, value in parameters if name != CACHE_BUSTER])
