"""What Linux tells of a running server: its processes, their time on the processors, and their memory."""

import os
from pathlib import Path
from typing import List

# In these the kernel counts time: a hundredth of a second nearly everywhere.
TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")


def tree(process: int) -> List[int]:
    """The ids of a process and of all that it started, itself first."""
    children = Path(f"/proc/{process}/task/{process}/children").read_text().split()
    return [process, *(descendant for child in children for descendant in tree(int(child)))]


def cpu_seconds(process: int) -> float:
    """The time that a process has spent on the processors so far, in its own code and in the kernel's."""
    return ticks(Path(f"/proc/{process}/stat").read_text()) / TICKS_PER_SECOND


def ticks(stat: str) -> int:
    """utime and stime of a line of /proc/<pid>/stat together."""
    # The name of the program stands in brackets, and may hold spaces and brackets itself.
    after_name = stat.rpartition(")")[2].split()
    return int(after_name[11]) + int(after_name[12])


def kilobytes(process: int, which: str) -> int:
    """Resident memory of a process: VmRSS for now, VmHWM for the most ever."""
    for line in Path(f"/proc/{process}/status").read_text().splitlines():
        if line.startswith(f"{which}:"):
            return int(line.split()[1])
    raise LookupError(which)
