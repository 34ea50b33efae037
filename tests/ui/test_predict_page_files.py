"""Files that are let go over the page, reasons for a poster, a server that goes away, axe-core."""

import base64
import re

import pytest
from playwright.sync_api import expect
from predict_page import DROP, assert_fits, card, find_axe, focused, status
from served import served

pytestmark = pytest.mark.ui

SERIOUS = ("serious", "critical")


def drop(page, selector, name, kind, content):
    page.evaluate(DROP, [selector, name, kind, base64.b64encode(content).decode()])


def predict(page):
    page.get_by_role("button", name="Predict").press("Enter")


def test_poster_and_trailer_are_dropped_anywhere_and_asked_about(small_page, predict_url, built):
    page = small_page
    page.goto(predict_url)
    poster = next((built.store / "posters").glob("*.jpg"))
    trailer = built.store / "trailers" / f"{poster.stem}.mp4"
    drop(page, ".drop", "poster.jpg", "image/jpeg", poster.read_bytes())
    status(page, "poster.jpg is the poster")
    expect(page.locator("#own-poster")).to_be_visible()
    expect(page.locator(".drop")).not_to_have_class(re.compile("over"))
    drop(page, "header", "trailer.mkv", "", trailer.read_bytes())  # some systems know no MKV
    status(page, "trailer.mkv is the trailer")
    predict(page)
    status(page, "questions are answered")
    given = page.locator("#results .head .hint").first
    for name in ("poster", "frames", "audio"):
        expect(given).to_contain_text(name)
    expect(card(page, "Score").locator(".answer")).to_contain_text("points of 10")
    assert_fits(page)


def test_dropped_file_that_is_broken_is_named_and_can_be_replaced(small_page, predict_url, built):
    page = small_page
    page.goto(predict_url)
    drop(page, "main", "poster.png", "image/png", b"no picture")
    expect(page.locator("#own-poster")).to_be_hidden()
    predict(page)
    status(page, "poster: ")
    assert focused(page) == "poster_base64"
    poster = next((built.store / "posters").glob("*.jpg")).read_bytes()
    drop(page, "main", "poster.jpg", "image/jpeg", poster)
    expect(page.locator("#poster_base64")).not_to_have_attribute("aria-invalid", "true")
    predict(page)
    status(page, "questions are answered")


def test_areas_of_a_dropped_poster_are_explained_over_it(small_page, predict_url, built):
    page = small_page
    page.goto(predict_url)
    poster = next((built.store / "posters").glob("*.jpg")).read_bytes()
    drop(page, ".drop", "poster.jpg", "image/jpeg", poster)
    predict(page)
    status(page, "questions are answered")
    genre = card(page, "First genre, by the poster")
    genre.get_by_text("Why").press("Enter")
    genre.get_by_role("button", name="Areas of the poster").press("Enter")
    expect(genre.locator(".areas span")).to_have_count(12)
    picture = genre.get_by_role("img", name="The poster, with the effect of each area")
    assert page.evaluate("one => one.naturalWidth", picture.element_handle()) > 0
    expect(genre.locator("details table tbody tr").first).to_contain_text("row")
    assert_fits(page)


def test_server_that_goes_away_is_named_where_it_is_asked(small_page, built):
    page = small_page
    with served(built) as url:
        page.goto(url)
        page.fill("#plot", "A thief robs one last bank.")
        page.fill("#budget_usd", "50000000")
        predict(page)
        status(page, "questions are answered")
    predict(page)
    status(page, "The server does not answer")
    revenue = card(page, "Revenue")
    revenue.get_by_label("Budget").press("ArrowRight")
    expect(revenue).to_contain_text("The server does not answer")
    revenue.get_by_text("Why").press("Enter")
    expect(revenue.locator("details")).to_contain_text("The server does not answer")
    assert_fits(page)


def test_axe_core_finds_nothing_serious_on_the_form_the_answers_and_a_films_page(
    small_page, predict_url, built
):
    axe, page = find_axe(), small_page
    page.goto(predict_url)
    assert problems(page, axe) == []
    page.fill("#plot", "A thief robs one last bank.")
    page.fill("#budget_usd", "50000000")
    predict(page)
    status(page, "questions are answered")
    card(page, "Revenue").get_by_text("Why").press("Enter")
    expect(card(page, "Revenue").locator("details table")).to_be_visible()
    assert problems(page, axe) == []
    page.goto(f"{predict_url}/films/{built.catalogue.movie_ids()[0]}/page")
    expect(page.locator("#facts table").first).to_be_visible()
    assert problems(page, axe) == []
    page.emulate_media(color_scheme="dark")
    assert problems(page, axe) == []


def problems(page, axe):
    page.evaluate(axe)
    found = page.evaluate("axe.run(document).then(one => one.violations)")
    return [
        f"{one['id']}: {one['nodes'][0]['html'][:120]}" for one in found if one["impact"] in SERIOUS
    ]
