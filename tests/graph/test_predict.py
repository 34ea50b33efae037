"""A prediction is the evaluation's, to the last stored digit, however the movie is asked for."""

import json
import subprocess
import sys
from datetime import timedelta

import numpy as np
import pandas as pd
import pytest
from commands import bare_environment, marquee
from present import present
from shapes import WHOLE
from sites import opened_site

from assets.models.experiment_data import open_experiment_data
from assets.predict import MovieInputs, Predictor
from assets.predict.served_models import served_tasks
from assets.splits.features import features_folder
from pipeline.core.errors import InputError, StoreError
from pipeline.evaluation.metrics.split_results import score_result
from pipeline.evaluation.report.evaluation_summary import SEED
from pipeline.evaluation.report.prediction_table import PREDICTIONS_FILE, restore_result
from pipeline.evaluation.report.result_json import list_differences
from pipeline.models.systems.box_office import BOX_OFFICE, LOG10_REVENUE
from pipeline.models.systems.registry import SYSTEMS
from pipeline.models.training.cut_features import features_as_of
from pipeline.models.training.model_registry import load_trained, predict
from pipeline.predict.movie_row import stored_streams
from pipeline.splits.features import METADATA, FeatureTable
from pipeline.splits.packing import pack
from resources.settings import Settings


def evaluated(site):
    """Yield what the evaluation stored of each test film: system, task, film, name, digits."""
    for system in SYSTEMS:
        path = site.store / "reports" / system.name / "evaluation_results.json"
        for task, summary in json.loads(path.read_text(encoding="utf-8"))["tasks"].items():
            content = summary["splits"][system.headline]
            for place, tmdb_id in enumerate(content["tmdb_ids"]):
                yield (
                    system.name,
                    task,
                    tmdb_id,
                    {name: result["answers"][place] for name, result in content["results"].items()},
                )


def digits(answer):
    """Return an answer as evaluations store it; `answer` is JSON."""
    if answer["probabilities"] is not None:
        return list(answer["probabilities"].values())
    number = answer["number"]
    ends = [number["low"], number["high"]]
    return number["value"] if None in ends else [number["value"], *ends]


def find(predictions, system, task):
    return next(
        one for one in predictions["predictions"] if (one["system"], one["task"]) == (system, task)
    )


def test_every_test_film_gets_the_digits_of_the_evaluation_and_so_do_its_baselines(site, predictor):
    seen = set()
    for system, task, tmdb_id, stored in evaluated(site):
        one = find(
            predictor.predict(MovieInputs(tmdb_id=tmdb_id), [system]).as_json(), system, task
        )
        assert digits(one["answer"]) == stored[one["model"]["variant"]], (system, task, tmdb_id)
        for name, answer in one["baselines"].items():
            assert digits(answer) == stored[name], (system, task, tmdb_id, name)
        assert one["on_test"]["movies"] >= 1
        assert one["baselines"]
        seen.add(system)
    assert seen == {system.name for system in SYSTEMS}


def test_many_films_at_once_get_what_each_gets_by_itself(predictor):
    ids = predictor.table.table["tmdb_id"].tolist()
    alone = [predictor.predict(MovieInputs(tmdb_id=tmdb_id)).as_json() for tmdb_id in ids]
    assert [one.as_json() for one in predictor.predict_known(ids)] == alone


def test_command_in_a_new_process_gives_the_same_digits(site, tmp_path):
    system, task, tmdb_id, stored = next(
        one for one in evaluated(site) if one[:2] == ("box_office", "log10_revenue")
    )
    run = subprocess.run(
        [sys.executable, "-m", "assets.cli", "predict", "--tmdb", str(tmdb_id), "--json"],
        env={**bare_environment(), **site.environment}, cwd=tmp_path,
        capture_output=True, text=True, timeout=120, check=True,
    )  # fmt: skip
    predictions = json.loads(run.stdout)
    one = find(predictions, system, task)
    assert digits(one["answer"]) == stored[one["model"]["variant"]]
    assert {one["system"] for one in predictions["predictions"]} == {s.name for s in SYSTEMS}


