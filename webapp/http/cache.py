"""An HTTP cache in front of the application, in its process: a finished answer is given again without it.

It knows no route. What is kept, for how long and for whom is what each answer says of itself in
Cache-Control, Vary and ETag (RFC 9111; RFC 5861 for stale answers). What a request says in
Cache-Control is not looked at, because a change of the data empties the cache.

A hit is a look into two dictionaries. All else may take its time, and is left to Werkzeug.
"""

import threading
from collections import OrderedDict
from sys import intern
from time import monotonic
from typing import TYPE_CHECKING, Callable, Container, Dict, Iterable, List, NamedTuple, Optional, Tuple
from typing import OrderedDict as OrderedDictType

from werkzeug.http import parse_cache_control_header, parse_set_header
from werkzeug.wrappers import Response

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

# Answers that are kept at most, besides the limit on their bytes: all zipcodes twice over.
MOST_ANSWERS = 20_000

# Of one address: else one that is asked for with ever other headers would push out all others.
MOST_VARIANTS = 64

# An answer with a larger body is not kept.
MOST_BODY_BYTES = 1024 * 1024

# What an answer takes in memory besides its body and what tells it apart, with the headers that the desk
# sends: measured over thousands.
OVERHEAD_BYTES = 1600

# Tags longer than these are none of ours, and to take them apart costs Werkzeug the more, the longer.
LONGEST_CONDITION = 1000

# How long after its beginning a call of the application makes others wait that want the same. Longer
# than answers take, and short enough that one that hangs does not soon hold all threads.
PATIENCE_SECONDS = 0.5

# Requests with these are rare, and not for the cache: they want a part, a certain state, or bring content.
UNUSUAL = ("HTTP_RANGE", "HTTP_IF_MATCH", "HTTP_IF_UNMODIFIED_SINCE", "HTTP_TRANSFER_ENCODING")

# What makes a 304 of an answer. The application is asked without, because a 304 is nothing to keep.
CONDITIONS = ("HTTP_IF_NONE_MATCH", "HTTP_IF_MODIFIED_SINCE")

Address = Tuple[str, ...]
# The values of the request headers that the answers of an address depend on.
Variant = Tuple[Optional[str], ...]


class Answer(NamedTuple):
    """A finished answer. Its instants are those of time.monotonic(), its size is in bytes of memory."""

    status: str
    headers: List[Tuple[str, str]]
    body: List[bytes]
    made_at: float
    fresh_until: float
    usable_until: float
    size: int


class Answers:
    """The answers that are kept, up to a number and a size. Safe with threads.

    Those of the addresses that were used last stay; of one address, those that were made last.

    Attributes:
        count: how many there are.
        bytes: about what they take in memory.
    """

    def __init__(self, most_bytes: int) -> None:
        self._most_bytes = most_bytes
        self._lock = threading.Lock()
        self._version: object = None
        self._empty()

    def _empty(self) -> None:
        # By address: the headers that its answers depend on, as WSGI names them, and the answers.
        self._kept: OrderedDictType[Address, Tuple[Tuple[str, ...], Dict[Variant, Answer]]] = OrderedDict()
        self.count = self.bytes = 0

    def find(
        self, address: Address, environ: "WSGIEnvironment", version: object
    ) -> Tuple[Variant, Optional[Answer]]:
        """The variant of an address that a request asks for, as far as is known, and its answer, if any.

        Args:
            version: that of the data. What was made from another is dropped, which a request that was
                overtaken by a change may cause once more.
        """
        with self._lock:
            if version != self._version:
                self._empty()
                self._version = version
            kept = self._kept.get(address)
            if kept is None:
                return (), None
            self._kept.move_to_end(address)
            names, answers = kept
            variant = tuple([environ.get(name) for name in names])
            return variant, answers.get(variant)

    def keep(
        self,
        address: Address,
        environ: "WSGIEnvironment",
        vary: Iterable[str],
        answer: Answer,
        version: object,
    ) -> bool:
        """Keep an answer, and tell whether that was done: not when the data has changed meanwhile."""
        with self._lock:
            if version != self._version or answer.size > self._most_bytes:
                return False
            known, answers = self._kept.pop(address, ((), {}))
            names = tuple(sorted({*known, *vary}))
            if names != known:  # the others were told apart by too little
                self._forget(answers.values())
                answers = {}
            variant = tuple([environ.get(name) for name in names])
            told_apart = sum(len(part) for part in (*address, *variant) if part)
            answer = answer._replace(size=answer.size + told_apart)
            if variant in answers:
                self._forget([answers.pop(variant)])
            elif len(answers) == MOST_VARIANTS:
                self._forget([answers.pop(next(iter(answers)))])
            answers[variant] = answer
            self._kept[address] = names, answers
            self.count += 1
            self.bytes += answer.size
            while self.count > MOST_ANSWERS or self.bytes > self._most_bytes:
                _address, (_names, oldest) = self._kept.popitem(last=False)
                self._forget(oldest.values())
            return True

    def _forget(self, answers: Iterable[Answer]) -> None:
        for answer in answers:
            self.count -= 1
            self.bytes -= answer.size


