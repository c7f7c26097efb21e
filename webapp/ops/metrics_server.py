"""`/metrics` on a listener of its own: any worker responds for all."""

from __future__ import annotations

import logging
import socket
from http.server import BaseHTTPRequestHandler, HTTPServer
from socketserver import ThreadingMixIn
from threading import Thread
from typing import Any, Callable

from flask import Flask

from webapp.logs import Outage
from webapp.ops.metrics import DataMetrics, RequestMetrics, render, use_folder

log = logging.getLogger(__name__)

PATH = "/metrics"
MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"

# Interval of updates of the data's metrics, as of the watcher's polls.
UPDATE_SECONDS = 2.0

# Per read, so that a silent client does not keep its thread for ever.
CLIENT_TIMEOUT_SECONDS = 5

Observe = Callable[..., None]


def start(app: Flask, listener: socket.socket, folder: str, slot: int) -> Observe:
    """Start the thread of a worker, and return the function that observes its requests."""
    use_folder(folder, slot)
    requests, data = RequestMetrics(), DataMetrics(app)
    server = MetricsServer(listener, folder, data)
    Thread(target=server.serve_forever, args=(UPDATE_SECONDS,), name="metrics", daemon=True).start()
    return requests.observe


class MetricsServer(ThreadingMixIn, HTTPServer):
    """Accepts from a listener that all workers share."""

    daemon_threads = True

    def __init__(self, listener: socket.socket, folder: str, data: DataMetrics) -> None:
        super().__init__(listener.getsockname()[:2], Handler, bind_and_activate=False)
        self.socket.close()
        self.socket = listener
        # Another worker may accept first.
        self.socket.setblocking(False)
        self.folder = folder
        self._data = data
        self._outage = Outage(log, "updating the metrics")
        self.service_actions()

    def service_actions(self) -> None:
        """Update the metrics of this worker; called after each request, and every UPDATE_SECONDS."""
        try:
            self._data.update()
        except Exception as error:  # noqa: BLE001  # the thread must survive
            self._outage.failed(type(error).__name__, error)
        else:
            self._outage.ended()

    def handle_error(self, _request: Any, client_address: Any) -> None:
        log.debug("metrics for %s failed", client_address, exc_info=True)


class Handler(BaseHTTPRequestHandler):
    server: MetricsServer
    timeout = CLIENT_TIMEOUT_SECONDS
    server_version, sys_version = "desk", ""

    def do_GET(self) -> None:
        if self.path.partition("?")[0] != PATH:
            self.send_error(404, f"Only {PATH} is here")
            return
        self.server.service_actions()
        body = render(self.server.folder)
        self.send_response(200)
        self.send_header("Content-Type", MEDIA_TYPE)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    do_HEAD = do_GET  # noqa: N815  # http.server's name

    def log_message(self, *_arguments: Any) -> None:
        """Log nothing: a scrape every few seconds would fill the log."""
