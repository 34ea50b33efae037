"""Every training is a version; one predicts, and a worse one does not take its place."""

import json
from copy import deepcopy

import pytest
import requests
from commands import marquee
from present import present
from served import served

from assets.evaluation.promotion import compare_with_promoted, consider_newest
from assets.evaluation.side_by_side import record_path
from assets.evaluation.system_evaluation import PROMOTION
from assets.models.experiments import Experiment
from assets.models.model_versions import (
    KEPT_VERSIONS,
    find_version,
    list_versions,
    promoted_number,
    register_version,
    write_tests,
)
from assets.predict import MovieInputs, Predictor
from pipeline.core.errors import ConfigurationError
from pipeline.models.systems.registry import SYSTEMS
from pipeline.predict.trial import Trial

GENRE = next(system for system in SYSTEMS if system.name == "genre")
SHORT = {"max_epochs": 1, "variants": ["late fusion"]}


def predict(site):
    with site.run_context() as run_context:
        (genre,) = Predictor(run_context).predict(MovieInputs(tmdb_id=90000003), ["genre"])
    return genre


def numbers(site):
    with site.run_context() as run_context:
        versions = [version.number for version in list_versions(run_context, GENRE)]
        return versions, promoted_number(run_context, GENRE)


def test_first_version_of_every_system_predicts_and_is_listed(site):
    output = marquee("models", "list", "--json", cwd=site.folder, environment=site.environment)
    rows = json.loads(output.stdout)
    assert {row["system"] for row in rows} == {system.name for system in SYSTEMS}
    assert all(row["is_promoted"] and row["version"] == 1 for row in rows)
    assert all(row["data_hash"] and row["code_version"] and row["scores"] for row in rows)
    table = marquee(
        "models", "list", cwd=site.folder, environment={**site.environment, "COLUMNS": "80"}
    ).stdout
    assert max(map(len, table.splitlines())) <= 80
    assert "box_office" in table


def test_retrained_model_replaces_the_promoted_one_only_after_its_evaluation(site):
    first = predict(site)
    assert present(first.model).version == 1
    site.materialize("genre_model", genre_model={**SHORT, "seed": 1})
    assert numbers(site) == ([2, 1], 1)
    assert predict(site) == first
    site.materialize("genre_evaluation")
    assert numbers(site) == ([2, 1], 2)
    second = predict(site)
    assert present(second.model).version == 2
    assert second.answer != first.answer
    (event, *_) = site.events("genre_evaluation")
    assert event.metadata["promoted_version"].value == 2
    back = marquee("models", "rollback", "genre", cwd=site.folder, environment=site.environment)
    assert "version 1 predicts again" in back.stdout
    assert predict(site) == first
    with site.run_context() as run_context, pytest.raises(ConfigurationError, match="no version 7"):
        find_version(run_context, GENRE, 7)
    again = marquee(
        "models", "rollback", "genre", cwd=site.folder, environment=site.environment, check=False
    )
    assert again.returncode == 2
    assert "no earlier promoted version" in again.stderr


def test_challenger_answers_its_share_and_both_answers_are_compared(site):
    trial = Trial("genre", 2, 0.5)
    asked = site.catalogue.movie_ids()[:10]
    with served(site, trial=trial) as url:
        found = {i: ask(url, {"tmdb_id": i}) for i in asked}
        assert found == {i: ask(url, {"tmdb_id": i}) for i in asked}
        changed = {"tmdb_id": asked[0], "plot": "A thief robs one last bank."}
        assert ask(url, changed)["genre"]["model"]["version"] in (1, 2)
        assert ask(url, {"tmdb_id": asked[0], "systems": ["score"]}).keys() == {"score"}
        compared = requests.get(
            f"{url}/models/compare?system=genre&first=1&second=2", timeout=60
        ).json()
    with site.run_context() as run_context:
        predictor = Predictor(run_context)
        for tmdb_id, by_system in found.items():
            number = 2 if trial.is_challengers(str(tmdb_id)) else 1
            (expected,) = predictor.predict(
                MovieInputs(tmdb_id=tmdb_id), ["genre"], versions={"genre": number}
            )
            genre = by_system["genre"]
            assert genre["model"]["version"] == number == present(expected.model).version
            assert genre["answer"]["probabilities"] == present(expected.answer).probabilities
    assert compared["asked"]["requests"] == 2 * len(asked) + 1
    assert sum(compared["asked"]["answered"].values()) == 2 * len(asked) + 1
    assert 0 < compared["asked"]["agreement"]["genres"]["same"] <= 1
    assert compared["since_known"] == []  # the store knew all of them
    output = marquee("models", "compare", "genre", "1", "2", "--json", **place(site))
    assert json.loads(output.stdout) == compared
    assert "none yet" in marquee("models", "compare", "genre", "1", "2", **place(site)).stdout


def test_films_of_which_the_truth_became_known_are_scored_as_test_films_are(site):
    """Asked about before: the test films of both, whose answers the evaluations have as well."""
    with site.run_context() as run_context:
        versions = [find_version(run_context, GENRE, number) for number in (1, 2)]
        tests = [set(one.tests["genres"]["content"]["tmdb_ids"]) for one in versions]
        path = record_path(run_context, GENRE, 1, 2)
        path.unlink(missing_ok=True)
    with served(site, trial=Trial("genre", 2, 0.5)) as url:
        for tmdb_id in sorted(tests[0] & tests[1]):
            ask(url, {"tmdb_id": tmdb_id})
    path.write_text(path.read_text().replace('"genres": true', '"genres": false'))
    with path.open("a") as file:
        file.write('{"at_s": 1, "request"')  # of a process that was killed
    output = marquee("models", "compare", "genre", "1", "2", "--json", **place(site))
    compared = json.loads(output.stdout)
    assert compared["since_known"] == compared["on_test"]
    assert compared["on_test"][0]["reason"] is None
    shown = marquee("models", "compare", "genre", "1", "2", **place(site)).stdout
    assert "none yet" not in shown
    assert shown.count("95 % interval") == 2


