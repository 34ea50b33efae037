"""The page of `marquee serve`, as a person without a mouse uses it, on a small screen too."""

import re

import pytest
from playwright.sync_api import expect
from served import served

pytestmark = pytest.mark.ui

LOOK_LIMIT_MS = 60_000


@pytest.fixture(params=[360, 1000])
def page(browser, request):
    page = browser.new_page(viewport={"width": request.param, "height": 800})
    yield page
    page.close()


@pytest.fixture(scope="module")
def url(built):
    with served(built) as url:
        yield url


def focused(page):
    return page.evaluate("document.activeElement.id || document.activeElement.textContent")


def status(page, words):
    expect(page.locator("#status")).to_contain_text(words, timeout=LOOK_LIMIT_MS)


def test_film_is_found_and_asked_about_by_keyboard(page, url):
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(url)
    for _ in range(2):  # past the link that skips to the answers
        page.keyboard.press("Tab")
    assert focused(page) == "find"
    page.keyboard.type("the")
    page.keyboard.press("Enter")
    status(page, "films found")
    title = focused(page)
    page.keyboard.press("Enter")
    status(page, "questions are answered")
    assert focused(page) == "results"
    expect(page.locator("#results h2")).to_have_text(title)
    expect(page.locator("article")).to_have_count(8)
    first = page.locator("article").first
    expect(first.locator(".answer")).to_have_text(re.compile(r"90 % interval"))
    expect(first).to_contain_text("were inside their 90 % intervals")
    width = page.viewport_size["width"]
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert all(address.startswith((url, "data:")) for address in asked)


def test_own_film_with_a_poster_is_answered_and_a_wrong_value_is_explained(page, url, built):
    page.goto(url)
    page.fill("#plot", "A thief robs one last bank.")
    page.fill("#budget_usd", "-5")
    page.keyboard.press("Enter")
    status(page, "budget_usd: got -5; allowed: a number from 1 to")
    assert focused(page) == "budget_usd"
    expect(page.locator("#budget_usd")).to_have_attribute("aria-invalid", "true")
    page.fill("#budget_usd", "$50,000,000")
    poster = next((built.store / "posters").glob("*.jpg"))
    page.set_input_files("#poster_base64", poster)
    page.get_by_role("button", name="Predict").click()
    status(page, "questions are answered")
    expect(page.locator("#budget_usd")).not_to_have_attribute("aria-invalid", "true")
    page.set_input_files("#poster_base64", {"name": "a.jpg", "mimeType": "", "buffer": b"broken"})
    page.get_by_role("button", name="Predict").click()
    status(page, "poster: ")
    assert focused(page) == "poster_base64"


def test_every_field_has_a_label_and_the_page_has_a_language(page, url):
    page.goto(url)
    assert page.evaluate("document.documentElement.lang") == "en"
    for field in page.locator("input:visible, textarea:visible").all():
        assert page.locator(f"label[for={field.get_attribute('id')}]").count() == 1
    expect(page.locator("[role=status]")).to_have_attribute("aria-live", "polite")


def test_key_is_asked_for_and_a_server_that_is_down_is_named(page, built):
    with served(built, "open sesame") as url:
        page.goto(url)
        page.fill("#find", "the")
        page.keyboard.press("Enter")
        status(page, "a key is required")
        assert focused(page) == "key"
        page.keyboard.type("open sesame")
        page.fill("#find", "the")
        page.keyboard.press("Enter")
        status(page, "films found")
    page.fill("#find", "the")
    page.keyboard.press("Enter")
    status(page, "The server does not answer")