class UnderWay:
    """An answer that the application is making, and for which others wait that want the same."""

    def __init__(self) -> None:
        self._until = monotonic() + PATIENCE_SECONDS
        self._ended = threading.Event()
        self._answer_kept = False

    def end(self, answer_kept: bool) -> None:
        self._answer_kept = answer_kept
        self._ended.set()

    def wait_for_answer(self) -> bool:
        """Wait for the end, but not for long. Whether the answer can be found now."""
        return self._ended.wait(max(0.0, self._until - monotonic())) and self._answer_kept


class HttpCache:
    """A WSGI application that asks another only for what it does not have.

    Args:
        application: the other.
        version: that of the data from which it makes its answers. Asked with every request, so it had
            better be quick; a change empties the cache.
        most_bytes: what all that is kept may take in memory.
        never: paths that go to the application as if there was no cache, nor a version.
    """

    def __init__(
        self,
        application: "WSGIApplication",
        version: Callable[[], object],
        most_bytes: int,
        never: Container[str] = (),
    ) -> None:
        self.answers = Answers(most_bytes)
        self._never = never
        self._application = application
        self._version = version
        self._under_way: Dict[Tuple[Address, Variant], UnderWay] = {}
        self._joining = threading.Lock()

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        address = _address(environ)
        if address is None or environ["PATH_INFO"] in self._never:
            return self._application(environ, start_response)
        while True:
            version = self._version()
            variant, answer = self.answers.find(address, environ, version)
            now = monotonic()
            if answer and now < answer.fresh_until:
                return _give(answer, now, environ, start_response)
            under_way, is_mine = self._join((address, variant))
            if is_mine:
                return self._lead(under_way, (address, variant), environ, start_response)
            if answer and now < answer.usable_until:
                return _give(answer, now, environ, start_response)
            if not under_way.wait_for_answer():
                # What cannot be kept is asked for by everybody, at once and not one after the other.
                response, _kept = self._ask(address, environ, version, "miss")
                return response(environ, start_response)

    def _join(self, wanted: Tuple[Address, Variant]) -> Tuple[UnderWay, bool]:
        """What is under way for what is wanted, or the beginning of it; whether it is the beginning."""
        with self._joining:
            under_way = self._under_way.get(wanted)
            if under_way:
                return under_way, False
            self._under_way[wanted] = under_way = UnderWay()
            return under_way, True

    def _lead(
        self,
        under_way: UnderWay,
        wanted: Tuple[Address, Variant],
        environ: "WSGIEnvironment",
        start_response: "StartResponse",
    ) -> Iterable[bytes]:
        """Ask the application, for all that want the same."""
        kept = False
        try:
            address, _variant = wanted
            version = self._version()
            # Another may have ended between the look for its answer and the joining.
            _variant, answer = self.answers.find(address, environ, version)
            if answer and monotonic() < answer.fresh_until:
                kept = True
                return _give(answer, monotonic(), environ, start_response)
            response, kept = self._ask(address, environ, version, "stale" if answer else "miss")
        finally:
            with self._joining:
                del self._under_way[wanted]
            under_way.end(kept)
        return response(environ, start_response)

    def _ask(
        self, address: Address, environ: "WSGIEnvironment", version: object, why: str
    ) -> Tuple[Response, bool]:
        """The answer of the application to a request, and whether it was kept for others.

        Args:
            why: what RFC 9211 calls it, that the application has to be asked.
        """
        plain = {name: value for name, value in environ.items() if name not in CONDITIONS}
        response = Response.from_app(self._application, {**plain, "REQUEST_METHOD": "GET"})
        try:
            vary, answer = _vary(response), _finished(response)
        except BaseException:
            response.close()
            raise
        kept = answer is not None and self.answers.keep(address, environ, vary, answer, version)
        response.headers["Cache-Status"] = f"desk; fwd={why}{'; stored' if kept else ''}"
        if response.status_code == 200 and not environ.keys().isdisjoint(CONDITIONS):
            response.make_conditional(environ)
        return response, kept


