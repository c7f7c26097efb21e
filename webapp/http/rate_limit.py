"""How many requests a client may send, and who a client is."""

import re
from ipaddress import IPv6Address, IPv6Network, ip_address
from time import time
from typing import Any, Dict

from flask import Flask, Response, request
from flask_limiter import Limiter, RequestLimit
from werkzeug.middleware.proxy_fix import ProxyFix

from webapp import ops
from webapp.config import Settings
from webapp.data.cache_backends import redis_options
from webapp.errors import RateLimited, error_response
from webapp.http.security import is_bulk
from webapp.i18n.messages import N_

# A million rows take a thread for seconds, so a client may send about one such file a second.
BULK_PER_MINUTE = 60


def protect(app: Flask, settings: Settings) -> None:
    """Count each client's requests, but for health probes, and refuse those beyond the limit.

    Behind trusted proxies, the client and the scheme are what the proxies say.

    The counts are in Redis when there is one, and in the process meanwhile when it is gone.
    """
    if settings.trusted_proxies:
        proxies = settings.trusted_proxies
        # Flask's own way to add a middleware is to assign to the method.
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=proxies, x_proto=proxies)  # type: ignore[method-assign]
    if not settings.rate_limit:
        return
    limiter = Limiter(
        client,
        app=app,
        application_limits=[f"{settings.rate_limit} per minute"],
        application_limits_cost=lambda: _cost(settings.rate_limit),
        on_breach=_refuse,
        in_memory_fallback_enabled=True,
        key_prefix="belgian-desk",
        **_storage(settings),
    )
    limiter.exempt(ops.bp)


def client() -> str:
    """Who sends this request: an IPv4 address, or the network of 2^64 addresses that IPv6 gives to one.

    A proxy may add a port to the address; all without an address count as one.
    """
    match = re.fullmatch(r"\[(.+)\](:\d+)?|([\d.]+):\d+|(.*)", request.remote_addr or "")
    text = next((group for group in match.group(1, 3, 4) if group), "") if match else ""
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return "unknown"
    if isinstance(address, IPv6Address):
        return str(address.ipv4_mapped or IPv6Network((address, 64), strict=False))
    return str(address)


def _cost(limit: int) -> int:
    return max(1, limit // BULK_PER_MINUTE) if is_bulk() else 1


def _refuse(limit: RequestLimit) -> Response:
    error = RateLimited(N_("You may send %(most)s requests a minute."), most=limit.limit.amount)
    error.retry_after = max(1, int(limit.reset_at - time()))
    return error_response(error)


def _storage(settings: Settings) -> Dict[str, Any]:
    if settings.redis_url is None:
        return {"storage_uri": "memory://"}
    # The library has a name of its own for a Redis behind a socket of the file system.
    uri = "redis+" + settings.redis_url if settings.redis_url.startswith("unix:") else settings.redis_url
    return {"storage_uri": uri, "storage_options": redis_options()}