def test_film_with_all_media_given_as_files_gets_the_digits_of_the_stored_one(site, predictor):
    """Plot, poster and trailer are embedded by the functions that embedded the stored ones."""
    record = find_record(predictor, with_media=True)
    files = {
        name: site.store / folder / f"{record.tmdb_id}{suffix}"
        for name, folder, suffix in (("poster", "posters", ".jpg"), ("trailer", "trailers", ".mp4"))
    }
    given = predictor.predict(
        MovieInputs(
            tmdb_id=record.tmdb_id, plot=record.overview,
            budget_usd=record.budget_usd, release_date=record.release_date, **files,
        )
    )  # fmt: skip
    stored = predictor.predict(MovieInputs(tmdb_id=record.tmdb_id))
    assert set(given.has) == set(stored.has) > {METADATA, "text", "poster", "frames", "audio"}
    assert [one.answer for one in given] == [one.answer for one in stored]


def find_record(predictor, *, with_media):
    table = predictor.table
    has = [table.masks[name] for name in ("text", "poster", "frames", "audio")]
    place = next(i for i in range(len(table)) if all(mask[i] for mask in has) is with_media)
    return table.records[place]


def test_film_that_the_store_does_not_know_is_requested_now_and_gets_the_same_digits(
    shared_sites, tmp_path
):
    systems = ["box_office", "genre", "score"]
    shared_sites.copy(WHOLE, tmp_path / "site")
    with opened_site(tmp_path / "site", WHOLE.size, WHOLE.seed) as site:
        with site.run_context() as run_context:
            before = Predictor(run_context)
            tmdb_id = find_record(before, with_media=True).tmdb_id
            stored = before.predict(MovieInputs(tmdb_id=tmdb_id), systems)
            forget(run_context, before.table, tmdb_id)
        site.reset_stats()
        with Predictor.open(site.settings) as predictor:
            given = predictor.predict(
                MovieInputs(tmdb_id=tmdb_id), ["box_office", "genre", "score"]
            )
    assert given.remarks == ()
    assert given.record.title == stored.record.title
    assert [one.answer for one in given] == [one.answer for one in stored]


def forget(run_context, table, tmdb_id):
    """Pack the features without a movie."""
    ids = table.table["tmdb_id"].tolist()
    rows = {i: stored_streams(table, place) for place, i in enumerate(ids) if i != tmdb_id}
    found = {
        name: {i: row[name] for i, row in rows.items() if name in row}
        for name in table.streams
        if name != METADATA
    }
    sequences = {name for name, values in table.streams.items() if hasattr(values, "offsets")}
    pack(
        features_folder(run_context),
        [record for record in table.records if record.tmdb_id != tmdb_id],
        {},
        {name: arrays for name, arrays in found.items() if name not in sequences},
        {name: arrays for name, arrays in found.items() if name in sequences},
        notes=table.notes,
    )
    assert len(FeatureTable.load(features_folder(run_context))) == len(table) - 1


def test_as_of_a_day_is_read_what_the_one_function_reads_as_of_that_day(site, predictor):
    record = find_record(predictor, with_media=True)
    day = present(record.release_date) - timedelta(days=500)
    with site.run_context() as run_context:
        data = open_experiment_data(run_context, BOX_OFFICE)
        (served,) = served_tasks(run_context, predictor.table, ["box_office"])
        saved = load_trained(present(served.registered).model_folder(LOG10_REVENUE) / "model.pth")
        features = features_as_of(data.features_for(LOG10_REVENUE), day)
        row = list(data.table.table["tmdb_id"]).index(record.tmdb_id)
        expected = predict(saved, features, np.array([row]))[0]
    predictions = predictor.predict(MovieInputs(tmdb_id=record.tmdb_id), ["box_office"], as_of=day)
    assert digits(predictions.as_json()["predictions"][0]["answer"]) == expected.round(9).tolist()
    assert "those of today" in predictions.remarks[0]


def test_what_is_not_given_is_masked_and_named(predictor):
    predictions = predictor.predict(MovieInputs(plot="A thief robs one last bank.", budget_usd=5e7))
    by_system = {one.system: one for one in predictions}
    assert by_system["box_office"].missing == ("regions",)
    assert by_system["revenue"].missing == ("video", "audio")
    assert by_system["score"].answer is None
    assert "trailer" in by_system["score"].reason
    assert by_system["box_office"].answer.readable.unit == "US dollars"


def test_explanation_masks_each_input_in_turn(predictor):
    record = find_record(predictor, with_media=True)
    explained = predictor.predict(MovieInputs(tmdb_id=record.tmdb_id), ["score"], explain=True)
    (score,) = explained
    assert "trailer's pictures" not in score.effects  # without it the model has nothing to read
    assert all(answer == score.answer for answer in score.effects.values())
    (revenue,) = predictor.predict(MovieInputs(tmdb_id=record.tmdb_id), ["revenue"], explain=True)
    assert revenue.effects["plot"] != revenue.answer == revenue.effects["poster"]


