"""Checks that every page must pass."""

from __future__ import annotations

from typing import Any, Sequence

from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Page

# WCAG 2.0, 2.1 and 2.2, levels A and AA, and the best practices of axe.
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22a", "wcag22aa", "best-practice"]

# The rules that a dark colour scheme can break.
COLOURS = ["cat.color"]


def assert_accessible(page: Page, rules: Sequence[str] = RULES) -> None:
    """Assert that axe-core finds no violation. Needs JavaScript."""
    # Without it, axe would wait for its timer forever.
    assert page.evaluate("matchMedia('(scripting: enabled)').matches"), "axe needs JavaScript"
    if not page.evaluate("'axe' in window"):
        # The Content-Security-Policy does not apply to the debugging protocol.
        page.evaluate(AXE_SCRIPT)
    # Reporting only violations in full takes half the time.
    results = page.evaluate(
        "rules => axe.run(document, {runOnly: rules, resultTypes: ['violations']})", rules
    )
    assert results["passes"], "axe checked nothing"
    assert not results["violations"], f"{page.url}\n" + "\n".join(map(_describe, results["violations"]))


def _describe(violation: dict[str, Any]) -> str:
    """Return the rule, then each element with its failures."""
    lines: list[str] = [f"{violation['id']} ({violation['impact']}): {violation['help']}"]
    for node in violation["nodes"]:
        lines += [f"  {node['html']}", *(f"    {line}" for line in node["failureSummary"].splitlines())]
    return "\n".join(lines)


def assert_no_horizontal_scrolling(page: Page) -> None:
    """Assert that the page is not wider than its window; the message lists the elements that stick out."""
    width, max_width, wide = page.evaluate(
        """() => {
            const root = document.documentElement;
            const sticksOut = element => element.getBoundingClientRect().right > root.clientWidth
                || element.getBoundingClientRect().left + element.scrollWidth > root.clientWidth;
            const wide = [...document.body.querySelectorAll("*")].filter(sticksOut);
            return [root.scrollWidth, root.clientWidth, wide.map(element => element.outerHTML.slice(0, 100))];
        }"""
    )
    assert width <= max_width, f"{page.url} is {width} px wide in a window of {max_width} px:\n" + "\n".join(
        wide
    )


def assert_nothing_overflows(page: Page) -> None:
    """Assert that no element overflows the content box of its parent, but for the menu, which scrolls."""
    wide = page.evaluate(
        """() => [...document.querySelectorAll("header *, main *, footer *")].filter(element => {
            const style = getComputedStyle(element);
            if (["inline", "none"].includes(style.display) || style.position === "absolute") return false;
            if (element.closest("svg, thead, .visually-hidden, .main-menu")) return false;
            const around = getComputedStyle(element.parentElement);
            const right = element.parentElement.getBoundingClientRect().right
                - parseFloat(around.paddingRight) - parseFloat(around.borderRightWidth);
            return element.getBoundingClientRect().right > right + 1
                || element.scrollWidth > element.clientWidth + 1;
        }).map(element => element.outerHTML.slice(0, 100))"""
    )
    assert not wide, f"{page.url} has overflowing elements:\n" + "\n".join(wide)
