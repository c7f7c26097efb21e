"""`/api/v1/risk-tables`: all risk tables, their ranges, and what each changes. Nothing here writes."""

from __future__ import annotations

import re
from itertools import islice
from typing import Any

from flask import Response
from marshmallow import ValidationError, fields, validate

from webapp.api.fields import ApiSchema, Cursor, Format, Limit, ResponseSchema, Timestamp, Zipcode
from webapp.api.routing import ApiBlueprint, ViewResult
from webapp.data import current, reads
from webapp.errors import RiskTableNotFound
from webapp.http.negotiation import preferred
from webapp.zipcodes import table_diff
from webapp.zipcodes.risk_table import FACTORS, RiskTable, to_csv
from webapp.zipcodes.timeline import STATES, RiskTableEntry

bp = ApiBlueprint("api-risk-tables", "Risk tables", "/risk-tables")

MAX_ID = 999_999_999
MAX_RANGES = 1000
DEFAULT_RANGES = 200


class TableId(fields.Integer):
    """The id of a risk table."""

    def __init__(self, description: str, **options: Any) -> None:
        metadata = {"description": description, "minimum": 1, "maximum": MAX_ID, "example": 1}
        super().__init__(metadata=metadata, **options)

    def _deserialize(self, value: Any, *_args: Any, **_options: Any) -> int:
        if not re.fullmatch("[1-9][0-9]{0,8}", value):
            raise ValidationError("Must be the id of a risk table.")
        return int(value)


class TablePath(ApiSchema):
    id = TableId("Id of the risk table.", required=True)


class RangesQuery(ApiSchema):
    limit = Limit(
        MAX_RANGES,
        load_default=DEFAULT_RANGES,
        metadata={
            "description": f"Maximum number of ranges, up to {MAX_RANGES}. Defaults to {DEFAULT_RANGES}."
        },
    )
    cursor = Cursor("The next_cursor of the previous response.")
    format = Format("CSV has all ranges, whatever the limit.")


class DiffQuery(ApiSchema):
    against = TableId("Id of the table to compare with. Defaults to the one that counted until this one did.")


class TableSchema(ResponseSchema):
    id = fields.Integer()
    name = fields.String()
    state = fields.String(validate=validate.OneOf(STATES))
    effective_from = fields.Date(
        allow_none=True, metadata={"description": "First day in Belgium; null for an open beginning."}
    )
    effective_until = fields.Date(
        allow_none=True, metadata={"description": "Last day; null for an open end."}
    )
    replaced_by = fields.Integer(
        allow_none=True,
        metadata={
            "description": "Id of a table loaded later for the same day, so that this one never counts."
        },
    )
    loaded_at = Timestamp("Time of loading.")
    cancelled_at = Timestamp("Time of the cancellation of a planned table; else null.", allow_none=True)
    range_count = fields.Integer()
    sha256 = fields.String(metadata={"description": "SHA-256 of the file that was loaded."})


class TablesSchema(ResponseSchema):
    risk_tables = fields.List(fields.Nested(TableSchema))


class FactorRangeSchema(ResponseSchema):
    first = Zipcode("First zipcode of the range.")
    last = Zipcode("Last zipcode of the range.")
    risk_factor = fields.String(validate=validate.OneOf(FACTORS))


class TableWithRangesSchema(TableSchema):
    ranges = fields.List(fields.Nested(FactorRangeSchema))
    next_cursor = Zipcode("Cursor for the next ranges; null at the end.", allow_none=True)


class CountsSchema(ResponseSchema):
    gained = fields.Integer(metadata={"description": "Zipcodes that have a factor only now."})
    changed = fields.Integer(metadata={"description": "Zipcodes with another factor."})
    lost = fields.Integer(metadata={"description": "Zipcodes that have no factor any more."})


class ChangedZipcodeSchema(ResponseSchema):
    zipcode = Zipcode()
    places = fields.List(fields.String())


class FactorField(fields.String):
    """A risk factor, null for none."""

    def __init__(self, description: str, **options: Any) -> None:
        super().__init__(
            validate=validate.OneOf([*FACTORS, None]),
            allow_none=True,
            metadata={"description": description},
            **options,
        )


class ChangeGroupSchema(ResponseSchema):
    before = FactorField("Factor before; null for none.", data_key="from")
    after = FactorField("Factor after; null for none.", data_key="to")
    zipcodes = fields.List(fields.Nested(ChangedZipcodeSchema))


class DiffSchema(ResponseSchema):
    risk_table = fields.Integer()
    against = fields.Integer(
        allow_none=True, metadata={"description": "Null for the first table, which is compared with nothing."}
    )
    in_use = fields.Nested(CountsSchema)
    not_in_use = fields.Nested(CountsSchema)
    groups = fields.List(
        fields.Nested(ChangeGroupSchema),
        metadata={"description": "The zipcodes in use that change, by factor before and after."},
    )
    added_ranges = fields.List(fields.Nested(FactorRangeSchema))
    dropped_ranges = fields.List(fields.Nested(FactorRangeSchema))


@bp.get(
    "",
    summary="All risk tables, the one that begins last first",
    description="Past, planned and cancelled ones too. A table never changes; to write one takes a command.",
    response=TablesSchema,
    errors=(),
    examples=("/risk-tables",),
)
def risk_tables() -> ViewResult:
    snapshot = current.snapshot()
    entries = snapshot.timeline.entries(snapshot.day)
    return {"risk_tables": list(map(_described, entries))}, reads.risk_tables_changed_at()


@bp.get(
    "/<id>",
    summary="A risk table with its ranges, as JSON or CSV",
    params=TablePath,
    query=RangesQuery,
    response=TableWithRangesSchema,
    errors=(RiskTableNotFound,),
    examples=("/risk-tables/1?limit=2", "/risk-tables/1?format=csv"),
    csv=True,
)
def risk_table(path: dict[str, Any], query: dict[str, Any]) -> ViewResult:
    snapshot = current.snapshot()
    table = snapshot.timeline.get(path["id"])
    changed_at = reads.risk_tables_changed_at()
    if preferred("json", "csv") == "csv":
        return Response(to_csv(table), mimetype="text/csv"), changed_at
    limit, after = query["limit"], query.get("cursor", 0)
    following = list(islice((entry for entry in table.ranges if entry.first > after), limit + 1))
    body = {
        **_described(snapshot.timeline.entry(table, snapshot.day)),
        "ranges": list(map(table_diff.describe_range, following[:limit])),
        "next_cursor": str(following[limit - 1].first) if len(following) > limit else None,
    }
    return body, changed_at


@bp.get(
    "/<id>/diff",
    summary="What a risk table changes",
    params=TablePath,
    query=DiffQuery,
    response=DiffSchema,
    errors=(RiskTableNotFound,),
    examples=("/risk-tables/1/diff",),
)
def diff(path: dict[str, Any], query: dict[str, Any]) -> ViewResult:
    timeline = current.snapshot().timeline
    table = timeline.get(path["id"])
    against: RiskTable | None
    against = timeline.get(query["against"]) if "against" in query else timeline.before(table)
    against_id = against.id if against else None
    found = reads.risk_table_diff(table.id, against_id)
    body = {
        "risk_table": table.id,
        "against": against_id,
        **found,
        "groups": [{**group, "before": group["from"], "after": group["to"]} for group in found["groups"]],
    }
    return body, reads.risk_tables_changed_at()


def _described(entry: RiskTableEntry) -> dict[str, Any]:
    """Leave out the author and the note, which are not public."""
    return {name: value for name, value in entry.items() if name not in ("loaded_by", "note")}
