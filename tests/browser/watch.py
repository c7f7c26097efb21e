"""Errors of a page that its text does not show."""

from __future__ import annotations

from playwright.sync_api import BrowserContext, ConsoleMessage, Request, Response, WebError


def watch(context: BrowserContext, url: str, errors: list[str]) -> None:
    """Record in `errors`: requests to other hosts than `url`, failed requests, script and console errors.

    Violations of the Content-Security-Policy are console errors.
    """

    def on_request(request: Request) -> None:
        if not request.url.startswith((f"{url}/", "data:", "blob:")):
            errors.append(f"requests another host: {request.url}")

    def on_response(response: Response) -> None:
        # A page itself may respond with a 4xx to invalid input; the files that it loads may not.
        if response.status >= (500 if response.request.is_navigation_request() else 400):
            errors.append(f"gets {response.status} from {response.url}")

    def on_failure(request: Request) -> None:
        # Aborted by the page itself: an older search, or in flight when the page was left.
        if request.failure != "net::ERR_ABORTED":
            errors.append(f"cannot load {request.url}: {request.failure}")

    def on_console(message: ConsoleMessage) -> None:
        # Failed loads are recorded above, where pages and their files are told apart.
        if message.type == "error" and not message.text.startswith("Failed to load resource:"):
            errors.append(f"logs {message.text}")

    def on_script_error(error: WebError) -> None:
        errors.append(f"raises {error.error}")

    context.on("request", on_request)
    context.on("response", on_response)
    context.on("requestfailed", on_failure)
    context.on("console", on_console)
    context.on("weberror", on_script_error)
