"""Which state of the data answers are made from: what tells that something kept is not right any more.

It is read from the data itself, so that no writer has to remember to say that something changed, be it
this process, another container, a command or somebody with SQL.
"""

import logging
import threading
from time import monotonic

from sqlalchemy import Numeric, case, cast, func, select
from sqlalchemy.engine import Engine
from sqlalchemy.exc import SQLAlchemyError

from webapp import clock
from webapp.health_index.models import IndexValue, UpstreamCheck
from webapp.zipcodes.models import Place, RiskRange, RiskTable

log = logging.getLogger(__name__)

# A change is seen by the first request after so many seconds.
CHECK_SECONDS = 2.0

# Figures of each table that move when something in it changes. Sums, because a correction by hand may
# leave the times as they are; the largest of the tables has 2,781 rows.
FIGURES = (
    func.max(RiskTable.id),
    func.count(RiskTable.id),
    func.max(RiskTable.effective_from),
    func.sum(
        (RiskRange.first * 10_000 + RiskRange.last)
        * case((RiskRange.factor == "A", 1), (RiskRange.factor == "B", 2), else_=3)
    ),
    func.max(Place.loaded_at),
    func.count(Place.zipcode),
    func.max(IndexValue.fetched_at),
    func.count(IndexValue.month),
    func.sum(cast(IndexValue.value, Numeric(9, 2, asdecimal=False))),
    func.max(UpstreamCheck.succeeded_at),
)
STATE = select(*(select(figure).scalar_subquery() for figure in FIGURES))


class DataVersion:
    """Reads the version of the data in a database, now and then, for all threads."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._version = ""
        self._checked_at = -CHECK_SECONDS
        self._checking = threading.Lock()
        self._failing = False

    def current(self) -> str:
        """The version, as of CHECK_SECONDS ago at most: another text after every change.

        One thread at a time looks after it; the others go on with the version that is known. So do
        all while the database is out of reach, because what was right stays the best that there is.
        """
        if monotonic() >= self._checked_at + CHECK_SECONDS and self._checking.acquire(blocking=False):
            try:
                self._version = self._read()
            finally:
                self._checked_at = monotonic()
                self._checking.release()
        return self._version

    def _read(self) -> str:
        try:
            with self._engine.connect() as connection:
                state = connection.execute(STATE).one()
        except SQLAlchemyError as error:
            if not self._failing:
                log.warning("cannot see whether the data has changed (%s)", type(error).__name__)
            self._failing = True
            return self._version
        self._failing = False
        # The day counts as well: at midnight a risk table comes into force, and an index becomes old.
        return f"{clock.today()} {' '.join(map(str, state))}"
