"""Statbel's two sources of the health index."""

from __future__ import annotations

from typing import Callable, NamedTuple

from webapp.statbel.deadline import Deadline
from webapp.statbel.parsing import ParsedResponse, read_bestat, read_open_data


class StatbelSource(NamedTuple):
    name: str
    url: str
    parse: Callable[[bytes], ParsedResponse]


class Statbel:
    """Client of Statbel's sources, in order of preference.

    Args:
        timeout: seconds to connect, and for one source including retries; their sum is for all sources.
    """

    def __init__(self, bestat_url: str, open_data_url: str, timeout: tuple[float, float]) -> None:
        self.sources = (
            StatbelSource("bestat", bestat_url, read_bestat),
            StatbelSource("open-data", open_data_url, read_open_data),
        )
        self._timeout = timeout

    def deadline(self) -> Deadline:
        """Start the deadline for all sources together."""
        return Deadline(sum(self._timeout))

    def read(self, source: StatbelSource, deadline: Deadline) -> ParsedResponse:
        """Download and parse one source. Raises UpstreamError."""
        # A slow import, which a process may not need for weeks.
        from webapp.statbel.download import download

        return source.parse(download(source.url, self._timeout, deadline.within(self._timeout[1])))
