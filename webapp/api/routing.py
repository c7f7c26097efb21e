"""How a route of the API is declared: in one place what it takes, what it answers, what it refuses."""

from __future__ import annotations

from datetime import datetime
from functools import wraps
from http import HTTPStatus
from typing import Any, Callable, Dict, List, Mapping, NoReturn, Optional, Sequence, Set, Tuple, Type, Union

from flask import Request, Response, request
from flask_smorest import Blueprint
from marshmallow import RAISE, Schema, ValidationError, fields
from marshmallow.exceptions import SCHEMA
from webargs.flaskparser import FlaskParser
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

# Of one parameter: a list may have thousands of wrong elements.
MOST_MESSAGES = 10

# What every route may answer besides its own errors.
EVERYWHERE: Sequence[Type[DeskError]] = (RequestNotValid, TooLarge, RateLimited, DatabaseUnavailable)

# What a view returns: the data or a response, and when it last changed, where that is known.
Answer = Tuple[Any, Optional[datetime]]
View = Callable[..., Answer]


class ProblemSchema(ApiSchema):
    """An error as RFC 9457 has it, with a code and, for wrong parameters, what is wrong with each."""

    type = fields.String(required=True, metadata={"description": "Where the code is explained."})
    title = fields.String(required=True, metadata={"description": "What is wrong, in a few words."})
    status = fields.Integer(required=True, metadata={"description": "The HTTP status."})
    detail = fields.String(required=True, metadata={"description": "What is wrong, and what to do."})
    code = fields.String(required=True, metadata={"description": "The name to branch on."})
    errors = fields.Dict(
        keys=fields.String(),
        values=fields.List(fields.String()),
        metadata={"description": "For wrong input: each parameter with its messages."},
    )
    reference = fields.String(metadata={"description": "For an error of ours: what to report."})


class _Parser(FlaskParser):
    """Makes what a schema finds wrong an error of the domain."""

    DEFAULT_VALIDATION_STATUS = 400
    # A parameter that is misspelt and left out may change an amount: nothing unknown is ignored.
    DEFAULT_UNKNOWN_BY_LOCATION: Dict[str, Optional[str]] = {"query": RAISE, "path": RAISE}

    def load_querystring(self, req: Request, schema: Schema) -> Any:
        repeated = [name for name, values in req.args.lists() if len(values) > 1]
        if repeated:
            raise ValidationError({name: ["Give this parameter once."] for name in repeated})
        return super().load_querystring(req, schema)

    def handle_error(
        self,
        error: ValidationError,
        req: Request,
        schema: Schema,
        *,
        error_status_code: Optional[int],
        error_headers: Optional[Mapping[str, str]],
    ) -> NoReturn:
        messages: Dict[str, Any] = error.messages_dict
        (wrong,) = messages.values()  # of the one location that was read
        raise not_valid(schema, wrong)


def not_valid(schema: Schema, wrong: Mapping[str, Any]) -> DeskError:
    """The error that tells what a schema found wrong.

    Its code is that of the one field that is wrong; where there are several, NOT_VALID.
    """
    errors = {
        "content" if name == SCHEMA else name: _messages(found)[:MOST_MESSAGES]
        for name, found in wrong.items()
    }
    names = list(errors)
    if len(names) > 1:
        return RequestNotValid(f"Please correct {', '.join(names[:-1])} and {names[-1]}.", errors=errors)
    known = {field.data_key or name: field for name, field in schema.fields.items()}
    error = getattr(known.get(names[0]), "error", RequestNotValid)
    return error(f"{names[0]}: {errors[names[0]][0]}", errors=errors)


def _messages(found: Any) -> List[str]:
    """What marshmallow says of one field: a list, or for each element of a list such a list."""
    if isinstance(found, dict):
        return [
            f"Element {position + 1}: {message}"
            for position, inner in found.items()
            for message in _messages(inner)
        ]
    return [str(message) for message in found]


