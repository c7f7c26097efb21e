"""Settings of gunicorn, each with its reason. Command-line flags take precedence."""

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

from webapp.config import MAX_UPLOADS, ROOT, ConfigurationError, Settings, database_place

try:
    settings = Settings.load()
except ConfigurationError as error:
    # One line, not the traceback of a worker that fails to boot.
    sys.exit(f"Error: {error.format_message()}")

wsgi_app = "wsgi:app"
bind = "0.0.0.0:5000"

# One process, so that all requests share its caches. No request waits for another server, so more than four
# threads, besides those for uploads, only slow down the slowest responses (docs/performance.md).
workers = 1
worker_class = "webapp.http.worker.Worker"
threads = settings.web_threads + MAX_UPLOADS

# Threads take turns at Python's global lock. Spread over several cores, they move their data from core to
# core, which nearly doubles the CPU time of a cached response (docs/performance.md). Shuffled, so that
# several containers do not all choose the same core.
CORES = list(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
random.shuffle(CORES)

# Each buffers up to 64 KB of headers and 64 KB of body. Beyond this number, and before file descriptors run
# out, the worker closes the connection that has waited longest.
worker_connections = 2000

# The soft limit on file descriptors may be lower than the hard one.
with suppress(ValueError):  # on macOS, the hard limit may be refused
    _soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))

# sendfile(2) would wait for the client.
sendfile = False

# A worker waits this long for its first snapshot before it accepts requests, so that none gets a 503 while
# the process starts and the database responds.
FIRST_LOOK_SECONDS = 2

# The heartbeat file is in memory: on a slow disk, the arbiter may take a healthy worker for a dead one.
memory = Path("/dev/shm")  # noqa: S108  # gunicorn makes a private file in it
worker_tmp_dir = str(memory) if memory.is_dir() else None

# Docker sends SIGKILL after 10 seconds.
graceful_timeout = 9

# Seconds that an idle connection stays open, for the proxy in front.
keepalive = 15

# gunicorn takes a SCRIPT_NAME header from any client on loopback, and responds 500 unless the path begins
# with it. No proxy needs it here: TRUSTED_PROXIES is the only setting that trusts one.
forwarder_headers = ""

# Standard output and standard error. The last field is the duration in milliseconds.
accesslog = "-"
errorlog = "-"
loglevel = settings.log_level
access_log_format = '%(h)s "%(r)s" %(s)s %(B)s "%(a)s" %(M)sms'

# No log line shows its source line, thread or process: do not look them up (Python's logging HOWTO,
# "Optimization").
logging._srcfile = None
logging.logThreads = False
logging.logMultiprocessing = False


class logger_class(Logger):  # type: ignore[misc]  # noqa: N801  # no types; the name of the setting
    """Gather only the fields of access_log_format, not all headers and variables of each request."""

    def atoms(self, resp: Any, req: Any, environ: Dict[str, Any], request_time: timedelta) -> Any:
        if self.cfg.access_log_format != access_log_format:  # set by a flag
            return super().atoms(resp, req, environ, request_time)
        return {
            "h": environ.get("REMOTE_ADDR", "-"),
            "r": f"{environ['REQUEST_METHOD']} {environ['RAW_URI']} {environ['SERVER_PROTOCOL']}",
            "s": str(resp.status).partition(" ")[0],
            "B": resp.sent,
            "a": environ.get("HTTP_USER_AGENT", "-"),
            "M": request_time // timedelta(milliseconds=1),
        }


# Newer versions of gunicorn open a control socket in the home directory, which the container does not have.
control_socket_disable = True


def pre_fork(server: Any, worker: Any) -> None:
    """Choose the core with the fewest workers."""
    taken = [other.core for other in server.WORKERS.values()]
    worker.core = min(CORES, key=taken.count, default=None)


def post_fork(server: Any, worker: Any) -> None:
    """Pin the worker to its core, and postpone garbage collection until the imports are done."""
    gc.disable()
    if settings.pin_worker and len(CORES) > 1:
        try:
            os.sched_setaffinity(0, {worker.core})
        except OSError as error:  # a container may forbid it
            server.log.warning("pinning to a core failed: %s", error.strerror)


def post_worker_init(worker: Any) -> None:
    """Start the watcher, and exempt all objects of the start from garbage collection."""
    watcher = getattr(worker.wsgi, "extensions", {}).get("watcher")
    if watcher:  # none in the bare function of `make bench`
        watcher.start(FIRST_LOOK_SECONDS)
    gc.freeze()
    gc.enable()


def when_ready(server: Any) -> None:
    """Log the URL to open, and the database."""
    for address in server.address:
        if isinstance(address, tuple):  # not the path of a Unix socket
            host = "127.0.0.1" if address[0] == "0.0.0.0" else address[0]
            shown = f"[{host}]" if ":" in host else host
            server.log.info("Open http://%s:%s/", shown, address[1])
    if settings.is_embedded:
        file = ROOT / "instance" / settings.database_url[len("sqlite:///") :].partition("?")[0]
        server.log.info("Database: %s (embedded)", file)
        server.log.info("For PostgreSQL set DATABASE_URL=postgresql://user:password@host:5432/name")
    else:
        server.log.info("Database: %s", database_place(settings.database_url))
