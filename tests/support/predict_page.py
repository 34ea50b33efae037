"""What tests of the page of `marquee serve` look at and do, as a person would."""

import os
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from sites import ROOT

SMALL, LARGE = 360, 1280

DROP = """
([selector, name, type, bytes]) => {
  const held = new DataTransfer();
  held.items.add(new File([Uint8Array.from(atob(bytes), one => one.charCodeAt(0))], name, {type}));
  for (const kind of ["dragover", "drop"]) {
    const event = new DragEvent(kind, {dataTransfer: held, bubbles: true, cancelable: true});
    document.querySelector(selector).dispatchEvent(event);
  }
}
"""
"""Drops a file, as the browser does when somebody lets go of one over an element."""


def focused(page: Page) -> str:
    """Return the id of the focused element, else its text."""
    return page.evaluate("document.activeElement.id || document.activeElement.textContent")


def status(page: Page, words: str) -> None:
    """Wait until the status says some words."""
    expect(page.locator("#status")).to_contain_text(words)


def card(page: Page, title: str):
    """Return the card of a question."""
    return page.locator("article").filter(has=page.get_by_role("heading", name=title, exact=True))


def assert_fits(page: Page) -> None:
    """Assert that nothing is cut off, whichever width the window has."""
    for width in (SMALL, LARGE):
        page.set_viewport_size({"width": width, "height": 800})
        assert page.evaluate("document.documentElement.scrollWidth") <= width


def find_axe() -> str:
    """Return axe-core's source; skip where it is not installed."""
    named = os.environ.get("MARQUEE_TEST_AXE")
    places = [Path(named)] if named else [ROOT / "node_modules" / "axe-core" / "axe.min.js"]
    for place in places:
        if place.is_file():
            return place.read_text(encoding="utf-8")
    pytest.skip(
        "axe-core is not installed: run `npm install --no-save axe-core` in the repository, or "
        "name its axe.min.js by MARQUEE_TEST_AXE"
    )
