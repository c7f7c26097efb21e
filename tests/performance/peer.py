"""The desk's peer: the same answers from an asynchronous server, FastAPI on uvicorn with asyncpg.

What a team would write that wants speed above all: the whole table in memory, each answer made once and
kept ready to send, a look every two seconds whether the data has changed. JSON only; it imports nothing
of the desk but the calendar, so that its start and its memory are its own.
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
from typing import Any, AsyncIterator, Dict, List, Mapping, Optional

import asyncpg
from dateutil.tz import gettz
from fastapi import FastAPI, Request, Response

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
KEPT = {"Vary": "Accept", "Cache-Control": "public, max-age=60, stale-while-revalidate=60"}
NOT_KEPT = {"Vary": "Accept", "Cache-Control": "no-store"}
OPEN = {"Access-Control-Allow-Origin": "*", "Access-Control-Expose-Headers": "ETag, Retry-After"}

ADVICE = "A zipcode has four digits, from 1000 to 9999, for example 9000."

# The same figures as in the desk's data_version.py.
STATE = """
SELECT (SELECT max(id) FROM risk_table), (SELECT count(*) FROM risk_table),
       (SELECT max(effective_from) FROM risk_table),
       (SELECT sum((first * 10000 + last) * CASE factor WHEN 'A' THEN 1 WHEN 'B' THEN 2 ELSE 3 END)
        FROM risk_range),
       (SELECT max(loaded_at) FROM place), (SELECT count(*) FROM place),
       (SELECT max(fetched_at) FROM index_value), (SELECT count(*) FROM index_value),
       (SELECT sum(value) FROM index_value), (SELECT max(succeeded_at) FROM upstream_check)
"""
TABLE = """
SELECT id, effective_from, imported_at FROM risk_table
WHERE effective_from <= $1 ORDER BY effective_from DESC, id DESC LIMIT 1
"""
RANGES = "SELECT first, last, factor FROM risk_range WHERE risk_table_id = $1 ORDER BY first"
INDEX = """
SELECT DISTINCT ON (base_year) base_year, month, value, status FROM index_value
ORDER BY base_year, month DESC
"""
CHECKED = "SELECT succeeded_at FROM upstream_check"


def load_calendar() -> Any:
    """The desk's calendar of publications, without the desk: its file needs no other."""
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


def answer(
    status: int, content: Mapping[str, Any], headers: Mapping[str, str], media_type: str = "application/json"
) -> Response:
    """An answer that is ready to be sent any number of times."""
    body = (json.dumps(content, ensure_ascii=False, separators=(",", ":")) + "\n").encode()
    known = {**headers, **SECURITY}
    if status == 200:
        known.update(KEPT, ETag=f'"{hashlib.sha1(body).hexdigest()}"')  # noqa: S324  # as the desk does
    else:
        known.update(NOT_KEPT)
    return Response(body, status, known, media_type)


def problem(status: int, code: str, title: str, detail: str, **further: Any) -> Response:
    content = {"type": f"/api/v1/#{code}", "title": title, "status": status, "detail": detail, "code": code}
    return answer(status, {**content, **further}, OPEN, "application/problem+json")


def given(**names: str) -> Dict[str, str]:
    return {language: name for language, name in names.items() if name}


def describe(place: Mapping[str, Any]) -> Dict[str, Any]:
    """A locality as the API shows it."""
    names = given(nl=place["name_nl"], fr=place["name_fr"], de=place["name_de"])
    local = [names[language] for language in place["language"].split("+") if language in names]
    municipality = given(
        nl=place["municipality_nl"], fr=place["municipality_fr"], de=place["municipality_de"]
    )
    return {
        "name": " / ".join(dict.fromkeys(local)) or place["name"],
        "names": names,
        "municipality": {"nis": place["nis"], "names": municipality},
        "province": given(nl=place["province_nl"], fr=place["province_fr"]) or None,
        "region": place["region"],
    }


WRONG_YEAR = answer(400, {"detail": "WRONG_YEAR"}, {})
ZIPCODE_NOT_VALID = answer(400, {"detail": "ZIPCODE_NOT_VALID"}, {})
ZIPCODE_NOT_FOUND = answer(404, {"detail": "ZIPCODE_NOT_FOUND"}, {})
PROBLEM_NOT_VALID = problem(
    400,
    "ZIPCODE_NOT_VALID",
    "Invalid zipcode",
    f"zipcode: {ADVICE}",
    errors={"zipcode": [ADVICE]},
)


