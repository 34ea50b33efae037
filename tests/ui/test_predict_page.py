"""The page of `marquee serve`, as a person without a mouse uses it, on a small screen too."""

import re
import shutil

import pytest
import requests
from playwright.sync_api import expect
from predict_page import assert_fits, card, focused, status
from present import present
from served import served
from sites import opened_site

pytestmark = pytest.mark.ui


@pytest.fixture
def page(small_page):
    return small_page


@pytest.fixture(scope="module")
def url(predict_url):
    return predict_url


@pytest.fixture(scope="module")
def film(built, url):
    """A film that has a trailer, and a date, so that everything can be asked about it."""
    for tmdb_id in built.catalogue.movie_ids():
        answer = requests.get(f"{url}/films/{tmdb_id}", timeout=60).json()
        if {"poster", "frames", "text"} <= set(answer.get("has", ())) and answer["release_date"]:
            return answer
    raise AssertionError("no film has everything")


def shown_revenue(url, body):
    (one,) = requests.post(f"{url}/predict", json=body, timeout=60).json()["predictions"]
    return dict(one["lines"])["predicts"]


def test_film_is_found_and_asked_about_by_keyboard(page, url, film):
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(url)
    for _ in range(3):  # past the link that skips to the answers, and the title
        page.keyboard.press("Tab")
    assert focused(page) == "find"
    page.keyboard.type(film["title"].upper()[:9])
    page.keyboard.press("Enter")
    status(page, "found")
    title = focused(page)
    page.keyboard.press("Enter")
    status(page, "questions are answered")
    assert focused(page) == "results"
    expect(page.locator("#results h2").first).to_have_text(title)
    expect(page.locator("article")).to_have_count(8)
    revenue = card(page, "Revenue")
    expect(revenue.locator(".answer").first).to_have_text(re.compile(r"90 % interval \$"))
    expect(revenue).to_contain_text("were inside their 90 % intervals")
    expect(revenue).to_contain_text("linear on log budget")
    expect(card(page, "Class of revenue").locator("tbody tr")).to_have_count(8)
    expect(card(page, "Genres").locator("thead")).to_contain_text("label prior")
    expect(page.get_by_role("heading", name="Comparable films")).to_be_visible()
    assert_fits(page)
    assert all(address.startswith((url, "data:")) for address in asked)


def test_sliders_redraw_the_interval_one_request_at_a_time(page, url, film):
    asked = []
    page.goto(f"{url}/films/{film['tmdb_id']}/page")
    revenue = card(page, "Revenue")
    before = revenue.locator(".interval").get_attribute("aria-label")
    page.on("requestfinished", lambda one: asked.append(one.post_data_json))
    slider = revenue.get_by_label("Budget")
    slider.focus()
    for _ in range(30):
        page.keyboard.press("ArrowRight")
    shown = revenue.locator(".what-if output").first.text_content()
    expect(revenue.locator(".what-if .answer")).to_contain_text("90 % interval")
    after = revenue.locator(".interval").get_attribute("aria-label")
    assert after == present(revenue.locator(".what-if .answer").text_content()).replace(";", ",")
    assert after == shown_revenue(url, asked[-1]).replace(";", ",")
    expect(revenue.locator(".interval .band.before")).to_have_count(1)
    assert slider.get_attribute("aria-valuetext") == shown
    assert len([one for one in asked if one]) <= 3  # thirty moves, and those still wait
    expected = {"tmdb_id": film["tmdb_id"], "systems": ["box_office"], "comparable": False}
    assert {name: asked[-1][name] for name in expected} == expected
    revenue.get_by_label("Month of release").focus()
    page.keyboard.press("Home")
    expect(revenue.locator(".what-if output").nth(1)).to_have_text("January")
    revenue.get_by_role("button", name="As it was").press("Enter")
    expect(revenue.locator(".interval")).to_have_attribute("aria-label", before)


def test_reasons_are_given_when_they_are_asked_for(page, url, film):
    page.goto(f"{url}/films/{film['tmdb_id']}/page")
    score = card(page, "Score")
    score.get_by_text("Why").press("Enter")
    expect(score).to_contain_text("unmoved by")
    score.get_by_role("button", name="Frames of the trailer").press("Enter")
    frames = score.locator(".frames img")
    expect(frames.first).to_be_visible()
    page.wait_for_function("picture => picture.naturalWidth > 0", arg=frames.first.element_handle())
    revenue = card(page, "Class of revenue")
    revenue.get_by_text("Why").press("Enter")
    expect(revenue.locator("details table tbody tr").first).to_be_visible()
    revenue.get_by_role("button", name="Words of the plot").press("Enter")
    expect(revenue.locator("mark").first).to_be_visible()
    assert_fits(page)