def test_parts_of_plot_poster_and_trailer_are_explained_for_the_models_that_read_them(predictor):
    record = find_record(predictor, with_media=True)
    inputs = MovieInputs(tmdb_id=record.tmdb_id)
    (score,) = predictor.predict(inputs, ["score"], parts=["plot", "trailer"])
    assert set(score.why) == {"trailer"}
    parts = score.why["trailer"].parts
    assert [part.place for part in parts] == [(n,) for n in range(len(parts))]
    (revenue,) = predictor.predict(inputs, ["revenue"], parts=["plot"])
    words = [part.part for part in revenue.why["plot"].parts]
    assert " ".join(words) == " ".join(record.overview.split())
    asked = predictor.predict(inputs, ["poster"], parts=["poster"])
    areas = [one.why["poster"] for one in asked if one.why]
    assert areas, "few films: only some of the four questions have a model"
    assert {len(why.parts) for why in areas} == {12}
    assert all(one.answer for one in asked if one.why)
    with pytest.raises(InputError, match="parts: got 'sound'"):
        predictor.predict(inputs, parts=["sound"])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--budget", "-1"], "budget_usd: got -1; allowed: a number from 1 to"),
        (["--release-date", "1850-01-01"], "release_date: got 1850-01-01; allowed: a day from"),
        (["--poster", "broken.jpg"], "poster: "),
        (["--poster", "huge.jpg"], "poster: got 3,000,000,000 bytes; allowed: a JPEG"),
        (["--trailer", "broken.jpg"], "trailer: "),
        (["--crew", "Jane Doe"], "crew: got 'Jane Doe'; allowed: JOB=NAME"),
        (["--tmdb", "1"], "tmdb_id: neither the store nor its source has a film 1; allowed:"),
        (["--plot", "A man.", "--system", "fame"], "there are box_office"),
        ([], "inputs: nothing is given; allowed: at least one of tmdb_id"),
    ],
)
def test_command_refuses_what_cannot_be_with_the_fields_name(site, tmp_path, arguments, message):
    (tmp_path / "broken.jpg").write_bytes(b"\xff\xd8\xff no picture")
    with (tmp_path / "huge.jpg").open("wb") as file:
        file.truncate(3_000_000_000)  # a hole: it takes no space
    output = marquee("predict", *arguments, cwd=tmp_path, environment=site.environment, check=False)
    assert output.returncode == 2
    assert message in output.stderr
    assert output.stdout == ""


def test_command_fits_80_columns(site, predictor, tmp_path):
    record = find_record(predictor, with_media=True)
    environment = {**site.environment, "COLUMNS": "80"}
    output = marquee(
        "predict", "--tmdb", str(record.tmdb_id), "--explain", "--comparable",
        cwd=tmp_path, environment=environment,
    )  # fmt: skip
    assert max(map(len, output.stdout.splitlines())) <= 80
    assert record.title in output.stdout
    assert "90 % interval" in output.stdout
    assert "unmoved by" in output.stdout
    assert "comparable films, by fields" in output.stdout


def test_without_a_store_or_a_source_the_remedy_is_named(tmp_path, site, predictor):
    with (
        pytest.raises(StoreError, match="marquee build"),
        Predictor.open(Settings(store=str(tmp_path / "none"))),
    ):
        pass
    with pytest.raises(InputError, match="poster"):
        predictor.predict(MovieInputs(poster=b"no picture"))


def test_scores_of_a_report_are_recomputed_from_the_table_of_predictions(site):
    system = next(one for one in SYSTEMS if one.name == "revenue")
    folder = site.store / "reports" / system.name
    table = pd.read_parquet(folder / PREDICTIONS_FILE)
    summary = json.loads((folder / "evaluation_results.json").read_text(encoding="utf-8"))
    task, split = system.tasks[0], system.headline
    content = summary["tasks"][task.name]["splits"][split]
    for variant, stored in content["results"].items():
        result = restore_result(table, task, split, variant)
        assert list_differences(score_result(result, seed=SEED), stored["scores"]) == []
    assert set(table["tmdb_id"]) <= set(site.catalogue.movie_ids())
    assert "" not in set(table["title"])
