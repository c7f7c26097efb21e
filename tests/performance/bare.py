"""The least that a WSGI application can do: answer whatever is asked with one answer, read at the start.

The limit of what the desk can reach under the same server. BARE_ANSWER names the file of the answer.
"""

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Iterable

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

answer = json.loads(Path(os.environ["BARE_ANSWER"]).read_text())
status = answer["status"]
headers = [(name, value) for name, value in answer["headers"]]
body = [answer["body"].encode()]


def app(_environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
    start_response(status, headers)
    return body
