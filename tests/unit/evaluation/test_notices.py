"""The notice of a source stands on every report of its films, and the pages load nothing."""

import re
from dataclasses import replace

import pytest

from pipeline.core.terms import TERMS, TMDB_NOTICE, list_notices
from pipeline.evaluation.report.evaluation_summary import summarise
from pipeline.evaluation.report.leaderboard_page import render_leaderboard
from pipeline.evaluation.report.model_card import render_card
from pipeline.evaluation.report.report_page import render_report
from pipeline.models.systems.box_office import BOX_OFFICE

FACTS = {
    "system": "box_office", "task": "log10_revenue", "split": "80-10-10", "variant": "main",
    "kind": "fields",
}  # fmt: skip
PAGES = {
    "report": lambda summary: render_report(summary, {}),
    "leaderboard": lambda summary: render_leaderboard([summary, summary]),
    "card": lambda summary: render_card(FACTS, summary),
}


@pytest.fixture(scope="module", name="evaluate")
def evaluation_of_a_source(make, subject):
    results = make(BOX_OFFICE.tasks[0], ("80-10-10",))

    def evaluate(source, label):
        of_source = replace(subject(BOX_OFFICE), source=label, notices=list_notices([source]))
        return summarise(results, of_source)

    return evaluate


@pytest.mark.parametrize("page", PAGES)
def test_notice_of_tmdb_stands_once_on_every_report_with_its_page(evaluate, page):
    for source in ("tmdb", "tmdb5000"):
        text = PAGES[page](evaluate(source, "TMDB"))
        assert text.count(TMDB_NOTICE) == 1
        assert TERMS[source].page in text


@pytest.mark.parametrize("page", PAGES)
def test_films_of_the_studio_have_no_notice(evaluate, page):
    text = PAGES[page](evaluate("studio", "built-in studio, invented films (seed 7)"))
    assert "TMDB API" not in text
    assert "themoviedb" not in text


@pytest.mark.parametrize("page", ["report", "leaderboard"])
def test_page_with_a_notice_loads_nothing(evaluate, page):
    text = PAGES[page](evaluate("tmdb", "TMDB"))
    loads = re.findall(
        r"<(?:script|link|iframe|object|embed)\b|@import|url\(|src=[\"'](?!data:)", text
    )
    assert loads == []
    assert re.findall(r"https?://[^\"' <]+", text) == [TERMS["tmdb"].page]


@pytest.mark.parametrize("page", PAGES)
def test_evaluation_of_an_earlier_version_is_shown_without_a_notice(evaluate, page):
    summary = {k: v for k, v in evaluate("tmdb", "TMDB").items() if k != "notices"}
    assert TMDB_NOTICE not in PAGES[page](summary)


def test_leaderboard_shows_the_notices_of_its_store_whatever_the_evaluations_name(evaluate):
    summary = {k: v for k, v in evaluate("tmdb", "TMDB").items() if k != "notices"}
    page = render_leaderboard([summary], notices=list_notices(["tmdb", "movies-dataset"]))
    assert page.count(TMDB_NOTICE) == 1
