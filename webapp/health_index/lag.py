"""Lag of the index behind Statbel's publication calendar."""

from __future__ import annotations

from datetime import date
from typing import Mapping, NamedTuple

from webapp.health_index.coefficients import base_year_in_force
from webapp.health_index.publication import lag_months, lag_working_days, latest_published_month
from webapp.health_index.values import HealthIndex


class Lag(NamedTuple):
    """The last month of a base year, and its lag on a day."""

    base_year: int
    month: date
    on: date

    @property
    def months(self) -> int:
        return lag_months(self.month, self.on)

    @property
    def working_days(self) -> int:
        return lag_working_days(self.month, self.on)


def lags(index: HealthIndex, on: date) -> Mapping[int, Lag]:
    """Return the lag of each base year that has values."""
    return {year: Lag(year, max(values), on) for year, values in index.by_base_year.items() if values}


def lag_in_force(index: HealthIndex, on: date) -> Lag | None:
    """Return the lag of the base year in force, or of a later one if that is smaller; None without values."""
    in_force = base_year_in_force(latest_published_month(on))
    current = [lag for year, lag in lags(index, on).items() if year >= in_force]
    return min(current, key=lambda lag: (lag.months, lag.base_year), default=None)
