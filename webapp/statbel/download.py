"""Downloads from Statbel: the only module that uses `requests`.

A redirect is followed to any host, because Statbel has several and Statbel chooses, but only over https:
see `redirect_url`. Neither its body nor that of an error is read, so that it cannot unpack to any size.
"""

from __future__ import annotations

import ipaddress
from typing import Any
from urllib.parse import SplitResult, urljoin, urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3 import Retry

from webapp.statbel.deadline import TOO_LATE, Deadline, bounded
from webapp.statbel.parsing import UpstreamError
from webapp.version import VERSION

USER_AGENT = f"BelgianIndexAndZipcodeRiskDesk/{VERSION}"

# The largest view of be.STAT with all base years is below 1 MB, the zip below 0.2 MB.
MAX_BYTES = 8 * 1024 * 1024
MAX_HEADER_BYTES = 64 * 1024
CHUNK_BYTES = 16 * 1024

# From http to https, to another name, to another path.
MAX_REDIRECTS = 3

# A refused connection or a passing 5xx is worth another try; a server that let one deadline
# pass will let the next pass too.
RETRIES = Retry(
    total=2,
    read=0,
    backoff_factor=0.2,
    status_forcelist=(500, 502, 503, 504),
    raise_on_status=False,
    respect_retry_after_header=False,
)


def download(url: str, timeout: tuple[float, float], deadline: Deadline) -> bytes:
    """Return the response body of a URL.

    Args:
        timeout: seconds to connect, and for each read.

    Raises UpstreamError when it is out of reach, too slow, too large or no answer.
    """
    with _Session() as session:
        adapter = _BoundedAdapter(deadline)
        session.mount("http://", adapter)
        session.mount("https://", adapter)
        session.headers.update({"User-Agent": USER_AGENT, "Accept-Encoding": "gzip, deflate"})
        try:
            for _ in range(MAX_REDIRECTS + 1):
                with session.get(url, timeout=timeout, stream=True) as response:
                    if not response.is_redirect:
                        return _body(response, deadline)
                    url = redirect_url(response.url, response.headers["Location"])
        # ValueError comes from a URL that cannot be read.
        except (requests.RequestException, ValueError) as error:
            raise UpstreamError(_reason(error)) from error
    raise UpstreamError(f"it redirects more than {MAX_REDIRECTS} times")


class _Session(requests.Session):
    """A session that follows no redirect, because requests unpacks its body without a limit.

    With `allow_redirects=False` it does the same, to prepare the next request.
    """

    def get_redirect_target(self, _response: requests.Response) -> None:
        return None


class _BoundedAdapter(HTTPAdapter):
    """An adapter whose connections, also through a proxy, end at the deadline."""

    def __init__(self, deadline: Deadline) -> None:
        super().__init__(max_retries=RETRIES)
        self._deadline = deadline

    def get_connection_with_tls_context(self, *args: Any, **kwargs: Any) -> Any:
        pool: Any = super().get_connection_with_tls_context(*args, **kwargs)
        pool.ConnectionCls = bounded(type(pool).ConnectionCls, self._deadline, MAX_BYTES + MAX_HEADER_BYTES)
        return pool


def redirect_url(url: str, location: str) -> str:
    """Resolve a Location header; it has to lead to https, or from loopback to loopback by the same scheme.

    Raises UpstreamError when it does not, and ValueError when it is no URL.
    """
    target = urljoin(url, location)
    old, new = urlsplit(url), urlsplit(target)
    if new.scheme == "https" or (new.scheme == old.scheme and _is_loopback(old) and _is_loopback(new)):
        return target
    raise UpstreamError(f"it redirects to {target!r:.60}, which is not https")


def _is_loopback(url: SplitResult) -> bool:
    try:
        return url.hostname == "localhost" or ipaddress.ip_address(url.hostname or "").is_loopback
    except ValueError:  # another name
        return False


def _body(response: requests.Response, deadline: Deadline) -> bytes:
    if response.status_code != 200:
        raise UpstreamError(f"it answered with status {response.status_code}")
    # Packed more than once, a few bytes can unpack to any size within one chunk.
    if response.headers.get("Content-Encoding", "identity").lower() not in ("identity", "gzip", "deflate"):
        raise UpstreamError("the answer is packed in a way that was not asked for")
    body = bytearray()
    for chunk in response.iter_content(CHUNK_BYTES):
        deadline.remaining()
        body += chunk
        if len(body) > MAX_BYTES:
            raise UpstreamError(f"the answer is larger than {MAX_BYTES} bytes")
    return bytes(body)


def _reason(error: Exception) -> str:
    """Say in a few words, always the same for the same fault, why a request failed."""
    # A timeout in the body comes as a ConnectionError around urllib3's timeout.
    if isinstance(error, requests.Timeout) or "timed out" in str(error):
        return TOO_LATE
    if isinstance(error, requests.ConnectionError):
        return "it cannot be reached"
    return f"the request failed ({type(error).__name__})"
