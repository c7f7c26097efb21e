"""Settings of gunicorn, each with its reason. Command-line flags take precedence."""

import errno
import gc
import logging
import os
import random
import resource
import shutil
import socket
import sys
import tempfile
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any, Dict, NamedTuple

from gunicorn.glogging import Logger

from webapp import logs
from webapp.config import MAX_UPLOADS, ROOT, Address, ConfigurationError, Settings, database_place

try:
    settings = Settings.load()
except ConfigurationError as error:
    # One line, not the traceback of a worker that fails to boot.
    sys.exit(f"Error: {error.format_message()}")

wsgi_app = "wsgi:app"
bind = f"0.0.0.0:{settings.port}"

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

# Folders for small files, the one in memory first.
MEMORY = "/dev/shm"  # noqa: S108  # only private files are made there
folders = [MEMORY] if os.access(MEMORY, os.W_OK) else []
with suppress(FileNotFoundError):
    folders.append(tempfile.gettempdir())
if not folders:
    sys.exit("Error: neither /dev/shm nor /tmp can be written. Mount a writable /tmp, as with --tmpfs /tmp")

# The heartbeat file: on a slow disk, the arbiter may take a healthy worker for a dead one.
worker_tmp_dir = folders[0]

# The files of the metrics are mapped into memory: a worker that writes to one on a full disk gets SIGBUS.
MIN_METRICS_BYTES = 16 * 1024 * 1024

# Docker sends SIGKILL after 10 seconds.
graceful_timeout = 9

# Seconds that an idle connection stays open, for the proxy in front.
keepalive = 15

# gunicorn takes a SCRIPT_NAME header from any client on loopback, and responds 500 unless the path begins
# with it. No proxy needs it here: TRUSTED_PROXIES is the only setting that trusts one.
forwarder_headers = ""

# Standard output and standard error, in the format of webapp/logs.py. The last field is the duration in
# milliseconds.
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
    """Writes the format of the application's logs.

    Attributes:
        observe: counts a request for the metrics; None without.
    """

    observe: Any = None

    def setup(self, cfg: Any) -> None:
        super().setup(cfg)
        if cfg.logconfig or cfg.logconfig_dict or cfg.logconfig_json:  # set by a flag
            return
        for handler in (*self.error_log.handlers, *self.access_log.handlers):
            if isinstance(handler, logging.StreamHandler):  # not syslog, which adds the time itself
                handler.setFormatter(logs.formatter(settings.log_format))

    def access(self, resp: Any, req: Any, environ: Dict[str, Any], request_time: timedelta) -> None:
        super().access(resp, req, environ, request_time)
        if self.observe:
            self.observe(resp, environ, request_time)

    def atoms(self, resp: Any, req: Any, environ: Dict[str, Any], request_time: timedelta) -> Any:
        """Gather only the fields of access_log_format, not all headers and variables of the request."""
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


class Metrics(NamedTuple):
    """The listener of METRICS_BIND, and the folder of the workers' files."""

    listener: socket.socket
    folder: Path


def pre_fork(server: Any, worker: Any) -> None:
    """Choose the core with the fewest workers, and the lowest free slot of the metrics."""
    others = server.WORKERS.values()
    taken = [other.core for other in others]
    worker.core = min(CORES, key=taken.count, default=None)
    worker.slot = min(set(range(len(others) + 1)) - {other.slot for other in others})
    worker.metrics = getattr(server, "metrics", None)


def child_exit(_server: Any, worker: Any) -> None:
    """Remove the gauges of a worker that has ended; its counters go on in the next one."""
    if worker.metrics:
        # on_exit may remove them meanwhile: gunicorn 23 calls this in a signal handler.
        with suppress(FileNotFoundError):
            for file in worker.metrics.folder.glob(f"gauge_live*_{worker.slot}.db"):
                file.unlink()


def on_exit(server: Any) -> None:
    """Remove the folder of the metrics."""
    if getattr(server, "metrics", None):
        shutil.rmtree(server.metrics.folder, ignore_errors=True)


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
    if watcher and worker.metrics:
        from webapp.ops import metrics_server

        listener, folder = worker.metrics
        worker.log.observe = metrics_server.start(worker.wsgi, listener, str(folder), worker.slot)
    gc.freeze()
    gc.enable()


def when_ready(server: Any) -> None:
    """Listen for the metrics, and log the URL to open and the database."""
    if settings.metrics_bind:
        server.metrics = Metrics(_listen(settings.metrics_bind), Path(_metrics_folder()))
        server.log.info("Metrics: http://%s:%s/metrics", *settings.metrics_bind)
    for address in server.address:
        if isinstance(address, tuple):  # not the path of a Unix socket
            host = "127.0.0.1" if address[0] == "0.0.0.0" else address[0]
            shown = f"[{host}]" if ":" in host else host
            server.log.info("Open http://%s:%s/", shown, address[1])
    if settings.is_embedded:
        file = ROOT / "instance" / settings.database_url[len("sqlite:///") :].partition("?")[0]
        server.log.info("Database: %s (embedded)", file)
        server.log.info("For PostgreSQL set DATABASE_URL=postgresql://user@host:5432/name")
    else:
        server.log.info("Database: %s", database_place(settings.database_url))


def _listen(address: Address) -> socket.socket:
    """Listen on an address, or end the process with one line."""
    try:
        # In the first process, so that it stays open when a worker ends.
        family = socket.AF_INET6 if ":" in address.host else socket.AF_INET
        return socket.create_server(address, family=family)
    except OSError as error:
        # Without the Python object that create_server adds to the message.
        cause = os.strerror(error.errno or errno.EINVAL)
        reason = "is in use" if error.errno == errno.EADDRINUSE else f"cannot be used: {cause}"
        sys.exit(f"Error: METRICS_BIND {address.host}:{address.port} {reason}. Choose another.")


def _metrics_folder() -> str:
    """Create a folder with room, in memory if possible, since each request writes to its files."""
    for folder in folders:
        if shutil.disk_usage(folder).free >= MIN_METRICS_BYTES:
            return tempfile.mkdtemp(prefix="desk-metrics-", dir=folder)
    megabytes = MIN_METRICS_BYTES // (1024 * 1024)
    sys.exit(f"Error: METRICS_BIND needs {megabytes} MB free in {' or '.join(folders)}.")
