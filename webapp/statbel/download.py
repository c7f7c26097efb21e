"""Downloads from Statbel with `requests`.

Redirects may lead to any host, but only over https. Bodies of redirects and errors, which could unpack to
any size, are not read.
"""

from __future__ import annotations

import ipaddress
from typing import Any
from urllib.parse import SplitResult, urljoin, urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3 import Retry

from webapp.statbel.deadline import TIMEOUT_MESSAGE, Deadline, bounded
from webapp.statbel.parsing import UpstreamError
from webapp.version import VERSION

USER_AGENT = f"BelgianIndexAndZipcodeRiskDesk/{VERSION}"

# be.STAT's largest view is below 1 MB, the zip below 0.2 MB.
MAX_BYTES = 8 * 1024 * 1024
MAX_HEADER_BYTES = 64 * 1024
CHUNK_BYTES = 16 * 1024

# To https, to another host, to another path.
MAX_REDIRECTS = 3

# Retry refused connections and 5xx, but not read timeouts: a server that hangs will hang again.
RETRIES = Retry(
    total=2,
    read=0,
    backoff_factor=0.2,
    status_forcelist=(500, 502, 503, 504),
    raise_on_status=False,
    respect_retry_after_header=False,
)


def download(url: str, timeout: tuple[float, float], deadline: Deadline) -> bytes:
    """Return the body of a response with status 200. Raises UpstreamError.

    Args:
        timeout: seconds to connect, and for each read.
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
        # ValueError: invalid URL.
        except (requests.RequestException, ValueError) as error:
            raise UpstreamError(_reason(error)) from error
    raise UpstreamError(f"more than {MAX_REDIRECTS} redirects")


class _Session(requests.Session):
    """Session without redirects: requests unpacks their bodies, even with `allow_redirects=False`."""

    def get_redirect_target(self, _response: requests.Response) -> None:
        return None


class _BoundedAdapter(HTTPAdapter):
    def __init__(self, deadline: Deadline) -> None:
        super().__init__(max_retries=RETRIES)
        self._deadline = deadline

    def get_connection_with_tls_context(self, *args: Any, **kwargs: Any) -> Any:
        pool: Any = super().get_connection_with_tls_context(*args, **kwargs)
        pool.ConnectionCls = bounded(type(pool).ConnectionCls, self._deadline, MAX_BYTES + MAX_HEADER_BYTES)
        return pool


def redirect_url(url: str, location: str) -> str:
    """Resolve a Location header.

    Raises UpstreamError unless it leads to https, or stays on loopback, and ValueError if it is no URL.
    """
    target = urljoin(url, location)
    old, new = urlsplit(url), urlsplit(target)
    if new.scheme == "https" or (new.scheme == old.scheme and _is_loopback(old) and _is_loopback(new)):
        return target
    raise UpstreamError(f"redirect to {target!r:.60}, which is not https")


def _is_loopback(url: SplitResult) -> bool:
    try:
        return url.hostname == "localhost" or ipaddress.ip_address(url.hostname or "").is_loopback
    except ValueError:  # a host name
        return False


def _body(response: requests.Response, deadline: Deadline) -> bytes:
    if response.status_code != 200:
        raise UpstreamError(f"status {response.status_code}")
    # A body that is compressed twice can unpack to any size within one chunk.
    if response.headers.get("Content-Encoding", "identity").lower() not in ("identity", "gzip", "deflate"):
        raise UpstreamError("unsupported content encoding")
    body = bytearray()
    for chunk in response.iter_content(CHUNK_BYTES):
        deadline.remaining()
        body += chunk
        if len(body) > MAX_BYTES:
            raise UpstreamError(f"response larger than {MAX_BYTES} bytes")
    return bytes(body)


def _reason(error: Exception) -> str:
    """Describe a failure in constant words: the log skips repetitions."""
    # A timeout within the body is a ConnectionError.
    if isinstance(error, requests.Timeout) or "timed out" in str(error):
        return TIMEOUT_MESSAGE
    if isinstance(error, requests.ConnectionError):
        return "connection failed"
    return f"request failed ({type(error).__name__})"
