"""What the tests need to start servers of their own."""

import ctypes
import signal
import socket
import sys
from typing import Callable, Optional


def free_port() -> int:
    """A port of 127.0.0.1 on which nobody listens at the moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def end_with_parent(become: Optional[Callable[[], None]] = None) -> Callable[[], None]:
    """For `preexec_fn`: let the kernel end a server when the tests end, be it by kill -9 (Linux only).

    Args:
        become: what makes the child another user, if it is to be one.
    """
    libc = ctypes.CDLL(None) if sys.platform == "linux" else None

    def prepare() -> None:
        if become:
            become()
        if libc:
            libc.prctl(1, signal.SIGINT, 0, 0, 0)  # PR_SET_PDEATHSIG

    return prepare
