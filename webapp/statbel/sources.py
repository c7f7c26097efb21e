"""Statbel's sources of the health index."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from typing import Callable, NamedTuple

from webapp.statbel.bestat import read_bestat
from webapp.statbel.deadline import Deadline
from webapp.statbel.open_data import read_open_data
from webapp.statbel.parsing import ParsedResponse


class StatbelSource(NamedTuple):
    """A source; `replaces` names one with the same values."""

    name: str
    url: str
    parse: Callable[[bytes], ParsedResponse]
    replaces: str | None = None


class Statbel:
    """Client of Statbel's sources, in order of preference.

    Args:
        timeout: seconds to connect, and for one source; their sum for all.

    Attributes:
        succeeded_at, failures: last success and number of failures of each source in this process.
        failed_refreshes: number in the current outage, in this process.
    """

    def __init__(
        self, bestat_url: str, open_data_url: str, workbook_url: str, timeout: tuple[float, float]
    ) -> None:
        self.sources = (
            StatbelSource("bestat", bestat_url, read_bestat),
            StatbelSource("open-data", open_data_url, read_open_data),
            StatbelSource("workbook", workbook_url, read_open_data, replaces="open-data"),
        )
        self._timeout = timeout
        self.succeeded_at: dict[str, datetime] = {}
        self.failures: Counter[str] = Counter()
        self.failed_refreshes = 0

    def deadline(self) -> Deadline:
        """Start the deadline for all sources together."""
        return Deadline(sum(self._timeout))

    def read(self, source: StatbelSource, deadline: Deadline) -> ParsedResponse:
        """Download and parse one source. Raises UpstreamError."""
        # A slow import, which a process may not need for weeks.
        from webapp.statbel.download import download

        return source.parse(download(source.url, self._timeout, deadline.within(self._timeout[1])))
