"""Statbel's two sources of the health index: where they are, and how each is read."""

from __future__ import annotations

from typing import Callable, NamedTuple

from webapp.statbel.deadline import Deadline
from webapp.statbel.parsing import Answer, read_bestat, read_open_data


class StatbelSource(NamedTuple):
    """One of Statbel's sources: a name for logs and records, its address, how to parse it."""

    name: str
    url: str
    parse: Callable[[bytes], Answer]


class Statbel:
    """Reads the health index from Statbel's sources, in the order in which to try them.

    Args:
        bestat_url: a view of be.STAT, as JSON.
        open_data_url: the zip with all base years.
        timeout: seconds to connect, and for the whole answer of one source, retries included.
            All sources together get their sum.
    """

    def __init__(self, bestat_url: str, open_data_url: str, timeout: tuple[float, float]) -> None:
        self.sources = (
            StatbelSource("bestat", bestat_url, read_bestat),
            StatbelSource("open-data", open_data_url, read_open_data),
        )
        self._timeout = timeout

    def deadline(self) -> Deadline:
        """The time that asking all sources, beginning now, may take."""
        return Deadline(sum(self._timeout))

    def read(self, source: StatbelSource, deadline: Deadline) -> Answer:
        """Read the answer of one source.

        Raises UpstreamError when it is out of reach, too slow, too large or unreadable.
        """
        # Imported here, because it takes a while, and a process may live for weeks before it has to ask.
        from webapp.statbel.download import download

        return source.parse(download(source.url, self._timeout, deadline.within(self._timeout[1])))
