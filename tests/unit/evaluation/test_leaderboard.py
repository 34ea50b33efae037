import re

import pandas as pd
import pytest

from pipeline.evaluation.report.evaluation_summary import summarise
from pipeline.evaluation.report.leaderboard_page import render_leaderboard, write_leaderboard
from pipeline.evaluation.report.leaderboard_rows import list_leaderboard
from pipeline.evaluation.report.leaderboard_texts import (
    GLANCE_COLUMNS,
    TERMINAL_COLUMNS,
    tabulate_at_a_glance,
    tabulate_leaderboard,
)
from pipeline.evaluation.report.stored_results import find_outcomes
from pipeline.models.systems.box_office import BOX_OFFICE
from pipeline.models.systems.genre import GENRE


@pytest.fixture(scope="module", name="summaries")
def two_systems(make, subject):
    number = make(BOX_OFFICE.tasks[0], ("80-10-10", "fold-1", "fold-2"), n=120)
    genres = make(GENRE.tasks[0], ("70-10-20",))
    return [summarise(number, subject(BOX_OFFICE)), summarise(genres, subject(GENRE))]


def test_every_variant_of_every_task_has_a_row_on_its_headline_split(summaries):
    rows = list_leaderboard(summaries)
    assert [row["system"] for row in rows] == ["box_office"] * 5 + ["genre"] * 5
    assert {row["split"] for row in rows} == {"fold", "70-10-20"}
    assert {row["test_movies"] for row in rows} == {240, 40}
    main = next(row for row in rows if row["is_main"])
    assert main["train_s"] == 200
    assert main["parameters"] == 12345678
    assert main["train_movies"] == 300


def test_best_comes_first_and_the_limit_last(summaries):
    rows = list_leaderboard(summaries)
    errors = [row["estimate"] for row in rows[:4]]
    scores = [row["estimate"] for row in rows[5:9]]
    assert errors == sorted(errors)
    assert scores == sorted(scores, reverse=True)
    assert rows[4]["kind"] == rows[9]["kind"] == "limit"


def test_model_meets_the_strongest_baseline(summaries):
    main = next(row for row in list_leaderboard(summaries) if row["is_main"])
    assert (main["verdict"], main["versus"]) == ("better", main["best_baseline"])
    assert main["best_baseline"] == "boosting on <metadata>"
    assert set(main["better_than"]) == {"trivial", "boosting on <metadata>", "other variant"}


def test_difference_that_holm_does_not_leave_is_open():
    rows = [
        {"model": "a", "other": "b", "outcome": "better", "is_significant": True},
        {"model": "a", "other": "c", "outcome": "better", "is_significant": False},
    ]
    assert find_outcomes("a", rows) == {"b": "better", "c": "open"}
    assert find_outcomes("b", rows) == {"a": "worse"}


def test_page_and_parquet_are_written(tmp_path, summaries):
    paths = write_leaderboard(
        tmp_path / "board", summaries, links={"genre": "../genre/report.html"}
    )
    frame = pd.read_parquet(paths["leaderboard.parquet"])
    assert len(frame) == 10
    assert frame["estimate"].notna().to_numpy().all()
    page = paths["leaderboard.html"].read_text()
    assert "gradient boosting on &lt;metadata&gt;" in page
    assert "lower is better" in page
    assert "random weights" in page
    links = re.findall(r'(?:src|href)="([^"]*)"', page)
    outer = {link for link in links if not link.startswith(("#", "data:image/png;base64,"))}
    assert outer == {"../genre/report.html"}
    assert paths["leaderboard.png"].read_bytes().startswith(b"\x89PNG")


def test_system_without_a_model_is_still_shown(make, subject):
    summary = summarise(make(GENRE.tasks[0], ("70-10-20",), models=()), subject(GENRE))
    assert "no model" in render_leaderboard([summary])


def test_losing_is_written_in_plain_words(make, subject):
    results = make(BOX_OFFICE.tasks[0], ("80-10-10",), n=120, models=("a", "b", "c", "blend"))
    page = render_leaderboard([summarise(results, subject(BOX_OFFICE))])
    assert "blend: RMSE" in page
    assert "It loses to the" in page
    assert '<span class="badge worse">loses to</span>' in page


def test_leaderboard_of_nothing_is_refused(tmp_path):
    with pytest.raises(ValueError, match="at least one"):
        write_leaderboard(tmp_path, [])


def test_terminal_rows_fit_their_columns(summaries):
    (title, rows), *_ = tabulate_leaderboard(list_leaderboard(summaries))
    assert {len(row) for row in rows} == {len(TERMINAL_COLUMNS)}
    assert title.startswith("box_office, log10_revenue: RMSE (lower is better)")
    assert rows[0][1].startswith("0.")
    assert " to " in rows[0][2]
    assert rows[0][0] == "main *"
    assert rows[0][-1] == "beats"
    assert [row[-1] for row in rows if "boosting" in row[0]] == ["strongest baseline"]


def test_glance_has_a_line_for_each_task(summaries):
    lines = tabulate_at_a_glance(list_leaderboard(summaries))
    assert {len(line) for line in lines} == {len(GLANCE_COLUMNS)}
    name, score, baseline, verdict = lines[0]
    assert name == "box_office, log10 revenue\nmain"
    assert score.startswith("RMSE 0.")
    assert baseline.endswith("gradient boosting on <metadata>")
    assert verdict == "beats\n240 test films"