class Answers:
    """The answers that follow from one state of the data; each is made when it is first asked for."""

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
        in_force = datetime.combine(table["effective_from"], time.min, BRUSSELS).astimezone(timezone.utc)
        loaded = [place["loaded_at"] for place in places[:1]]
        self._changed_at = format_datetime(max([table["imported_at"], in_force, *loaded]), usegmt=True)
        self._lookups: Dict[str, Response] = {}
        self._descriptions: Dict[str, Response] = {}
        self._index = {str(entry["base_year"]): _index_answer(entry, checked_at) for entry in index}

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
            "Risk-Table-Effective-From": self._table["effective_from"].isoformat(),
        }
        return answer(200, {"risk_factor": entry["factor"]}, headers)

    def _make_description(self, zipcode: int) -> Response:
        entry = self._range_of(zipcode)
        if entry is None:
            detail = f"Zipcode {zipcode} is in no range of the risk table. Check it for typing errors."
            return problem(404, "ZIPCODE_NOT_FOUND", "No risk factor for this zipcode", detail)
        places = sorted(self._places.get(zipcode, []), key=lambda place: str(place["name"]))
        content = {
            "zipcode": str(zipcode),
            "risk_factor": entry["factor"],
            "range": {"first": str(entry["first"]), "last": str(entry["last"])},
            "risk_table": {
                "id": self._table["id"],
                "effective_from": self._table["effective_from"].isoformat(),
            },
            "assigned": bool(places),
            "kind": "locality" if places else None,
            "places": places,
        }
        return answer(200, content, {"Last-Modified": self._changed_at, **OPEN})


def _index_answer(index: Mapping[str, Any], checked_at: Optional[datetime]) -> Response:
    headers = {
        "Index-Month": f"{index['month']:%Y-%m}",
        "Index-Status": index["status"],
        "Index-Stale": "true" if index["month"] < CALENDAR.latest_published_month(today()) else "false",
    }
    if checked_at:
        headers["Index-Checked"] = f"{checked_at.astimezone(timezone.utc):%Y-%m-%dT%H:%M:%SZ}"
    return answer(200, {"index": float(index["value"])}, headers)


class Data:
    """The answers for the present state of the database."""

    answers: Answers

    def __init__(self) -> None:
        self._version = ""

    async def refresh(self, pool: Any) -> None:
        """Start with new answers when the data, or the day, is another one."""
        async with pool.acquire() as connection, connection.transaction(isolation="repeatable_read"):
            version = f"{today()} {tuple(await connection.fetchrow(STATE))}"
            if version == self._version:
                return
            table = await connection.fetchrow(TABLE, today())
            self.answers = Answers(
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
                log.warning("cannot see whether the data has changed: %s", error)


data = Data()


@asynccontextmanager
async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
    async with asyncpg.create_pool(os.environ["DATABASE_URL"], min_size=1, max_size=2) as pool:
        await data.refresh(pool)
        checking = asyncio.create_task(data.keep_fresh(pool))
        yield
        checking.cancel()


def unless_known(request: Request, found: Response) -> Response:
    """The answer, or that nothing has changed when the client has it already."""
    wanted = request.headers.get("if-none-match")
    if wanted and wanted == found.headers.get("etag"):
        return Response(status_code=304, headers={**KEPT, "ETag": wanted})
    return found


app = FastAPI(lifespan=lifespan)


@app.get("/healthz")
async def healthz() -> Dict[str, str]:
    return {"status": "ok"}


@app.get("/zipcode/{zipcode}")
async def show_zipcode(request: Request, zipcode: str) -> Response:
    return unless_known(request, data.answers.lookup(zipcode))


@app.get("/index")
async def show_index(request: Request, year: str = "2004") -> Response:
    return unless_known(request, data.answers.index(year))


@app.get("/api/v1/zipcodes/{zipcode}")
async def describe_zipcode(request: Request, zipcode: str) -> Response:
    return unless_known(request, data.answers.description(zipcode))