def _address(environ: "WSGIEnvironment") -> Optional[Address]:
    """The address that a request asks for; None when it is not for the cache."""
    if environ["REQUEST_METHOD"] not in ("GET", "HEAD") or not environ.keys().isdisjoint(UNUSUAL):
        return None
    if environ.get("CONTENT_LENGTH", "0") not in ("", "0"):
        return None
    if len(environ.get("HTTP_IF_NONE_MATCH", "")) > LONGEST_CONDITION:
        return None
    return (
        environ["wsgi.url_scheme"],
        environ.get("HTTP_HOST", ""),
        environ["SCRIPT_NAME"],
        environ["PATH_INFO"],
        environ["QUERY_STRING"],
    )


def _give(
    answer: Answer, now: float, environ: "WSGIEnvironment", start_response: "StartResponse"
) -> Iterable[bytes]:
    """Answer with what is kept."""
    headers = [
        *answer.headers,
        ("Age", str(int(now - answer.made_at))),
        ("Cache-Status", f"desk; hit; ttl={int(answer.fresh_until - now)}"),
    ]
    if environ["REQUEST_METHOD"] == "GET" and environ.keys().isdisjoint(CONDITIONS):
        start_response(answer.status, headers)
        return answer.body
    response = Response(answer.body, answer.status, headers)
    response.make_conditional(environ)
    return response(environ, start_response)


def _finished(response: Response) -> Optional[Answer]:
    """What is to be kept of an answer of the application; None when it does not let everybody keep it."""
    control = parse_cache_control_header(", ".join(response.headers.getlist("Cache-Control")))
    # What shared caches in particular are told counts more.
    seconds = _seconds(control.get("s-maxage") or control.get("max-age"))
    if (
        response.status_code != 200
        or "public" not in control
        or not {"private", "no-store", "no-cache"}.isdisjoint(control)
        or not seconds
        or "Set-Cookie" in response.headers
        or "*" in _vary(response)
        or response.content_length is None
        or response.content_length > MOST_BODY_BYTES
    ):
        return None
    stale_seconds = _seconds(control.get("stale-while-revalidate"))
    if not {"must-revalidate", "proxy-revalidate"}.isdisjoint(control):
        stale_seconds = 0
    body = response.get_data()
    now = monotonic()
    return Answer(
        status=response.status,
        # The server gives each answer its own date. Most headers are the same in all answers.
        headers=[(intern(name), intern(value)) for name, value in response.headers if name != "Date"],
        body=[body],
        made_at=now,
        fresh_until=now + seconds,
        usable_until=now + seconds + stale_seconds,
        size=len(body) + OVERHEAD_BYTES,
    )


def _seconds(value: Optional[str]) -> int:
    """What a directive of Cache-Control gives: none when it is missing or no number."""
    return int(value) if value and value.isdecimal() else 0


def _vary(response: Response) -> List[str]:
    """The headers that an answer depends on, as WSGI names them; `*` for what no header tells."""
    names = parse_set_header(", ".join(response.headers.getlist("Vary")))
    return [name if name == "*" else f"HTTP_{name.upper().replace('-', '_')}" for name in names]
