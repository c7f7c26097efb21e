"""Statbel's sources: their order, and the same observations from both."""

from tests.support.fake_statbel import FakeStatbel, bestat, open_data, responding
from webapp.statbel.sources import Statbel

VALUES = [(2013, "2022-04", 119.59)]


def test_bestat_comes_before_the_open_data_zip(statbel: FakeStatbel) -> None:
    statbel.bestat = responding(bestat(VALUES))
    statbel.open_data = responding(open_data(VALUES), content_type="application/zip")
    urls = statbel.addresses
    client = Statbel(urls["HEALTH_INDEX_URL"], urls["HEALTH_INDEX_FALLBACK_URL"], (5, 5))
    found = [client.read(source, client.deadline()) for source in client.sources]
    assert statbel.requests == ["/bestat", "/open-data"]
    assert found[0] == found[1]
    assert [source.name for source in client.sources] == ["bestat", "open-data"]
