"""The risk factor of a zipcode, from the risk table that is in force today."""

from datetime import date, datetime
from typing import Dict, List, Optional, TypedDict

from sqlalchemy import select
from sqlalchemy.orm import Session

from webapp import clock
from webapp.data.extensions import db
from webapp.data.risk_table_file import RiskFile
from webapp.data.zipcode_models import Place, RiskRange, RiskTable
from webapp.errors import RiskTableUnavailable, ZipcodeNotFound
from webapp.i18n.messages import N_
from webapp.zipcodes.place_names import PlaceDescription, describe_all


class RiskFactor(TypedDict):
    """The risk factor of a zipcode, and where it comes from.

    `first` and `last` are the ends of the range that holds the zipcode. `places` are the
    localities with this zipcode; none when bpost does not use it. `changed_at` is since when all
    of this can be so.
    """

    zipcode: int
    factor: str
    first: int
    last: int
    risk_table: int
    effective_from: date
    places: List[PlaceDescription]
    changed_at: datetime


class RiskTableDescription(TypedDict):
    """A version of the risk table, and when it and the places were loaded, None without places."""

    id: int
    effective_from: date
    range_count: int
    imported_at: datetime
    places_loaded_at: Optional[datetime]


def find(zipcode: int) -> RiskFactor:
    """The risk factor of a zipcode from 1000 to 9999.

    Raises ZipcodeNotFound when no range holds it, RiskTableUnavailable when no table is in force.
    """
    table = current_table()
    changed = changed_at(table)  # first: what is read after it may be newer, but never older
    found = db.session.scalars(
        select(RiskRange).where(
            RiskRange.risk_table_id == table.id, RiskRange.first <= zipcode, RiskRange.last >= zipcode
        )
    ).first()
    if found is None:
        raise ZipcodeNotFound(
            N_("No range of the risk table holds zipcode %(zipcode)s. Check it for a typing error."),
            value=str(zipcode),
            zipcode=zipcode,
        )
    return {
        "zipcode": zipcode,
        "factor": found.factor,
        "first": found.first,
        "last": found.last,
        "risk_table": table.id,
        "effective_from": table.effective_from,
        "places": describe_all(db.session.scalars(select(Place).where(Place.zipcode == zipcode))),
        "changed_at": changed,
    }


def risk_factors() -> Dict[int, str]:
    """The risk factor of every zipcode that has one today.

    Raises RiskTableUnavailable when no table is in force.
    """
    ranges = db.session.execute(
        select(RiskRange.first, RiskRange.last, RiskRange.factor).where(
            RiskRange.risk_table_id == current_table().id
        )
    )
    return {zipcode: factor for first, last, factor in ranges for zipcode in range(first, last + 1)}


def current_table() -> RiskTable:
    """The risk table that counts today. Raises RiskTableUnavailable when there is none."""
    table = table_in_force(db.session(), clock.today())
    if table is None:
        raise RiskTableUnavailable(N_("No risk table has been loaded yet. Please try again in a minute."))
    return table


def describe_current_table() -> RiskTableDescription:
    """Say of the table that counts today how fresh it is. Raises RiskTableUnavailable without one."""
    table = current_table()
    return {
        "id": table.id,
        "effective_from": table.effective_from,
        "range_count": table.range_count,
        "imported_at": table.imported_at,
        "places_loaded_at": places_changed_at(),
    }


def changed_at(table: RiskTable) -> datetime:
    """Since when what a risk table and the places say together can have been so."""
    in_force = max(table.imported_at, clock.start_of(table.effective_from))
    return max(in_force, places_changed_at() or in_force)


def places_changed_at() -> Optional[datetime]:
    """When the places were loaded, None when there are none."""
    return db.session.scalar(select(Place.loaded_at).limit(1))  # they are always loaded together


def table_in_force(session: Session, on: date) -> Optional[RiskTable]:
    """The risk table that counts on a day, None when there is none."""
    return session.scalars(
        select(RiskTable)
        .where(RiskTable.effective_from <= on)
        .order_by(RiskTable.effective_from.desc(), RiskTable.id.desc())
        .limit(1)
    ).first()


def import_table(session: Session, file: RiskFile, source: str, effective_from: date) -> Optional[RiskTable]:
    """Add a new version of the risk table.

    Args:
        source: where the file comes from, by which its next version is known again.

    Returns None when the last import from this source was the very same file.
    """
    last = select(RiskTable.sha256).where(RiskTable.source == source).order_by(RiskTable.id.desc())
    if session.scalar(last.limit(1)) == file.sha256:
        return None
    table = RiskTable(
        source=source,
        effective_from=effective_from,
        imported_at=clock.now(),
        sha256=file.sha256,
        range_count=len(file.ranges),
    )
    session.add(table)
    session.flush()
    session.add_all(RiskRange(risk_table_id=table.id, **entry._asdict()) for entry in file.ranges)
    session.flush()
    return table
