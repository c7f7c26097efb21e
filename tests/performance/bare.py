"""The smallest WSGI application: respond to every request with the response in the file BARE_RESPONSE.

It is the limit of what the app can reach under the same server.
"""

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Iterable

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

response = json.loads(Path(os.environ["BARE_RESPONSE"]).read_text())
status = response["status"]
headers = [(name, value) for name, value in response["headers"]]
body = [response["body"].encode()]


def app(_environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
    start_response(status, headers)
    return body
