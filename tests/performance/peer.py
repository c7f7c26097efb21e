"""The peer: the app's JSON responses from an asynchronous server, FastAPI on uvicorn with asyncpg.

It is optimized for speed: all data in memory, each response built once and cached, a check for changes every
two seconds. It imports nothing of the app but the calendar, so that start-up and memory are its own.
"""

import asyncio
import hashlib
import importlib.util
import json
import logging
import os
import re
from bisect import bisect_right
from contextlib import asynccontextmanager
from datetime import date, datetime, time, timezone
from email.utils import format_datetime
from pathlib import Path
from random import getrandbits
from typing import Any, AsyncIterator, Dict, List, Mapping, Optional

import asyncpg
from dateutil.tz import gettz
from fastapi import FastAPI, Request, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

log = logging.getLogger("uvicorn.error")

CHECK_SECONDS = 2.0
BRUSSELS = gettz("Europe/Brussels")

SECURITY = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; img-src 'self'; script-src 'self'; connect-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}
CACHEABLE = {"Vary": "Accept", "Cache-Control": "public, max-age=60, stale-while-revalidate=60"}
NOT_CACHEABLE = {"Vary": "Accept", "Cache-Control": "no-store"}
CORS = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": "ETag, Retry-After, X-Request-ID, Zipcode-Column",
}

# The app compresses these where a client accepts it; no client of the benchmark does.
MIN_COMPRESSED_BYTES = 1000

# From base year 2013.
COEFFICIENTS = {2004: "1.2077", 1996: "1.3740", 1988: "1.6566"}

ADVICE = "A zipcode has four digits, from 1000 to 9999, for example 9000."

# A fingerprint of the data.
FINGERPRINT = """
SELECT (SELECT max(id) FROM risk_table), (SELECT count(*) FROM risk_table),
       (SELECT max(effective_from) FROM risk_table),
       (SELECT sum((first * 10000 + last) * CASE factor WHEN 'A' THEN 1 WHEN 'B' THEN 2 ELSE 3 END)
        FROM risk_range),
       (SELECT max(loaded_at) FROM place), (SELECT count(*) FROM place),
       (SELECT max(fetched_at) FROM index_value), (SELECT count(*) FROM index_value),
       (SELECT sum(value) FROM index_value), (SELECT max(succeeded_at) FROM upstream_check)
"""
TABLE = """
SELECT id, NULLIF(first_day, '-infinity') AS effective_from, imported_at
FROM (SELECT *, CASE WHEN open_beginning THEN '-infinity' ELSE effective_from END AS first_day FROM risk_table
      WHERE cancelled_at IS NULL) AS tables
WHERE first_day <= $1 ORDER BY first_day DESC, id DESC LIMIT 1
"""
RANGES = "SELECT first, last, factor FROM risk_range WHERE risk_table_id = $1 ORDER BY first"
INDEX = """
SELECT DISTINCT ON (base_year) base_year, month, value, status FROM index_value
ORDER BY base_year, month DESC
"""
CHECKED = "SELECT succeeded_at FROM upstream_check"


def load_calendar() -> Any:
    """Load the calendar of publications without the app: its module imports no other."""
    path = Path(__file__).resolve().parents[2] / "webapp" / "health_index" / "publication.py"
    spec = importlib.util.spec_from_file_location("publication", path)
    if spec is None or spec.loader is None:
        raise ImportError(str(path))
    calendar = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(calendar)
    return calendar


CALENDAR = load_calendar()


def today() -> date:
    return datetime.now(BRUSSELS).date()


def make_response(
    status: int, payload: Mapping[str, Any], headers: Mapping[str, str], media_type: str = "application/json"
) -> Response:
    """Return a response that can be sent any number of times."""
    body = (json.dumps(payload, ensure_ascii=False, separators=(",", ":")) + "\n").encode()
    all_headers = {**headers, **SECURITY}
    if status == 200:
        all_headers.update(CACHEABLE, ETag=f'"{hashlib.sha1(body).hexdigest()}"')  # noqa: S324  # as Werkzeug does
        if len(body) >= MIN_COMPRESSED_BYTES:
            all_headers["Vary"] += ", Accept-Encoding"
    else:
        all_headers.update(NOT_CACHEABLE)
    return Response(body, status, all_headers, media_type)


