"""One payload as JSON or as a page: the one place that reads Accept, and that sets the headers
of caching on what it makes."""

from typing import Any, Callable, Dict, Iterable, Mapping, Optional, Sequence

from flask import Response, jsonify, make_response, render_template, request, url_for

from webapp.i18n.messages import Message

# Everything below this is for scripts: there an error is never a page.
API_PREFIX = "/api/"

# JSON first: it is what `*/*` and a missing Accept get. A browser prefers text/html.
MEDIA_TYPES = ("application/json", "text/html")


def prefers_page() -> bool:
    """Whether this request is to be answered with a page; `?format=` wins over Accept."""
    requested_format = request.args.get("format")
    if requested_format in ("json", "html"):
        return requested_format == "html"
    return request.accept_mimetypes.best_match(MEDIA_TYPES) == "text/html"


def prefers_csv() -> bool:
    """The same between JSON and CSV, on the routes of the API that have both."""
    requested_format = request.args.get("format")
    if requested_format is not None:
        return requested_format == "csv"
    return request.accept_mimetypes.best_match(("application/json", "text/csv")) == "text/csv"


def represent(
    payload: Mapping[str, Any],
    template: str,
    context: Callable[[], Mapping[str, Any]],
    max_age: int,
    headers: Mapping[str, str],
) -> Response:
    """Answer with `payload` as JSON, or with `template` rendered from what `context` gives.

    Args:
        context: asked only for a page, which may need much that JSON does not.
        max_age: seconds for which anybody may keep the answer.
        headers: what a caller may want to know besides the payload.
    """
    response = make_response(render_template(template, **context())) if prefers_page() else jsonify(payload)
    response.headers.update(headers)
    return cacheable(response, max_age)


def cacheable(response: Response, max_age: int) -> Response:
    """Let anybody keep a response for `max_age` seconds, then ask whether it has changed.

    For as long again, it may still be given to others while that is being asked.
    """
    response.vary.add("Accept")
    response.cache_control.public = True
    response.cache_control.max_age = max_age
    response.cache_control["stale-while-revalidate"] = str(max_age)
    response.add_etag()
    response.make_conditional(request)
    return response


def download(pieces: Iterable[bytes], file_name: str) -> Response:
    """Answer with a CSV file that a browser keeps under a name of ASCII letters."""
    response = Response(b"".join(pieces), mimetype="text/csv")
    response.headers["Content-Disposition"] = f"attachment; filename={file_name}"
    return response


def represent_error(
    status: int,
    code: str,
    title: str,
    said: Message,
    *,
    field: Optional[str] = None,
    value: str = "",
    errors: Optional[Mapping[str, Sequence[str]]] = None,
    reference: Optional[str] = None,
) -> Response:
    """Answer with an error: under /api/ as RFC 9457 has it, else as `{"detail": code}` or as a page.

    An error that belongs to a form field comes as the lookup form with that field to correct.
    """
    further = {"reference": reference} if reference else {}
    if request.path.startswith(API_PREFIX):
        response = _problem(status, code, title, str(said), {"errors": errors} if errors else further)
    elif prefers_page():
        context: Mapping[str, Any] = {"title": title, "message": said}
        if field is not None:
            context = {"values": {field: value}, "errors": {field: said}, "title": title}
        response = make_response(render_template("lookup.html" if field else "error.html", **context))
    else:
        response = jsonify(detail=code, **further)
    response.status_code = status
    response.vary.add("Accept")
    response.cache_control.no_store = True
    return response


def _problem(status: int, code: str, title: str, message: str, further: Mapping[str, Any]) -> Response:
    body: Dict[str, Any] = {
        "type": url_for("api.document", _anchor=code),  # where the code is explained
        "title": title,
        "status": status,
        "detail": message,
        "code": code,
        **further,
    }
    response = jsonify(body)
    response.mimetype = "application/problem+json"
    return response
