import re

import pytest
import requests
from present import present
from selectolax.lexbor import LexborHTMLParser

from resources.studio.catalogue.generated import GeneratedCatalogue
from resources.studio.servers.running import start_studio
from resources.studio.truth.revenue_truth import revenue_usd

COOKIE = {"Cookie": "theme=dark; session=studio"}
VALUE = "div.a-column.a-span5.a-text-right.a-span-last"


@pytest.fixture(scope="module")
def catalogue(tmp_path_factory):
    return GeneratedCatalogue(400, 7, tmp_path_factory.mktemp("cache"))


@pytest.fixture(scope="module")
def studio(catalogue):
    with start_studio(catalogue) as up:
        yield up


def page(studio, imdb_id, rest="", **headers):
    url = f"{studio.urls['IMDBPRO_URL']}/title/{imdb_id}/boxoffice{rest}"
    return requests.get(url, headers=headers, timeout=60)


def imdb_ids(catalogue, *, known, currency="$"):
    for tmdb_id in catalogue.movie_ids():
        traits = catalogue.traits(tmdb_id)
        if traits.on_imdbpro is known and traits.currency == currency:
            yield tmdb_id, catalogue.summary(tmdb_id)["imdb_id"]


def rows(answer):
    tree = LexborHTMLParser(answer.text)
    return {
        name: present(tree.css_first(f"div#box_office_summary .{name} {VALUE}")).text(strip=True)
        for name in ("budget_summary", "opening_wknd_summary", "gross_world_summary")
        if tree.css_first(f"div#box_office_summary .{name}")
    }


def test_known_box_office_is_laid_out_in_rows(studio, catalogue):
    tmdb_id, imdb_id = next(imdb_ids(catalogue, known=True))
    shown = rows(page(studio, imdb_id, **COOKIE))
    revenue = revenue_usd(catalogue.traits(tmdb_id), catalogue.seed)
    assert shown["gross_world_summary"] == f"${revenue:,}"


def test_unknown_figure_has_no_row(studio, catalogue):
    shown = [
        rows(page(studio, imdb_id, **COOKIE))
        for _, imdb_id in list(imdb_ids(catalogue, known=True))[:40]
    ]
    assert any("budget_summary" not in one for one in shown)
    assert any("budget_summary" in one for one in shown)


def test_movie_that_imdbpro_does_not_know_has_an_empty_summary(studio, catalogue):
    _, imdb_id = next(imdb_ids(catalogue, known=False))
    answer = page(studio, imdb_id, **COOKIE)
    assert LexborHTMLParser(answer.text).css_first("div#box_office_summary") is not None
    assert rows(answer) == {}


@pytest.mark.parametrize("currency", ["£", "¥"])
def test_some_amounts_are_in_another_currency(studio, catalogue, currency):
    _, imdb_id = next(imdb_ids(catalogue, known=True, currency=currency))
    shown = rows(page(studio, imdb_id, **COOKIE))
    assert re.fullmatch(rf"{currency}\d{{1,3}}(,\d{{3}})*", shown["gross_world_summary"])


def test_without_the_cookie_there_is_a_login_page_and_nothing_else(studio, catalogue):
    _, imdb_id = next(imdb_ids(catalogue, known=True))
    answer = page(studio, imdb_id)
    assert answer.status_code == 200
    tree = LexborHTMLParser(answer.text)
    assert tree.css_first("#box_office_summary, #box_office_details, #box_office_mojo") is None


def test_unknown_title_is_not_found(studio):
    assert page(studio, "tt0000001", **COOKIE).status_code == 404


def test_table_has_sortable_cells(studio, catalogue):
    answers = (
        page(studio, imdb_id, "/_ajax", Referer=studio.url, **COOKIE)
        for _, imdb_id in imdb_ids(catalogue, known=True)
    )
    tables = (LexborHTMLParser(one.text).css_first("table#box_office_mojo") for one in answers)
    table = next(table for table in tables if table is not None)
    values = [cell.attributes["data-sort-value"] for cell in table.css("tr")[0].css("td")]
    assert len(values) == 7
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", values[0])


def test_table_says_when_it_is_empty(studio, catalogue):
    _, imdb_id = next(imdb_ids(catalogue, known=False))
    answer = page(studio, imdb_id, "/_ajax", Referer=studio.url, **COOKIE)
    assert LexborHTMLParser(answer.text).css_first("span.empty_mojo_table") is not None


def test_table_without_referer_is_blocked(studio, catalogue):
    _, imdb_id = next(imdb_ids(catalogue, known=True))
    tree = LexborHTMLParser(page(studio, imdb_id, "/_ajax", **COOKIE).text)
    assert tree.css_first("table#box_office_mojo, div#box_office_details") is None


def test_details_have_their_places(studio, catalogue):
    tmdb_id, imdb_id = next(imdb_ids(catalogue, known=True))
    url = f"{studio.urls['IMDBPRO_URL']}/title/{imdb_id}/details"
    tree = LexborHTMLParser(requests.get(url, headers=COOKIE, timeout=60).text)
    movie = catalogue.details(tmdb_id)
    assert present(tree.css_first("#title_heading span")).text() == movie["title"]
    assert (
        present(tree.css_first("#genres")).text(strip=True).split(", ")[0]
        == movie["genres"][0]["name"]
    )
    assert tree.css_first("#rating_breakdown span.a-size-medium") is not None
    assert tree.css_first("#ranking_graph_container") is not None


def test_details_want_the_cookie_and_a_known_title(studio, catalogue):
    _, imdb_id = next(imdb_ids(catalogue, known=True))
    base = f"{studio.urls['IMDBPRO_URL']}/title"
    logged_out = requests.get(f"{base}/{imdb_id}/details", timeout=60)
    assert LexborHTMLParser(logged_out.text).css_first("#title_heading") is None
    assert requests.get(f"{base}/tt0000001/details", headers=COOKIE, timeout=60).status_code == 404


def test_robots_are_reported_where_to_go(studio):
    answer = requests.get(f"{studio.urls['IMDBPRO_URL']}/robots.txt", timeout=60)
    assert answer.text.startswith("User-agent: *")
