"""Random risk tables, for tests with properties."""

from typing import List

from hypothesis import strategies as st

from webapp.zipcodes.risk_table import Range

BOOLEANS = st.booleans()
# Half of them near each other, so that ranges touch.
ZIPCODES = st.one_of(st.integers(1000, 9999), st.integers(5000, 5030))


@st.composite
def tables(draw: st.DrawFn, least: int = 0) -> List[Range]:
    """Ranges in ascending order that share no zipcode."""
    points = sorted(draw(st.lists(ZIPCODES, unique=True, min_size=least, max_size=40)))
    ranges: List[Range] = []
    while points:
        first = points.pop(0)
        alone = not points or draw(BOOLEANS)
        last = first if alone else points.pop(0)
        ranges.append(Range(first, last, draw(st.sampled_from("ABC"))))
    return ranges
