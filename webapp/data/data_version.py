"""Which state of the data answers are made from: what tells that something kept is not right any more.

It is read from the data itself, so that no writer has to remember to say that something changed, be it
this process, another container, a command or somebody with SQL. What it does not see, such as a place's
name that is corrected by hand, counts when the answers that are kept have become old.
"""

import logging
import threading
from time import monotonic

from sqlalchemy import Numeric, case, cast, extract, func, select
from sqlalchemy.engine import Engine
from sqlalchemy.exc import SQLAlchemyError

from webapp import clock
from webapp.data.index_models import PUBLISHED, IndexValue, UpstreamCheck
from webapp.data.zipcode_models import Place, RiskRange, RiskTable

log = logging.getLogger(__name__)

# A change is seen by the first request after so many seconds.
CHECK_SECONDS = 2.0

# After a failure the database is left alone for a while: a look at one that hangs takes seconds.
REST_SECONDS = 10.0

# How long others wait for the look of another, when the last is older than a change may stay unseen.
PATIENCE_SECONDS = 0.5

# Which value belongs to which month and base year, whatever their order.
WHEN = (
    IndexValue.base_year * 10_000
    + extract("year", IndexValue.month) * 12
    + extract("month", IndexValue.month)
)
HOW_RISKY = case((RiskRange.factor == "A", 1), (RiskRange.factor == "B", 2), else_=3)

# Figures of each table that move when something in it changes. Sums, because a correction by hand may
# leave the times as they are. The largest of the tables has 2,781 rows.
FIGURES = (
    func.max(RiskTable.id),
    func.count(RiskTable.id),
    func.max(RiskTable.effective_from),
    func.sum((RiskRange.first * 10_000 + RiskRange.last) * HOW_RISKY),
    func.max(Place.loaded_at),
    func.sum(Place.zipcode),
    func.max(IndexValue.fetched_at),
    func.count(IndexValue.month),
    func.sum(cast(IndexValue.value, Numeric(9, 2, asdecimal=False)) * WHEN),
    func.sum(case((IndexValue.status == PUBLISHED, WHEN), else_=0)),
    func.max(UpstreamCheck.succeeded_at),
)
STATE = select(*(select(figure).scalar_subquery() for figure in FIGURES))


class DataVersion:
    """Reads the version of the data in a database, now and then, for all threads."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._version = ""
        self._serial = 0
        self._next_look = float("-inf")
        self._looking = threading.Lock()
        self._failing = False

    def current(self) -> str:
        """The version of the data: another text after every change.

        One thread looks after CHECK_SECONDS, and the others go on with what is known, unless that is so
        old that they had better wait for it. While the database is out of reach the version stays, because
        what was right is the best that there is.
        """
        late = monotonic() - self._next_look
        if late >= 0 and self._looking.acquire(timeout=PATIENCE_SECONDS if late > CHECK_SECONDS else 0):
            try:
                if monotonic() >= self._next_look:  # else another has looked while this one waited
                    self._look()
            finally:
                self._looking.release()
        return self._version

    def serial(self) -> int:
        """Return a number that rises with every change that this process has seen."""
        self.current()
        return self._serial

    def _look(self) -> None:
        try:
            with self._engine.connect() as connection:
                state = connection.execute(STATE).one()
        except (SQLAlchemyError, UnicodeError) as error:  # the latter from what a server says in its language
            self._next_look = monotonic() + REST_SECONDS
            if not self._failing:
                log.warning("it cannot be seen whether the data has changed (%s)", type(error).__name__)
            self._failing = True
            return
        self._next_look = monotonic() + CHECK_SECONDS
        if self._failing:
            log.warning("it can be seen again whether the data has changed")
        self._failing = False
        # The day counts as well: at midnight a risk table comes into force, and an index becomes old.
        version = f"{clock.today()} {' '.join(map(str, state))}"
        if version != self._version:
            self._version = version
            self._serial += 1  # last, so that nothing from before is taken for newer
