"""What stands for nothing, in cells and in the place of a plot, and what only looks like it."""

import pytest

from pipeline.core.records import plot_text
from pipeline.crawl.merging import merge_sources
from pipeline.crawl.stand_ins import is_empty_cell, is_stand_in
from pipeline.crawl.tmdb.responses import parse_details


@pytest.mark.parametrize(
    "text",
    [
        "", "nan", "NaN", "NULL", "None", r"\N", "<NA>", "N/A", "#N/A", "#REF!", "-", "...", "?",
        "No overview found.", "No overview available", "No plot available.", "Plot unknown.",
        "Plot undisclosed.", "The plot is being kept under wraps.", "Add a Plot »",
        "No description", "Overview not available", "There is no overview.", "TBA",
        "Coming soon.", "Unknown",
        "We don't have an overview translated in English. Help us expand our database by adding"
        " one.", "There are no plot summaries available for this title.",
        "It looks like we don't have a synopsis for this title yet.",
        "No tenemos una sinopsis en español. Ayúdanos a ampliar nuestra base de datos añadiendo"
        " una.", "No tenemos una sinopsis en español.",
        "Não temos uma sinopse em Português do Brasil. Você pode ajudar a ampliar o nosso banco de"
        " dados adicionando uma.", "Keine Inhaltsangabe verfügbar.",
    ],
)  # fmt: skip
def test_phrase_that_says_there_is_no_plot_is_none(text):
    assert is_stand_in(text)
    assert plot_text(parse_details({"id": 1, "overview": text, "tagline": text})) == ""


@pytest.mark.parametrize(
    "text",
    [
        "No plan survives.", "A plot to kill the king.", "None of them returns.",
        "No description can prepare you for this movie.", "Null and void.", "Unknown men come.",
        "Coming soon to a town near you: a killer.", "Nan goes to war.",
        "No tenemos miedo.", "Não temos uma saída em Lisboa.", "Keine Angst ist verfügbar.",
        "No tenemos una sinopsis en español, dijo el editor, y murió.",
    ],
)  # fmt: skip
def test_plot_is_a_plot(text):
    assert not is_stand_in(text)
    assert parse_details({"id": 1, "overview": text}).overview == text


def test_title_may_be_a_word_for_nothing():
    assert not is_empty_cell("title", "None")
    assert is_empty_cell("title", "nan")
    assert is_empty_cell("runtime", "NaT")


def test_id_that_a_spreadsheet_could_not_compute_is_no_empty_cell():
    assert not is_empty_cell("youtubeId", "#NAME?")
    assert is_empty_cell("youtubeId", "#N/A")
    assert is_empty_cell("budget", "#VALUE!")


def test_plot_of_another_source_takes_the_place_of_a_phrase():
    sources = [("tmdb", {"overview": "No overview found."}), ("dump", {"overview": "A kite."})]
    merged = merge_sources(sources)
    assert (merged["overview"], merged["marquee_provenance"]["overview"]) == ("A kite.", "dump")


def test_no_number_does_not_hide_another_sources_number():
    sources = [("seed000", {"runtime": float("nan")}), ("dump", {"runtime": 90})]
    assert merge_sources(sources)["runtime"] == 90
