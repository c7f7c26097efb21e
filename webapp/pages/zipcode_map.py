"""The geometry of the map of zipcodes, which a template draws as SVG."""

from __future__ import annotations

import math
from operator import attrgetter
from statistics import mean, median
from typing import Iterable, Iterator, Mapping, NamedTuple

from webapp.data import current
from webapp.data.memo import memoize
from webapp.zipcodes.place import PlaceRow

# Width and margin of the map in the coordinates of its points. A unit is about 300 m.
WIDTH = 1000
MARGIN = 25

# Minimum size of the land, in degrees of latitude: a single place has none.
MIN_DEGREES = 0.01

# Minimum distance of two points, so that each can be seen and chosen: seven zipcodes are all in Antwerp.
MIN_DISTANCE = 11

# The land is drawn as horizontal strokes, at this distance and twice as wide; they bridge shorter gaps.
LAND_STEP = 10
MAX_LAND_GAP = 60

# Zipcodes whose places are named on the map: 1000 Brussels, 2000 Antwerp, …, 9000 Ghent. The size is that on
# a phone, where the later of two overlapping labels is left out.
LABEL_STEP = 1000
LABEL_WIDTH, LABEL_HEIGHT = 170, 45


class Point(NamedTuple):
    """The position of a zipcode, from the top left."""

    zipcode: int
    x: int
    y: int


class Label(NamedTuple):
    """A point to be named; an optional one is left out where there is no room."""

    point: Point
    is_optional: bool


class ZipcodeMap(NamedTuple):
    """The points of all zipcodes that have a position, by zipcode; `land` and `dots` are paths of SVG."""

    width: int
    height: int
    points: Mapping[int, Point]
    land: str
    dots: str

    @property
    def labels(self) -> list[Label]:
        """Return the points to be named, in order of zipcode."""
        found: list[Label] = []
        for zipcode, point in self.points.items():
            if zipcode % LABEL_STEP == 0:
                found.append(Label(point, any(_overlap(point, other) for other in found)))
        return found


@memoize
def drawn() -> ZipcodeMap:
    """Lay out the places of the snapshot."""
    return draw(current.snapshot().places.rows)


def draw(rows: Iterable[PlaceRow]) -> ZipcodeMap:
    """Lay out the zipcodes of places.

    A zipcode stands in the middle of its places, by the median, because single coordinates of GeoNames are
    wrong by up to 30 km. The projection is equirectangular: degrees of longitude shrink by the cosine of the
    mean latitude, which is right within 3 % everywhere in Belgium.
    """
    places = _project(rows)
    of_zipcodes: dict[int, list[Point]] = {}
    for place in places:
        of_zipcodes.setdefault(place.zipcode, []).append(place)
    points = _spread(map(_middle, of_zipcodes.values()))
    height = max((place.y for place in places), default=0) + MARGIN
    return ZipcodeMap(WIDTH, height, {point.zipcode: point for point in points}, _land(places), _dots(points))


def _project(rows: Iterable[PlaceRow]) -> list[Point]:
    rows = sorted(rows, key=attrgetter("zipcode"))
    if not rows:
        return []
    shrinking = math.cos(math.radians(mean(row.lat for row in rows)))
    left, right = min(row.lon for row in rows), max(row.lon for row in rows)
    bottom, top = min(row.lat for row in rows), max(row.lat for row in rows)
    scale = (WIDTH - 2 * MARGIN) / max((right - left) * shrinking, top - bottom, MIN_DEGREES)
    return [
        Point(
            row.zipcode,
            MARGIN + round((row.lon - left) * shrinking * scale),
            MARGIN + round((top - row.lat) * scale),
        )
        for row in rows
    ]


def _middle(places: list[Point]) -> Point:
    x, y = median(place.x for place in places), median(place.y for place in places)
    return Point(places[0].zipcode, round(x), round(y))


def _spread(points: Iterable[Point]) -> list[Point]:
    """Move each point that is too near to an earlier one to the nearest free position."""
    taken: dict[tuple[int, int], list[Point]] = {}
    found = []
    for point in points:
        moved = next(
            point._replace(x=point.x + dx, y=point.y + dy)
            for dx, dy in _offsets()
            if _is_free(taken, point.x + dx, point.y + dy)
        )
        taken.setdefault(_cell(moved.x, moved.y), []).append(moved)
        found.append(moved)
    return found


def _offsets() -> Iterator[tuple[int, int]]:
    """Yield offsets on rings, from the middle outwards."""
    yield 0, 0
    for ring in range(1, WIDTH):
        for step in range(6 * ring):
            angle = math.tau * step / (6 * ring)
            radius = ring * MIN_DISTANCE / 2
            yield round(radius * math.cos(angle)), round(radius * math.sin(angle))


def _cell(x: int, y: int) -> tuple[int, int]:
    return x // MIN_DISTANCE, y // MIN_DISTANCE


def _is_free(taken: Mapping[tuple[int, int], list[Point]], x: int, y: int) -> bool:
    column, row = _cell(x, y)
    near = (
        point for dx in (-1, 0, 1) for dy in (-1, 0, 1) for point in taken.get((column + dx, row + dy), ())
    )
    return all(math.hypot(point.x - x, point.y - y) >= MIN_DISTANCE for point in near)


def _overlap(point: Point, other: Label) -> bool:
    """Return True if the label of a point would overlap another on a phone."""
    dx, dy = point.x - other.point.x, point.y - other.point.y
    return not other.is_optional and abs(dx) < LABEL_WIDTH and abs(dy) < LABEL_HEIGHT


def _land(points: Iterable[Point]) -> str:
    """Return strokes that cover the land between the points."""
    rows: dict[int, list[int]] = {}
    for point in points:
        rows.setdefault(point.y // LAND_STEP, []).append(point.x)
    return "".join(
        f"M{first} {row * LAND_STEP + LAND_STEP // 2}h{last - first}"
        for row, xs in sorted(rows.items())
        for first, last in _runs(sorted(xs))
    )


def _runs(xs: list[int]) -> Iterator[tuple[int, int]]:
    """Yield the ends of runs without a wide gap."""
    first = xs[0]
    for x, following in zip(xs, [*xs[1:], None]):
        if following is None or following - x > MAX_LAND_GAP:
            yield first, x
            if following is not None:
                first = following


def _dots(points: Iterable[Point]) -> str:
    """Return strokes of no length, which round line caps turn into dots."""
    strokes, x, y = [], 0, 0
    for point in sorted(points, key=lambda point: (point.y // LAND_STEP, point.x)):
        strokes.append(f"m{point.x - x} {point.y - y}h0")
        x, y = point.x, point.y
    return "".join(strokes).replace(" -", "-")
