"""How a route of the API is declared: in one place what it takes, what it answers, what it refuses."""

from datetime import datetime
from functools import wraps
from http import HTTPStatus
from typing import Any, Callable, Dict, List, Mapping, NoReturn, Optional, Sequence, Tuple, Type, Union

from flask import Request, Response, request
from flask_smorest import Blueprint
from marshmallow import RAISE, Schema, ValidationError, fields
from webargs.flaskparser import FlaskParser
from werkzeug.http import http_date

from webapp.api.fields import ApiSchema
from webapp.errors import DatabaseUnavailable, DeskError, RateLimited, RequestNotValid
from webapp.extensions import CACHE_SECONDS
from webapp.representation import cacheable

PREFIX = "/api/v1"

# Of one parameter: a list may have thousands of wrong elements.
MOST_MESSAGES = 10

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
    errors = {name: _messages(found)[:MOST_MESSAGES] for name, found in wrong.items()}
    names = list(errors)
    if len(names) > 1:
        return RequestNotValid(f"Please correct {', '.join(names[:-1])} and {names[-1]}.", errors=errors)
    known = {field.data_key or name: field for name, field in schema.fields.items()}
    error = getattr(known.get(names[0]), "error", RequestNotValid)
    return error(f"{names[0]}: {errors[names[0]][0]}", errors=errors)


def _messages(found: Any) -> List[str]:
    """What marshmallow says of one field: a list, or for each element of a list such a list."""
    if isinstance(found, dict):
        return [f"{position}: {message}" for position, inner in found.items() for message in _messages(inner)]
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
        takes: Optional[Type[Schema]] = None,
        answers: Union[Type[Schema], Sequence[Type[Schema]]],
        errors: Sequence[Type[DeskError]],
        example: str,
        csv: bool = False,
    ) -> Callable[[View], View]:
        """Declare a view that gives its data, or a response, and when that last changed.

        Args:
            takes: schema of the parameters in the path where it has any, else in the query.
            answers: schema of the data, as JSON; several where it depends on the question, and then
                the view applies the one that fits.
            errors: those of the domain that the view may raise.
            example: path and query of a request that works, after /api/v1.
            csv: whether the view also answers in CSV.
        """

        def declare(view: View) -> View:
            location = "path" if "<" in path else "query"
            no_query = takes is None or location == "path"

            @wraps(view)
            def with_date(*arguments: Any, **_path: Any) -> Tuple[Any, int, Mapping[str, str]]:
                if no_query and request.args:
                    raise not_valid(ApiSchema(), ApiSchema().validate(request.args))
                data, changed_at = view(*arguments)
                return data, 200, {"Last-Modified": http_date(changed_at)} if changed_at else {}

            answer = self._answering(answers)(with_date)
            if csv:
                answer = self.alt_response(
                    200, schema={"type": "string"}, content_type="text/csv", success=True
                )(answer)

            @wraps(answer)
            def respond(*arguments: Any, **path_arguments: Any) -> Response:
                return cacheable(answer(*arguments, **path_arguments), CACHE_SECONDS)

            documented = self._documented(respond, errors, [f"curl -s '{{server}}{PREFIX}{example}'"])
            documented = self.alt_response(304, description="Not modified since you asked.", success=True)(
                documented
            )
            if takes is not None:
                documented = self.arguments(takes(), location=location)(documented)
            self.add_url_rule(path, view_func=documented)
            return view

        return declare

    def _answering(self, answers: Union[Type[Schema], Sequence[Type[Schema]]]) -> Callable[[Any], Any]:
        if isinstance(answers, Sequence):
            documented: Callable[[Any], Any] = self.response(200, {"anyOf": list(answers)})
        else:
            documented = self.response(200, answers)
        return documented

    def take(
        self,
        path: str,
        *,
        takes: Mapping[str, Any],
        answers: Mapping[str, Any],
        errors: Sequence[Type[DeskError]],
        examples: Sequence[str],
    ) -> Callable[[Callable[[], Response]], Callable[[], Response]]:
        """Declare a view that reads the content of a POST itself, and makes the response.

        Args:
            takes: the media types that it reads, each with its schema.
            answers: the media types that it answers in, each with its schema.
            errors: those of the domain that the view may raise.
            examples: commands that work, in which {server} stands for where the desk is.
        """

        def declare(view: Callable[[], Response]) -> Callable[[], Response]:
            documented: Any = view
            for media_type, schema in answers.items():
                documented = self.alt_response(200, schema=schema, content_type=media_type, success=True)(
                    documented
                )
            content = {media_type: {"schema": schema} for media_type, schema in takes.items()}
            documented = self.doc(requestBody={"required": True, "content": content})(documented)
            documented = self._documented(documented, errors, examples)
            self.add_url_rule(path, view_func=documented, methods=["POST"])
            return view

        return declare

    def _documented(self, view: Any, errors: Sequence[Type[DeskError]], examples: Sequence[str]) -> Any:
        """Say in the OpenAPI document which errors a view has, by status, and how to call it."""
        by_status: Dict[int, List[str]] = {}
        everywhere: Sequence[Type[DeskError]] = (RequestNotValid, RateLimited, DatabaseUnavailable)
        for error in (*errors, *everywhere):
            by_status.setdefault(error.status, []).append(f"`{error.code}`")
        for status, codes in by_status.items():
            view = self.alt_response(
                status,
                schema=ProblemSchema,
                content_type="application/problem+json",
                description=f"{HTTPStatus(status).phrase}: {', '.join(codes)}",
            )(view)
        samples = [{"lang": "Shell", "source": example} for example in examples]
        return self.doc(**{"x-codeSamples": samples})(view)
