"""The geometry of the map of zipcodes."""

from __future__ import annotations

import math
import re
from itertools import combinations

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.zipcodes.seed import IN_USE, PLACES, place_row
from webapp.pages.zipcode_map import MIN_DISTANCE, ZipcodeMap, draw
from webapp.zipcodes.place import PlaceRow


def belgium() -> ZipcodeMap:
    return draw(map(place_row, PLACES))


def place(zipcode: int, lat: float, lon: float) -> PlaceRow:
    return place_row(PLACES[0], zipcode=zipcode, lat=lat, lon=lon)


def test_every_locality_has_a_point_within_the_map() -> None:
    drawn = belgium()
    assert sorted(drawn.points) == IN_USE
    assert all(0 < point.x < drawn.width and 0 < point.y < drawn.height for point in drawn.points.values())


def test_points_do_not_cover_each_other() -> None:
    points = belgium().points.values()
    nearest = min(math.dist(first[1:], second[1:]) for first, second in combinations(points, 2))
    assert nearest >= MIN_DISTANCE


def test_north_is_up_and_distances_are_right_in_all_directions() -> None:
    points = belgium().points
    assert points[2000].y < points[1000].y < points[6700].y  # Antwerp, Brussels, Arlon
    assert points[8400].x < points[1000].x < points[4700].x  # Ostend, Brussels, Eupen


def test_distances_have_one_scale_in_all_directions() -> None:
    points = belgium().points
    # Kilometres between town centres along a great circle: west to east, north to south, and across.
    distances = {(8400, 4700): 227.9, (2300, 6700): 192.1, (9000, 5000): 102.9}
    scales = [math.dist(points[one][1:], points[other][1:]) / km for (one, other), km in distances.items()]
    assert max(scales) / min(scales) < 1.05


def test_single_wrong_coordinate_does_not_move_a_zipcode() -> None:
    corners = [place(1000, 49.5, 2.5), place(1001, 51.5, 6.4)]
    right = [place(9000, 51.05, 3.72), place(9000, 51.06, 3.73)]
    wrong = draw([*corners, *right, place(9000, 49.6, 6.0)]).points[9000]
    assert math.dist(wrong[1:], draw([*corners, *right]).points[9000][1:]) < 5


def test_zipcodes_with_one_position_stand_beside_each_other() -> None:
    points = draw([place(zipcode, 51.2, 4.4) for zipcode in range(2000, 2020)]).points.values()
    assert len({(point.x, point.y) for point in points}) == 20
    assert max(math.dist(first[1:], second[1:]) for first, second in combinations(points, 2)) < 80


def test_without_places_the_map_is_empty() -> None:
    drawn = draw([])
    assert (drawn.points, drawn.land, drawn.labels) == ({}, "", [])


def test_main_zipcodes_are_labelled_without_overlap_on_a_phone() -> None:
    labels = belgium().labels
    assert [label.point.zipcode for label in labels] == list(range(1000, 10000, 1000))
    assert [label.point.zipcode for label in labels if label.is_optional] == [3000, 6000]


def test_land_covers_every_place_of_the_seed() -> None:
    strokes = [tuple(map(int, found)) for found in re.findall(r"M(\d+) (\d+)h(\d+)", belgium().land)]
    for _zipcode, x, y in belgium().points.values():
        assert any(
            math.hypot(max(left - x, 0, x - left - width), y - top) < 20 for left, top, width in strokes
        )


def test_dots_are_the_points() -> None:
    drawn, x, y, dots = belgium(), 0, 0, set()
    for dx, dy in re.findall(r"m(-?\d+) ?(-?\d+)h0", drawn.dots):
        x, y = x + int(dx), y + int(dy)
        dots.add((x, y))
    assert dots == {(point.x, point.y) for point in drawn.points.values()}


@settings(deadline=None, database=None, max_examples=50)
@given(
    st.lists(
        st.tuples(st.integers(1000, 9999), st.floats(-90, 90), st.floats(-180, 180)), min_size=1, max_size=30
    )
)
def test_any_places_can_be_drawn(rows: list[tuple[int, float, float]]) -> None:
    drawn = draw([place(*row) for row in rows])
    assert set(drawn.points) == {row[0] for row in rows}