class ApiBlueprint(Blueprint):  # type: ignore[misc]  # flask-smorest has no types
    """A group of routes under /api/v1 that only read."""

    ARGUMENTS_PARSER = _Parser()

    def __init__(self, name: str, description: str, path: str) -> None:
        super().__init__(name, name, url_prefix=PREFIX + path, description=description)

    def read(
        self,
        path: str,
        *,
        summary: str,
        description: str = "",
        takes: Optional[Type[Schema]] = None,
        answers: Union[Type[Schema], Sequence[Type[Schema]]],
        errors: Sequence[Type[DeskError]],
        examples: Sequence[str],
        csv: bool = False,
    ) -> Callable[[View], View]:
        """Declare a view that gives its data, or a response, and when that last changed.

        Args:
            summary: of the route, for its documentation.
            takes: schema of the parameters in the path where it has any, else in the query.
            answers: schema of the data, as JSON; several where it depends on the question, and then
                the view makes the response.
            errors: those of the domain that the view may raise.
            examples: addresses that work, each what follows /api/v1.
            csv: whether the view also answers in CSV.
        """
        location = "path" if "<" in path else "query"
        takes_query = takes is not None and location == "query"

        def declare(view: View) -> View:
            # From the inside out: the data with its date is written as JSON, which may then turn
            # out to be known to the client; what is asked is checked before all that.
            route = self._answering(answers)(_with_date(view, takes_query))
            if csv:
                text = {"schema": {"type": "string"}, "content_type": "text/csv"}
                route = self.alt_response(200, success=True, **text)(route)
            route = _cacheable(route)
            route = self.alt_response(304, description="Not modified since you asked.", success=True)(route)
            samples = [
                {
                    "lang": "Shell",
                    "source": f"curl -s '{{server}}{PREFIX}{example}'",
                    "path": PREFIX + example,
                }
                for example in examples
            ]
            route = self._documented(route, summary, description, errors, samples)
            if takes is not None:
                route = self.arguments(takes(), location=location)(route)
            self._add(path, route, "GET")
            return view

        return declare

    def post(
        self,
        path: str,
        *,
        summary: str,
        description: str,
        takes: Mapping[str, Any],
        answers: Mapping[str, Any],
        query: Type[Schema],
        headers: Mapping[str, Any],
        errors: Sequence[Type[DeskError]],
        examples: Sequence[str],
    ) -> Callable[[Callable[[Any], Response]], Callable[[Any], Response]]:
        """Declare a view that reads the content of a POST itself, and makes the response.

        Args:
            summary: of the route, for its documentation.
            takes: the media types that it reads, each with its schema.
            answers: the media types that it answers in, each with its schema.
            query: schema of the parameters in the query, which the view gets.
            headers: of a successful answer, as OpenAPI describes them.
            errors: those of the domain that the view may raise.
            examples: commands that work, in which {server} stands for where the desk is.
        """

        def declare(view: Callable[[Any], Response]) -> Callable[[Any], Response]:
            route: Any = view
            for media_type, schema in answers.items():
                route = self.alt_response(
                    200, schema=schema, content_type=media_type, headers=headers, success=True
                )(route)
            content = {media_type: {"schema": schema} for media_type, schema in takes.items()}
            route = self.doc(requestBody={"required": True, "content": content})(route)
            samples = [{"lang": "Shell", "source": example} for example in examples]
            route = self._documented(route, summary, description, errors, samples)
            self._add(path, self.arguments(query(), location="query")(route), "POST")
            return view

        return declare

    def _add(self, path: str, route: Any, method: str) -> None:
        self.add_url_rule(path, view_func=route, methods=[method], tags=[self.description])

    def _answering(self, answers: Union[Type[Schema], Sequence[Type[Schema]]]) -> Any:
        if isinstance(answers, Sequence):
            return self.response(200, {"anyOf": list(answers)})
        return self.response(200, answers)

    def _documented(
        self,
        view: Any,
        summary: str,
        description: str,
        errors: Sequence[Type[DeskError]],
        samples: Sequence[Mapping[str, str]],
    ) -> Any:
        """Document a route: its purpose, its errors by status, and commands that call it."""
        # flask-smorest reads docstrings, and `python -OO` has none.
        view.__doc__ = f"{summary}\n\n{description}"
        codes: Dict[int, Set[str]] = {500: {INTERNAL_ERROR}}
        for error in (*errors, *EVERYWHERE):
            codes.setdefault(error.status, set()).add(error.code)
        for status, names in codes.items():
            view = self.alt_response(
                status,
                schema=ProblemSchema,
                content_type="application/problem+json",
                description=f"{HTTPStatus(status).phrase}: {', '.join(sorted(names))}",
            )(view)
        return self.doc(**{"x-codeSamples": list(samples)})(view)


def _with_date(view: View, takes_query: bool) -> Callable[..., Tuple[Any, int, Mapping[str, str]]]:
    """Make of a view one that gives its data, the status, and Last-Modified."""

    @wraps(view)
    def answer(*arguments: Any, **_path: Any) -> Tuple[Any, int, Mapping[str, str]]:
        if not takes_query:
            _refuse_query()
        data, changed_at = view(*arguments)
        return data, 200, {"Last-Modified": http_date(changed_at)} if changed_at else {}

    return answer


def _cacheable(route: Any) -> Any:
    @wraps(route)
    def respond(*arguments: Any, **path_arguments: Any) -> Response:
        return cacheable(route(*arguments, **path_arguments))

    return respond


def _refuse_query() -> None:
    """Refuse any parameter, where a route has no schema for them."""
    wrong = ApiSchema().validate(request.args)
    if wrong:
        raise not_valid(ApiSchema(), wrong)
