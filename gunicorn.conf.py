"""How the desk is served. Each setting with its reason; a flag of gunicorn wins over it."""

import gc
import logging
import os
import random
import resource
import sys
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any, Dict

from gunicorn.glogging import Logger

from webapp.config import MAX_UPLOADS, ROOT, ConfigurationError, Settings

try:
    settings = Settings.load()
except ConfigurationError as error:
    # One clear line instead of the traceback of a worker that fails to boot.
    sys.exit(f"Error: {error.format_message()}")

wsgi_app = "wsgi:app"
bind = "0.0.0.0:5000"

# One process, because the caches are in it. No request waits for a server, so more than four threads beside
# those for uploads only make the slowest responses slower (docs/performance.md).
workers = 1
worker_class = "webapp.http.worker.Worker"
threads = settings.web_threads + MAX_UPLOADS

# The threads take turns at Python's one lock. On several cores each turn moves what they work on from
# core to core, which nearly doubles the time of a warm request (docs/performance.md). In an order of
# chance, so that several containers do not all choose the same.
CORES = list(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
random.shuffle(CORES)

# Each may hold 64 KB of head and as much of body. Beyond this number, and before file descriptors run out,
# the connection that has waited longest makes room for a new one.
worker_connections = 2000

# A shell or a container may give fewer file descriptors than it allows.
with suppress(ValueError):  # macOS allows more than it gives
    _soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))

# It would wait for the client.
sendfile = False

# How long a worker waits for its first look at the data before it takes requests: with a database that
# answers, none gets a 503 while a process starts.
FIRST_LOOK_SECONDS = 2

# The worker's heartbeat is a file that it touches: in memory, because on a slow disk a healthy
# worker can be taken for a dead one.
memory = Path("/dev/shm")  # noqa: S108  # gunicorn makes a private file in it
worker_tmp_dir = str(memory) if memory.is_dir() else None

# Docker kills after 10 seconds.
graceful_timeout = 9

# A proxy in front keeps its connections, and so should we; a browser alone is served as well.
keepalive = 15

# gunicorn takes a SCRIPT_NAME header from any client on loopback, and responds 500 unless the path begins
# with it. No proxy needs it here: TRUSTED_PROXIES is the only setting that trusts one.
forwarder_headers = ""

# Both logs to where a container's operator looks. The last field is the duration in milliseconds.
accesslog = "-"
errorlog = "-"
loglevel = settings.log_level
access_log_format = '%(h)s "%(r)s" %(s)s %(B)s "%(a)s" %(M)sms'


# What Python's documentation of logging advises where no line shows it: not to find out, for each, in
# which line of which thread it was written.
logging._srcfile = None
logging.logThreads = False
logging.logMultiprocessing = False


class logger_class(Logger):  # type: ignore[misc]  # noqa: N801  # no types; the name of the setting
    """Gathers what access_log_format names, and not all headers and variables, with every request."""

    def atoms(self, resp: Any, req: Any, environ: Dict[str, Any], request_time: timedelta) -> Any:
        if self.cfg.access_log_format != access_log_format:  # a flag won
            return super().atoms(resp, req, environ, request_time)
        return {
            "h": environ.get("REMOTE_ADDR", "-"),
            "r": f"{environ['REQUEST_METHOD']} {environ['RAW_URI']} {environ['SERVER_PROTOCOL']}",
            "s": str(resp.status).partition(" ")[0],
            "B": resp.sent,
            "a": environ.get("HTTP_USER_AGENT", "-"),
            "M": request_time // timedelta(milliseconds=1),
        }


# Newer gunicorns open a socket for remote control in the home directory: there is none here,
# and nobody asked for one.
control_socket_disable = True


def pre_fork(server: Any, worker: Any) -> None:
    """Choose a core for a worker: one that the fewest others are on."""
    taken = [other.core for other in server.WORKERS.values()]
    worker.core = min(CORES, key=taken.count, default=None)


def post_fork(server: Any, worker: Any) -> None:
    """Begin a worker: on its core, and importing without looking for garbage in between."""
    gc.disable()
    if settings.pin_worker and len(CORES) > 1:
        try:
            os.sched_setaffinity(0, {worker.core})
        except OSError as error:  # a container may forbid it
            server.log.warning("The threads stay free to move between cores: %s", error.strerror)


def post_worker_init(worker: Any) -> None:
    """Start the watcher, and exempt from garbage collection what is there now, because it stays."""
    watcher = getattr(worker.wsgi, "extensions", {}).get("watcher")
    if watcher:  # `make bench` also serves a bare function with these settings
        watcher.start(FIRST_LOOK_SECONDS)
    gc.freeze()
    gc.enable()


def when_ready(server: Any) -> None:
    """Say where to look, and which database answers, before the first request comes."""
    for address in server.address:
        if isinstance(address, tuple):  # and not the path of a socket
            host = "127.0.0.1" if address[0] == "0.0.0.0" else address[0]
            shown = f"[{host}]" if ":" in host else host
            server.log.info("Open http://%s:%s/", shown, address[1])
    if settings.is_embedded:
        file = ROOT / "instance" / settings.database_url[len("sqlite:///") :]
        server.log.info("This uses the embedded database %s", file)
        server.log.info("For PostgreSQL set DATABASE_URL=postgresql://user:password@host:5432/name")
    else:  # without the user and the options, which may hold a password
        place = settings.database_url.partition("://")[2].partition("?")[0].rpartition("@")[2]
        server.log.info("Database: postgresql://%s", place)