def problem(status: int, code: str, title: str, detail: str, **extra: Any) -> Response:
    payload = {"type": f"/api/v1/#{code}", "title": title, "status": status, "detail": detail, "code": code}
    return make_response(status, {**payload, **extra}, CORS, "application/problem+json")


def without_empty(**names: str) -> Dict[str, str]:
    return {language: name for language, name in names.items() if name}


def describe(place: Mapping[str, Any]) -> Dict[str, Any]:
    """Describe a locality as the API does."""
    names = without_empty(nl=place["name_nl"], fr=place["name_fr"], de=place["name_de"])
    local = [names[language] for language in place["language"].split("+") if language in names]
    municipality = without_empty(
        nl=place["municipality_nl"], fr=place["municipality_fr"], de=place["municipality_de"]
    )
    return {
        "name": " / ".join(dict.fromkeys(local)) or place["name"],
        "names": names,
        "municipality": {"nis": place["nis"], "names": municipality},
        "province": without_empty(nl=place["province_nl"], fr=place["province_fr"]) or None,
        "region": place["region"],
    }


WRONG_YEAR = make_response(400, {"detail": "WRONG_YEAR"}, {})
ZIPCODE_NOT_VALID = make_response(400, {"detail": "ZIPCODE_NOT_VALID"}, {})
ZIPCODE_NOT_FOUND = make_response(404, {"detail": "ZIPCODE_NOT_FOUND"}, {})
PROBLEM_NOT_VALID = problem(
    400,
    "ZIPCODE_NOT_VALID",
    "Invalid zipcode",
    f"zipcode: {ADVICE}",
    errors={"zipcode": [ADVICE]},
)


class Responses:
    """The responses for one version of the data, each built at the first request for it."""

    def __init__(
        self,
        table: Mapping[str, Any],
        ranges: List[Mapping[str, Any]],
        places: List[Mapping[str, Any]],
        index: List[Mapping[str, Any]],
        checked_at: Optional[datetime],
    ) -> None:
        self._table = table
        self._firsts = [entry["first"] for entry in ranges]
        self._ranges = ranges
        self._places: Dict[int, List[Dict[str, Any]]] = {}
        for place in places:
            self._places.setdefault(place["zipcode"], []).append(describe(place))
        changed = [table["imported_at"], *(place["loaded_at"] for place in places[:1])]
        if table["effective_from"]:
            in_force = datetime.combine(table["effective_from"], time.min, BRUSSELS)
            changed.append(in_force.astimezone(timezone.utc))
        self._changed_at = format_datetime(max(changed), usegmt=True)
        self._lookups: Dict[str, Response] = {}
        self._descriptions: Dict[str, Response] = {}
        self._index = {str(entry["base_year"]): _index_response(entry, checked_at) for entry in index}

    def index(self, year: str) -> Response:
        return self._index.get(year, WRONG_YEAR)

    def lookup(self, zipcode: str) -> Response:
        known = self._lookups.get(zipcode)
        if known:
            return known
        if not re.fullmatch("[1-9][0-9]{3}", zipcode):
            return ZIPCODE_NOT_VALID
        known = self._lookups[zipcode] = self._make_lookup(int(zipcode))
        return known

    def description(self, zipcode: str) -> Response:
        known = self._descriptions.get(zipcode)
        if known:
            return known
        if not re.fullmatch("[1-9][0-9]{3}", zipcode):
            return PROBLEM_NOT_VALID
        known = self._descriptions[zipcode] = self._make_description(int(zipcode))
        return known

    def _range_of(self, zipcode: int) -> Optional[Mapping[str, Any]]:
        position = bisect_right(self._firsts, zipcode)
        entry = self._ranges[position - 1] if position else None
        return entry if entry and zipcode <= entry["last"] else None

    def _make_lookup(self, zipcode: int) -> Response:
        entry = self._range_of(zipcode)
        if entry is None:
            return ZIPCODE_NOT_FOUND
        headers = {
            "Risk-Range": f"{entry['first']}-{entry['last']}",
            "Risk-Table": str(self._table["id"]),
        }
        if self._table["effective_from"]:
            headers["Risk-Table-Effective-From"] = self._table["effective_from"].isoformat()
        return make_response(200, {"risk_factor": entry["factor"]}, headers)

    def _make_description(self, zipcode: int) -> Response:
        entry = self._range_of(zipcode)
        if entry is None:
            detail = f"Zipcode {zipcode} is in no range of the risk table. Check it for typing errors."
            return problem(404, "ZIPCODE_NOT_FOUND", "No risk factor for this zipcode", detail)
        places = sorted(self._places.get(zipcode, []), key=lambda place: str(place["name"]))
        payload = {
            "zipcode": str(zipcode),
            "risk_factor": entry["factor"],
            "range": {"first": str(entry["first"]), "last": str(entry["last"])},
            "risk_table": {
                "id": self._table["id"],
                "effective_from": self._table["effective_from"] and self._table["effective_from"].isoformat(),
                "effective_until": None,
            },
            "planned": [],
            "assigned": bool(places),
            "kind": "locality" if places else None,
            "places": places,
        }
        return make_response(200, payload, {"Last-Modified": self._changed_at, **CORS})


