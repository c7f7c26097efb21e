"""What day and what instant it is: the one place that asks the clock."""

from datetime import date, datetime, timezone

from dateutil.tz import gettz

BRUSSELS = gettz("Europe/Brussels")


def now() -> datetime:
    """The present instant, in UTC."""
    return datetime.now(timezone.utc)


def today() -> date:
    """The date in Belgium, where risk tables come into force at midnight."""
    return now().astimezone(BRUSSELS).date()
