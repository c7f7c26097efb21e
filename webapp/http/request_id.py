"""The id of a request: the client's or the proxy's if it is sane, else a new one."""

from __future__ import annotations

import re
from random import getrandbits
from typing import TYPE_CHECKING

from webapp.logs import request_id

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

HEADER = "X-Request-ID"

SANE = re.compile(r"[A-Za-z0-9._-]{1,128}")


def begin(environ: WSGIEnvironment) -> str:
    """Return the id of a request, and set it for the logs of this thread."""
    found = environ.get("HTTP_X_REQUEST_ID")
    if found is None or not SANE.fullmatch(found):
        found = f"{getrandbits(64):016x}"  # random.getrandbits: it is no secret, and each process has a seed
    request_id.set(found)
    return found


def current() -> str:
    """Return the id of the request that this thread serves."""
    return request_id.get()