def test_page_of_a_film_shows_its_pictures_its_record_and_where_they_are_from(page, url, film):
    page.goto(f"{url}/films/{film['tmdb_id']}/page")
    facts = page.locator("#facts")
    for name in ("The poster with boxes around its objects", "The frames that models see"):
        picture = facts.get_by_role("img", name=name)
        picture.scroll_into_view_if_needed()
        page.wait_for_function("one => one.naturalWidth > 0", arg=picture.element_handle())
    facts.get_by_role("button", name="Dropped frames too").press("Enter")
    dropped = facts.get_by_role("img", name="All sampled frames")
    page.wait_for_function("one => one.naturalWidth > 0", arg=dropped.element_handle())
    expect(facts).to_contain_text("Plot")
    expect(facts.locator("table")).to_contain_text("poster_embeddings")
    assert page.title().startswith(film["title"])
    assert_fits(page)


def test_own_film_of_text_alone_and_a_wrong_value(page, url):
    page.goto(url)
    page.fill("#plot", "A thief robs one last bank.")
    page.fill("#budget_usd", "-5")
    page.keyboard.press("Enter")
    status(page, "budget_usd: got -5; allowed: a number from 1 to")
    assert focused(page) == "budget_usd"
    expect(page.locator("#budget_usd")).to_have_attribute("aria-invalid", "true")
    page.fill("#budget_usd", "$50,000,000")
    page.keyboard.press("Enter")
    status(page, "questions are answered")
    expect(page.locator("#budget_usd")).not_to_have_attribute("aria-invalid", "true")
    expect(card(page, "Score")).to_contain_text("it reads the trailer, which is not given")
    sliders = card(page, "Revenue").locator("input[type=range]")
    expect(sliders).to_have_count(2)  # without a date there is no year of which to choose a month


def test_own_film_with_a_poster_and_a_broken_one(page, url, built):
    page.goto(url)
    poster = next((built.store / "posters").glob("*.jpg"))
    page.set_input_files("#poster_base64", poster)
    expect(page.locator("#own-poster")).to_be_visible()
    page.get_by_role("button", name="Predict").click()
    status(page, "questions are answered")
    expect(page.locator("#results > .head img")).to_be_visible()
    expect(card(page, "First genre, by the poster").locator("tbody tr").first).to_be_visible()
    page.set_input_files("#poster_base64", {"name": "a.jpg", "mimeType": "", "buffer": b"broken"})
    page.get_by_role("button", name="Predict").click()
    status(page, "poster: ")
    assert focused(page) == "poster_base64"
    expect(page.locator("#own-poster")).to_be_hidden()


def test_own_film_with_a_trailer_and_a_broken_one(page, url, built):
    page.goto(url)
    page.set_input_files("#trailer", {"name": "a.mp4", "mimeType": "", "buffer": b"no video"})
    page.get_by_role("button", name="Predict").press("Enter")
    status(page, "trailer: ")
    assert focused(page) == "trailer"
    trailer = next((built.store / "trailers").glob("*.mp4"))
    page.set_input_files("#trailer", trailer)
    page.get_by_role("button", name="Predict").press("Enter")
    status(page, "questions are answered")
    score = card(page, "Score")
    expect(score.locator(".answer")).to_contain_text("points of 10")
    score.get_by_text("Why").press("Enter")
    score.get_by_role("button", name="Frames of the trailer").press("Enter")
    expect(score.locator("details table tbody tr").first).to_contain_text("frame")
    assert_fits(page)


def test_every_field_has_a_label_and_the_page_has_a_language(page, url):
    page.goto(url)
    assert page.evaluate("document.documentElement.lang") == "en"
    for field in page.locator("input:visible, textarea:visible").all():
        assert page.locator(f"label[for={field.get_attribute('id')}]").count() == 1
    expect(page.locator("[role=status]")).to_have_attribute("aria-live", "polite")


def test_system_without_a_model_says_so(page, built, tmp_path):
    shutil.copytree(built.folder, tmp_path / "site")
    for folder in ("registry", "models"):
        shutil.rmtree(tmp_path / "site" / "store" / folder / "score")
    with opened_site(tmp_path / "site", 24, 7) as site, served(site) as url:
        page.goto(url)
        page.fill("#plot", "A thief robs one last bank.")
        page.get_by_role("button", name="Predict").click()
        status(page, "questions are answered")
        expect(card(page, "Score")).to_contain_text("no model was trained")
        expect(card(page, "Genres").locator("table")).to_be_visible()


def test_key_is_asked_for_and_a_server_that_is_down_is_named(page, built, film):
    with served(built, "open sesame") as url:
        page.goto(url)
        page.fill("#find", "the")
        page.keyboard.press("Enter")
        status(page, "a key is required")
        assert focused(page) == "key"
        page.keyboard.type("open sesame")
        page.fill("#find", film["title"])
        page.keyboard.press("Enter")
        status(page, "found")
        picture = page.locator("#found img").first
        page.wait_for_function("one => one.naturalWidth > 0", arg=picture.element_handle())
    page.fill("#find", "the")
    page.keyboard.press("Enter")
    status(page, "The server does not answer")