def _index_response(index: Mapping[str, Any], checked_at: Optional[datetime]) -> Response:
    headers = {
        "Index-Month": f"{index['month']:%Y-%m}",
        "Index-Status": index["status"],
        "Index-Stale": "true" if index["month"] < CALENDAR.latest_published_month(today()) else "false",
    }
    if index["status"] == "converted":
        headers["Index-Coefficient"] = COEFFICIENTS[index["base_year"]]
        headers["Index-Coefficient-Source"] = "statbel"
    if checked_at:
        headers["Index-Checked"] = f"{checked_at.astimezone(timezone.utc):%Y-%m-%dT%H:%M:%SZ}"
    return make_response(200, {"index": float(index["value"])}, headers)


class Data:
    """The responses for the current version of the data."""

    responses: Responses

    def __init__(self) -> None:
        self._version = ""

    async def refresh(self, pool: Any) -> None:
        """Replace the responses if the data or the date has changed."""
        async with pool.acquire() as connection, connection.transaction(isolation="repeatable_read"):
            version = f"{today()} {tuple(await connection.fetchrow(FINGERPRINT))}"
            if version == self._version:
                return
            table = await connection.fetchrow(TABLE, today())
            self.responses = Responses(
                table,
                await connection.fetch(RANGES, table["id"]),
                await connection.fetch("SELECT * FROM place"),
                await connection.fetch(INDEX),
                await connection.fetchval(CHECKED),
            )
            self._version = version

    async def keep_fresh(self, pool: Any) -> None:
        while True:
            await asyncio.sleep(CHECK_SECONDS)
            try:
                await self.refresh(pool)
            except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
                log.warning("data version check failed: %s", error)


data = Data()


@asynccontextmanager
async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
    async with asyncpg.create_pool(os.environ["DATABASE_URL"], min_size=1, max_size=2) as pool:
        await data.refresh(pool)
        checking = asyncio.create_task(data.keep_fresh(pool))
        yield
        checking.cancel()


def conditional(request: Request, response: Response) -> Response:
    """Return the response, or a 304 if the client has it already."""
    tag = request.headers.get("if-none-match")
    if tag and tag == response.headers.get("etag"):
        return Response(status_code=304, headers={**CACHEABLE, "ETag": tag})
    return response


class RequestIds:
    """Middleware that gives each response an id."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_id(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = [*message["headers"], (b"x-request-id", b"%016x" % getrandbits(64))]
                message = {**message, "headers": headers}
            await send(message)

        await self._app(scope, receive, send_with_id)


app = FastAPI(lifespan=lifespan)
app.add_middleware(RequestIds)


@app.get("/healthz")
async def healthz() -> Dict[str, str]:
    return {"status": "ok"}


@app.get("/zipcode/{zipcode}")
async def show_zipcode(request: Request, zipcode: str) -> Response:
    return conditional(request, data.responses.lookup(zipcode))


@app.get("/index")
async def show_index(request: Request, year: str = "2004") -> Response:
    return conditional(request, data.responses.index(year))


@app.get("/api/v1/zipcodes/{zipcode}")
async def describe_zipcode(request: Request, zipcode: str) -> Response:
    return conditional(request, data.responses.description(zipcode))
