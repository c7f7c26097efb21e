"""The timeline of risk tables: which one counts on a day, and what becomes of each."""

from __future__ import annotations

from bisect import bisect_right
from datetime import date, datetime, timedelta
from functools import cached_property
from typing import Callable, Iterable, NamedTuple, TypedDict

from webapp import clock
from webapp.errors import DateNotValid, RiskTableNotFound
from webapp.i18n.iso_date import parse_iso_date
from webapp.i18n.messages import N_
from webapp.zipcodes import risk_table
from webapp.zipcodes.places import Places
from webapp.zipcodes.risk_table import RiskFactor, RiskTable, precedence

IN_FORCE, PLANNED, PAST, CANCELLED = STATES = ("in force", "planned", "past", "cancelled")

# Names of headers with the table of a response and its first and last day.
TABLE_HEADER = "Risk-Table"
FIRST_DAY_HEADER, LAST_DAY_HEADER = f"{TABLE_HEADER}-Effective-From", f"{TABLE_HEADER}-Effective-Until"
TABLE_HEADERS = (TABLE_HEADER, FIRST_DAY_HEADER, LAST_DAY_HEADER)

DATE_ADVICE = N_("Enter a date as year, month and day, for example 2026-03-15.")


class Period(NamedTuple):
    """The days on which a table counts, both included; None for an open beginning or end."""

    table: RiskTable
    first: date | None
    last: date | None


def headers(table_id: int, first: date | None, last: date | None) -> dict[str, str]:
    """Return the headers of a response from a table. An open beginning or end has none."""
    values = (table_id, first, last)
    return {name: str(value) for name, value in zip(TABLE_HEADERS, values) if value is not None}


class PlannedFactor(TypedDict):
    """A factor that a planned table gives a zipcode; None if it will be in no range."""

    effective_from: date
    factor: str | None
    risk_table: int


class RiskFactorOn(RiskFactor):
    """The risk factor on a day, the last day of its table, and the changes planned after that day."""

    effective_until: date | None
    planned: list[PlannedFactor]


class RiskTableEntry(TypedDict):
    """A table in the timeline.

    `effective_until` is its last day. `replaced_by` is a table with the same first day that was loaded later:
    then this one counts on no day.
    """

    id: int
    name: str
    state: str
    effective_from: date | None
    effective_until: date | None
    replaced_by: int | None
    loaded_at: datetime
    loaded_by: str
    note: str
    cancelled_at: datetime | None
    range_count: int
    sha256: str


class Timeline:
    """Risk tables in the order in which they count."""

    def __init__(self, tables: Iterable[RiskTable]) -> None:
        self.tables = sorted(tables, key=precedence)

    @cached_property
    def periods(self) -> list[Period]:
        """Periods without a gap between them, in ascending order."""
        counting = list({table.first_day: table for table in self.tables if not table.cancelled_at}.values())
        lasts: list[date | None] = [later.first_day - timedelta(days=1) for later in counting[1:]]
        return [Period(table, table.effective_from, last) for table, last in zip(counting, [*lasts, None])]

    def get(self, table_id: int) -> RiskTable:
        """Return a table by its id. Raises RiskTableNotFound."""
        for table in self.tables:
            if table.id == table_id:
                return table
        raise RiskTableNotFound(N_("There is no risk table %(number)s."), number=str(table_id))

    def on(self, day: date) -> Period:
        """Return the period that holds a day. Raises RiskTableUnavailable when there is none."""
        table = risk_table.in_force(self.tables, day)
        return next(period for period in self.periods if period.table is table)

    def same_as(self, day: date, today: date) -> date:
        """Return one day for all on which the same table counts and the same is planned, to save memory.

        Raises RiskTableUnavailable when no table counts.
        """
        _table, first, last = self.on(day)
        if last and last < today:
            return last
        return first if first and first > today else today

    def after(self, day: date) -> list[Period]:
        """Return the periods that begin after a day."""
        firsts = [period.table.first_day for period in self.periods]
        return self.periods[bisect_right(firsts, day) :]

    def before(self, table: RiskTable) -> RiskTable | None:
        """Return the table that counted on the first day of `table` until that was loaded."""
        return self._last(lambda other: precedence(other) < precedence(table))

    def up_to(self, day: date) -> RiskTable | None:
        """Return the table that counts on a day, or None."""
        return self._last(lambda other: other.first_day <= day)

    def _last(self, condition: Callable[[RiskTable], bool]) -> RiskTable | None:
        found = [table for table in self.tables if not table.cancelled_at and condition(table)]
        return found[-1] if found else None

    def state(self, table: RiskTable, day: date) -> str:
        """Return one of STATES."""
        if table.cancelled_at:
            return CANCELLED
        if table.first_day > day:
            return PLANNED
        return IN_FORCE if self.up_to(day) is table else PAST

    def entries(self, day: date) -> list[RiskTableEntry]:
        """Describe all tables, with their state on a day; the table that begins last comes first."""
        return [self.entry(table, day) for table in reversed(self.tables)]

    def entry(self, table: RiskTable, day: date) -> RiskTableEntry:
        """Describe a table, with its state on a day."""
        period = next((period for period in self.periods if period.table is table), None)
        return {
            "id": table.id,
            "name": table.name,
            "state": self.state(table, day),
            "effective_from": table.effective_from,
            "effective_until": period.last if period else None,
            "replaced_by": None if period or table.cancelled_at else self._on_same_day(table).id,
            "loaded_at": table.imported_at,
            "loaded_by": table.loaded_by,
            "note": table.note,
            "cancelled_at": table.cancelled_at,
            "range_count": len(table.ranges),
            "sha256": table.sha256,
        }

    def _on_same_day(self, table: RiskTable) -> RiskTable:
        return next(period.table for period in self.periods if period.table.first_day == table.first_day)

    def changed_at(self, day: date) -> datetime:
        """Return the last instant up to a day at which a table was loaded, cancelled or came into force."""
        instants = [table.imported_at for table in self.tables]
        instants += [table.cancelled_at for table in self.tables if table.cancelled_at]
        firsts = [period.first for period in self.periods if period.first and period.first <= day]
        return max([*instants, *map(clock.start_of, firsts)])


def parse_on(text: str) -> date:
    """Validate the date of a lookup and return it. Raises DateNotValid."""
    try:
        return parse_iso_date(text)
    except ValueError:
        raise DateNotValid(DATE_ADVICE) from None


def find(timeline: Timeline, places: Places, zipcode: int, on: date, today: date) -> RiskFactorOn:
    """Look up a zipcode in the table of a day. Raises ZipcodeNotFound and RiskTableUnavailable."""
    period = timeline.on(on)
    changed_at = timeline.changed_at(today)
    return {
        **risk_table.find(period.table, places, zipcode),
        "effective_until": period.last,
        "planned": _planned(timeline, zipcode, max(on, today)),
        # Of all tables, because the planned ones are shown too.
        "changed_at": max(changed_at, places.loaded_at or changed_at),
    }


def _planned(timeline: Timeline, zipcode: int, day: date) -> list[PlannedFactor]:
    """Return the changes of the factor of a zipcode after a day."""
    planned: list[PlannedFactor] = []
    factor = timeline.on(day).table.factor_of(zipcode)
    for table, first, _last in timeline.after(day):
        planned_factor = table.factor_of(zipcode)
        if first and planned_factor != factor:
            planned.append({"effective_from": first, "factor": planned_factor, "risk_table": table.id})
        factor = planned_factor
    return planned
