"""Processes of a running server, with their CPU time and memory, from /proc on Linux."""

from __future__ import annotations

import os
from pathlib import Path

# 100 nearly everywhere.
TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")


def tree(process: int) -> list[int]:
    """Return the ids of a process and its descendants, its own first."""
    children = Path(f"/proc/{process}/task/{process}/children").read_text().split()
    return [process, *(descendant for child in children for descendant in tree(int(child)))]


def cpu_seconds(process: int) -> float:
    """Return the CPU time of a process, in user and kernel mode."""
    return ticks(Path(f"/proc/{process}/stat").read_text()) / TICKS_PER_SECOND


def ticks(stat: str) -> int:
    """Return the sum of utime and stime in a line of /proc/<pid>/stat."""
    # The program's name is in brackets, and may contain spaces and brackets.
    after_name = stat.rpartition(")")[2].split()
    return int(after_name[11]) + int(after_name[12])


def kilobytes(process: int, field: str) -> int:
    """Return the resident memory of a process: VmRSS is the current, VmHWM the peak."""
    for line in Path(f"/proc/{process}/status").read_text().splitlines():
        if line.startswith(f"{field}:"):
            return int(line.split()[1])
    raise LookupError(field)
