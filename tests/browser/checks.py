"""What every page has to hold, whatever it shows."""

from typing import Any, Dict, List, Sequence

from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Page

# WCAG 2.0, 2.1 and 2.2 on the levels A and AA, and what axe's makers advise besides.
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22a", "wcag22aa", "best-practice"]


# All that a dark page has otherwise than a light one.
COLOURS = ["cat.color"]


def assert_accessible(page: Page, rules: Sequence[str] = RULES) -> None:
    """Assert that axe-core finds nothing to object to in the page as it is now. It needs JavaScript."""
    # Without, axe would wait for ever for a timer of its own.
    assert page.evaluate("matchMedia('(scripting: enabled)').matches"), "axe needs JavaScript"
    if not page.evaluate("'axe' in window"):
        # Evaluated through the debugging protocol, which no Content-Security-Policy forbids.
        page.evaluate(AXE_SCRIPT)
    # All of what is wrong, and one example of the rest, which takes half the time.
    results = page.evaluate(
        "rules => axe.run(document, {runOnly: rules, resultTypes: ['violations']})", rules
    )
    assert results["passes"], "axe looked at nothing"
    assert not results["violations"], f"{page.url}\n" + "\n".join(map(_told, results["violations"]))


def _told(violation: Dict[str, Any]) -> str:
    """One violation: the rule, then each element with what is wrong with it."""
    lines: List[str] = [f"{violation['id']} ({violation['impact']}): {violation['help']}"]
    for node in violation["nodes"]:
        lines += [f"  {node['html']}", *(f"    {line}" for line in node["failureSummary"].splitlines())]
    return "\n".join(lines)


def assert_no_horizontal_scrolling(page: Page) -> None:
    """Assert that the page is no wider than its window, and name what sticks out otherwise."""
    width, room, wide = page.evaluate(
        """() => {
            const root = document.documentElement;
            const sticksOut = element => element.getBoundingClientRect().right > root.clientWidth
                || element.getBoundingClientRect().left + element.scrollWidth > root.clientWidth;
            const wide = [...document.body.querySelectorAll("*")].filter(sticksOut);
            return [root.scrollWidth, root.clientWidth, wide.map(element => element.outerHTML.slice(0, 100))];
        }"""
    )
    assert width <= room, f"{page.url} is {width} px wide in a window of {room} px:\n" + "\n".join(wide)


def assert_everything_keeps_to_its_box(page: Page) -> None:
    """Assert that nothing reaches into the padding of what holds it, or beyond."""
    wide = page.evaluate(
        """() => [...document.querySelectorAll("header *, main *, footer *")].filter(element => {
            const style = getComputedStyle(element);
            if (["inline", "none"].includes(style.display) || style.position === "absolute") return false;
            if (element.closest("svg, thead, .visually-hidden")) return false;
            const around = getComputedStyle(element.parentElement);
            const right = element.parentElement.getBoundingClientRect().right
                - parseFloat(around.paddingRight) - parseFloat(around.borderRightWidth);
            return element.getBoundingClientRect().right > right + 1
                || element.scrollWidth > element.clientWidth + 1;
        }).map(element => element.outerHTML.slice(0, 100))"""
    )
    assert not wide, f"{page.url} has no room for\n" + "\n".join(wide)
