"""What goes wrong in a page without a word to whoever looks at it."""

from typing import List

from playwright.sync_api import BrowserContext, ConsoleMessage, Request, Response, WebError


def watch(context: BrowserContext, address: str, complaints: List[str]) -> None:
    """Note requests to others than `address`, requests that fail, and errors of scripts and the console.

    What breaks the Content-Security-Policy is an error of the console.
    """

    def requested(request: Request) -> None:
        if not request.url.startswith((f"{address}/", "data:", "blob:")):
            complaints.append(f"asks another than the desk: {request.url}")

    def answered(response: Response) -> None:
        # A page may tell somebody what to correct; what it loads may not, and the desk itself may not fail.
        if response.status >= (500 if response.request.is_navigation_request() else 400):
            complaints.append(f"gets {response.status} from {response.url}")

    def failed(request: Request) -> None:
        # Aborted is what a page gives up itself: an older search, all that is under way when it is left.
        if request.failure != "net::ERR_ABORTED":
            complaints.append(f"cannot load {request.url}: {request.failure}")

    def logged(message: ConsoleMessage) -> None:
        # What could not be loaded is noted above, where pages and what they load are told apart.
        if message.type == "error" and not message.text.startswith("Failed to load resource:"):
            complaints.append(f"logs {message.text}")

    def raised(error: WebError) -> None:
        complaints.append(f"raises {error.error}")

    context.on("request", requested)
    context.on("response", answered)
    context.on("requestfailed", failed)
    context.on("console", logged)
    context.on("weberror", raised)
