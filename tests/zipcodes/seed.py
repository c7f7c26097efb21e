"""What seed/zipcodes.csv says, read here without any of the program's own code."""

from typing import Dict, List, Tuple

from webapp.config import ROOT


def _ranges() -> List[Tuple[int, int, str]]:
    ranges = []
    for line in (ROOT / "seed" / "zipcodes.csv").read_text(encoding="utf-8").splitlines():
        zipcodes, factor = line.split(",")
        ends = [int(zipcode) for zipcode in zipcodes.split(" - ")]
        ranges.append((ends[0], ends[-1], factor))
    return ranges


def _gaps() -> List[Tuple[int, int]]:
    ends = [999, *(end for first, last, _ in sorted(RANGES) for end in (first, last)), 10000]
    between = [(last + 1, first - 1) for last, first in zip(ends[::2], ends[1::2])]
    return [(first, last) for first, last in between if first <= last]


RANGES = _ranges()
FACTORS: Dict[int, str] = {
    zipcode: factor for first, last, factor in RANGES for zipcode in range(first, last + 1)
}
# The zipcodes that no range holds, as first and last of each stretch between two ranges.
GAPS = _gaps()
