"""Statbel's sources: their order, and the same observations from all."""

from pathlib import Path

from tests.support.fake_statbel import FakeStatbel, responding
from webapp.statbel.sources import Statbel

RECORDINGS = Path(__file__).parent / "recordings"


def test_all_sources_are_read_in_order(statbel: FakeStatbel) -> None:
    statbel.bestat = responding((RECORDINGS / "month-and-year.json").read_bytes())
    statbel.open_data = responding((RECORDINGS / "text.zip").read_bytes(), content_type="application/zip")
    statbel.workbook = responding((RECORDINGS / "workbook.xlsx").read_bytes())
    bestat, open_data, workbook = statbel.addresses.values()
    client = Statbel(bestat, open_data, workbook, (5, 5))
    found = [client.read(source, client.deadline()) for source in client.sources]
    assert statbel.requests == ["/bestat", "/open-data", "/workbook"]
    assert found[0] == found[1] == found[2]
    assert [source.name for source in client.sources] == ["bestat", "open-data", "workbook"]
