"""Explanations hide one input at a time, leave the others as they were, and ask models once."""

from contextlib import nullcontext

import numpy as np
import pytest

from assets.predict import MovieInputs
from assets.predict.movie_rows import MovieRows
from assets.predict.served_models import ServedTask
from pipeline.core.metadata import METADATA_COLUMNS, PREDECESSOR_COLUMNS
from pipeline.predict.masking import FRANCHISE, MASKS
from pipeline.predict.movie_row import RowFeatures
from pipeline.predict.wording import describe_prediction


@pytest.fixture(scope="module")
def rows(site, predictor):
    with site.run_context() as run_context:
        yield MovieRows(
            run_context, predictor.table, lambda: nullcontext(run_context), lambda _: None
        )


@pytest.fixture(scope="module")
def sequel(rows, predictor):
    """The row of a film that others of its franchise came before."""
    for record in predictor.table.records:
        row, _ = rows.make(MovieInputs(tmdb_id=record.tmdb_id))
        if MASKS[FRANCHISE].is_there(row):
            return row
    raise AssertionError("no film is a sequel")


def earlier(row):
    return row.metadata[[METADATA_COLUMNS.index(name) for name in PREDECESSOR_COLUMNS]].tolist()


def test_only_the_franchise_hides_which_films_came_before(rows, sequel):
    names = [name for name, mask in MASKS.items() if mask.is_there(sequel)]
    hidden = dict(zip(names, rows.without(sequel, [[name] for name in names]), strict=True))
    assert earlier(hidden.pop(FRANCHISE)) == [0.0, 0.0]
    assert {tuple(earlier(row)) for row in hidden.values()} == {tuple(earlier(sequel))}
    assert hidden["release date"].record.release_date is None
    assert {row.day for row in hidden.values()} == {sequel.record.release_date}


def test_pictures_and_sound_of_a_trailer_are_two_inputs(rows, predictor):
    has = predictor.table.masks
    place = int(np.argmax(has["frames"] & has["audio"]))
    row, _ = rows.make(MovieInputs(tmdb_id=predictor.table.records[place].tmdb_id))
    silent, dark = rows.without(row, [["trailer's sound"], ["trailer's pictures"]])
    assert {"frames", "video"} <= set(silent.has)
    assert "audio" not in silent.has
    assert "audio" in dark.has
    assert not {"frames", "video"} & set(dark.has)


def test_each_model_is_asked_once_for_all_that_is_hidden(predictor, sequel, monkeypatch):
    asked, answer_all = [], ServedTask.answer_all

    def count(task, movies):
        asked.append((task.system.name, task.task.name, len(movies)))
        return answer_all(task, movies)

    monkeypatch.setattr(ServedTask, "answer_all", count)
    explained = predictor.predict(MovieInputs(tmdb_id=sequel.record.tmdb_id), explain=True)
    answered = [(one.system, one.task) for one in explained if one.answer]
    assert [one[:2] for one in asked] == answered
    n_inputs = sum(mask.is_there(sequel) for mask in MASKS.values())
    assert {one[2] for one in asked} == {1 + 3 * n_inputs}


def test_rows_that_are_asked_together_share_what_models_look_at(predictor, sequel, rows):
    features = RowFeatures(predictor.table)
    several = rows.without(sequel, [["plot"], ["budget"]])
    assert features.find(several) is features.find(list(several))
    assert features.find([sequel]) is not features.find(several)
    assert len(features.find(several).records) == 2


def test_sequel_is_explained_by_its_franchise_in_words(predictor, sequel):
    (one,) = predictor.predict(
        MovieInputs(tmdb_id=sequel.record.tmdb_id), ["box_office"], explain=True
    )
    parts = [part.part for part in one.why["inputs"].parts]
    assert FRANCHISE in parts
    lines = [label for label, _ in describe_prediction(one)]
    assert "without franchise" in lines or any("unmoved" in label for label in lines)
    assert np.isfinite([part.effect for part in one.why["inputs"].parts]).all()
