"""Processes of servers that the tests start."""

from __future__ import annotations

import ctypes
import signal
import socket
import sys
from typing import Callable


def free_port() -> int:
    """Return a port of 127.0.0.1 that is not in use at the moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def end_with_parent(become: Callable[[], None] | None = None) -> Callable[[], None]:
    """Return a `preexec_fn` that ends the process with its parent, even after kill -9 (Linux only).

    Args:
        become: changes the user of the process.
    """
    libc = ctypes.CDLL(None) if sys.platform == "linux" else None

    def prepare() -> None:
        if become:
            become()
        if libc:
            libc.prctl(1, signal.SIGINT, 0, 0, 0)  # PR_SET_PDEATHSIG

    return prepare