@pytest.mark.parametrize(
    ("challenger", "message"),
    [
        ("genre", "SYSTEM=VERSION"), ("fame=2", "there are box_office"), ("genre=7", "no version"),
        ("genre=1", "predicts already"),
    ],
)  # fmt: skip
def test_challenger_that_cannot_be_is_refused_before_serving(site, challenger, message):
    output = marquee("serve", "--challenger", challenger, "--port", "0", check=False, **place(site))
    assert output.returncode == 2
    assert message in output.stderr


def place(site):
    return {"cwd": site.folder, "environment": site.environment}


def ask(url, body):
    """Return the predictions by system, without lines for people."""
    answer = requests.post(f"{url}/predict", json={"systems": ["genre"], **body}, timeout=60).json()
    return {one["system"]: one for one in answer["predictions"]}


def test_significantly_worse_version_is_refused_by_rule_and_by_hand(site):
    """On eighty planted test films, which the first version predicts and the second does not."""
    with site.run_context() as run_context:
        one, two = (find_version(run_context, GENRE, number) for number in (1, 2))
        notes = one.facts["notes"]
        good = plant(one.tests, is_right=True)
        write_tests(one, good)
        write_tests(two, plant(one.tests, is_right=False))
        verdict = present(consider_newest(run_context, GENRE, notes))
        assert (verdict.is_promoted, verdict.is_worse) == (False, True)
        assert "significantly worse" in verdict.why
        assert promoted_number(run_context, GENRE) == 1
        # with nothing in common there is nothing to compare: only a person promotes it
        apart = deepcopy(good)
        apart["genres"]["content"]["tmdb_ids"] = [i + 1000 for i in range(80)]
        write_tests(two, apart)
        unknown = compare_with_promoted(GENRE, two, one)
        assert (unknown.is_promoted, unknown.is_worse) == (False, False)
        write_tests(two, plant(one.tests, is_right=False))
    refused = marquee(
        "models", "promote", "genre", "2", cwd=site.folder, environment=site.environment,
        check=False,
    )  # fmt: skip
    assert refused.returncode == 2
    assert "--force" in refused.stderr
    assert numbers(site) == ([2, 1], 1)
    marquee(
        "models", "promote", "genre", "2", "--force", cwd=site.folder, environment=site.environment
    )
    assert numbers(site) == ([2, 1], 2)


def plant(tests, *, is_right):
    """Return tests of eighty films of which every second one has all labels."""
    planted = deepcopy(dict(tests))
    content, variant = planted["genres"]["content"], planted["genres"]["variant"]
    actual = [[float(place % 2)] * 10 for place in range(80)]
    content |= {
        "tmdb_ids": list(range(80)), "y_true": actual, "franchises": [f"f{i}" for i in range(80)],
    }  # fmt: skip
    content["results"][variant]["answers"] = [
        [0.9 * label + 0.05 if is_right else 0.95 - 0.9 * label for label in labels]
        for labels in actual
    ]
    return planted


def test_version_of_other_embeddings_does_not_predict_and_is_replaced(site):
    with site.run_context() as run_context:
        promoted = promoted_number(run_context, GENRE)
        version = find_version(run_context, GENRE, promoted)
        facts = {**version.facts, "notes": {**version.facts["notes"], "clip_embeddings": "other"}}
        (version.folder / "version.json").write_text(json.dumps(facts))
        (genre,) = Predictor(run_context).predict(MovieInputs(tmdb_id=90000003), ["genre"])
        assert genre.answer is None
        assert "other embeddings" in genre.reason
    site.materialize("genre_model", "genre_evaluation", genre_model={**SHORT, "seed": 2})
    assert numbers(site)[1] == 3
    assert predict(site).answer is not None


def test_same_training_is_the_same_version_and_old_ones_are_removed(site):
    experiment = Experiment(GENRE, GENRE.tasks[0], GENRE.headline, "late fusion")
    with site.run_context() as run_context:
        latest = present(register_version(run_context, GENRE, [experiment]))
        assert latest.number == 3
        facts_file = experiment.folder(run_context) / "facts.json"
        facts = json.loads(facts_file.read_text())
        for seed in range(KEPT_VERSIONS):
            facts_file.write_text(json.dumps({**facts, "fingerprint": str(seed)}))
            register_version(run_context, GENRE, [experiment])
        found = [version.number for version in list_versions(run_context, GENRE)]
        assert found[:KEPT_VERSIONS] == list(range(13, 3, -1))
        assert set(found[KEPT_VERSIONS:]) == {2, 3}  # the promoted one, and the one before it


def test_checks_of_promotion_stand_on_every_evaluation(site):
    from assets.definitions import defs

    checks = {key for key in defs.resolve_asset_graph().asset_check_keys if key.name == PROMOTION}
    assert {key.asset_key.to_user_string() for key in checks} == {
        f"{system.name}_evaluation" for system in SYSTEMS
    }
