"""The runs of a build on Ray: what is asked for, how many at once, what is submitted again.

Ray itself is `scripted_launcher`, which says how each run ends; `test_ray_cluster` has a real one.
"""

import json

import dagster as dg
import pytest

from assets.cli import ray_runs
from assets.cli.job_runs import BuildError, LocalRuns, PlannedRun
from assets.cli.ray_runs import RESOURCES, RayRuns, runs_on_ray
from assets.definitions import build_defs
from assets.orchestration.asset_specs import MOVIE_ASSETS, UNPARTITIONED_ASSETS
from assets.orchestration.events import DEFER_EVENTS
from assets.orchestration.partitions import range_tags, register
from assets.orchestration.store_wait import SYSTEM, leases_of

HOME = """
telemetry: {enabled: false}
run_launcher: {module: scripted_launcher, class: RayRunLauncher}
concurrency: {runs: {max_concurrent_runs: 2}}
"""


@pytest.fixture(scope="module")
def defs():
    return build_defs()


@pytest.fixture(scope="module")
def instance(tmp_path_factory):
    home = tmp_path_factory.mktemp("home")
    (home / "dagster.yaml").write_text(HOME)
    with dg.DagsterInstance.from_config(str(home)) as instance:
        register(instance, range(1, 9), "studio")
        yield instance


@pytest.fixture
def ray(instance, monkeypatch):
    monkeypatch.setattr(ray_runs, "_POLL_S", 0.01)
    monkeypatch.setattr(ray_runs, "_HEALTH_S", 0.01)
    instance.run_launcher.forget()
    return instance.run_launcher


@pytest.fixture
def runs(defs, instance):
    return RayRuns(lambda: defs, instance, {"preset": "small", "store": "s3://films/store"}, 0.5)


def chain(*keys, **more):
    return [PlannedRun("movies", range_tags(keys), ["movie_records"], what=f"range {keys}", **more)]


def test_launcher_of_dagster_yaml_decides(instance):
    assert runs_on_ray(instance)
    with dg.DagsterInstance.ephemeral() as other:
        assert not runs_on_ray(other)


def test_runs_have_the_jobs_tags_their_range_and_the_settings_but_no_secret(runs, ray):
    (run_id,) = runs.run([chain("1", "3")])
    (run,) = ray.launched
    assert run.run_id == run_id
    assert DEFER_EVENTS.items() <= run.tags.items()
    assert run.tags["dagster/asset_partition_range_start"] == "1"
    assert run.asset_selection == {dg.AssetKey("movie_records")}
    asked = json.loads(run.tags[RESOURCES])
    assert asked == {"env_vars": ["MARQUEE_PRESET=small", "MARQUEE_STORE=s3://films/store"]}
    place = run.job_code_origin.repository_origin
    assert place.entry_point == ["dagster"]
    assert place.code_pointer.module == "assets.definitions"


def test_as_many_at_once_as_the_home_allows_and_a_chains_runs_in_turn(runs, ray):
    first, second = chain("1", "2") + chain("3", "4"), chain("5", "6")
    assert len(runs.run([first, second, chain("7", "8")])) == 4
    assert ray.most_at_once <= 2
    starts = [run.tags["dagster/asset_partition_range_start"] for run in ray.launched]
    assert sorted(starts) == ["1", "3", "5", "7"]
    assert starts.index("1") < starts.index("3")


def test_a_run_whose_node_died_is_submitted_again(runs, ray, instance):
    ray.ends = ["dead", "success"]
    (run_id,) = runs.run([chain("1", "2")])
    lost, again = ray.launched
    assert instance.get_run_by_id(lost.run_id).status is dg.DagsterRunStatus.FAILURE
    assert again.run_id == run_id
    assert lost.tags == again.tags


def test_a_run_that_was_ended_on_its_node_is_submitted_again(runs, ray):
    ray.ends = ["interrupted"]
    assert len(runs.run([chain("1", "2")])) == 1
    assert len(ray.launched) == 2


def test_build_gives_up_after_four_dead_nodes_and_names_the_remedy(runs, ray):
    ray.ends = ["dead"] * 9
    with pytest.raises(BuildError, match=r"ended 4 times.*marquee build"):
        runs.run([chain("1", "2")])
    assert len(ray.launched) == 4


def test_an_error_of_a_step_ends_the_build_with_its_message_and_its_other_runs(runs, ray):
    ray.ends = ["stays", "error"]
    with pytest.raises(BuildError, match=r"The disk is full\."):
        runs.run([chain("1", "2"), chain("3", "4")])
    assert ray.terminated[0] == ray.launched[0].run_id


def test_ray_that_takes_no_run_yet_is_asked_again(runs, ray):
    ray.ends = ["refused", "refused", "success"]
    assert len(runs.run([chain("1", "2")])) == 1
    ray.ends = ["refused"] * 9
    with pytest.raises(BuildError, match="Ray does not take a run"):
        runs.run([chain("1", "2")])


def test_download_and_decode_ask_for_a_cpu_and_embeddings_for_a_gpu(runs, defs, instance):
    cpu, gpu = runs.parts(MOVIE_ASSETS)
    assert {spec.stage for spec in cpu} == {"crawl", "media", "frames"}
    assert {spec.stage for spec in gpu} == {"embeddings"}
    planned = PlannedRun("movies", embeds_or_trains=True)
    assert runs.resources(planned)["num_gpus"] == 0.5
    without = RayRuns(lambda: defs, instance, {})
    assert without.parts(MOVIE_ASSETS) == [list(MOVIE_ASSETS)]
    assert without.resources(planned) == {"env_vars": []}


def test_systems_are_trained_beside_each_other_after_the_features(runs, ray):
    names = list(UNPARTITIONED_ASSETS)
    config = {"genre_model": {"config": {"variants": ["late fusion"]}}}
    features, systems, last = runs.trainings(names, config)
    assert [run.selection for (run,) in features] == [["movie_features"]]
    assert [run.selection for (run,) in last] == [["leaderboard"]]
    assert {run.tags[SYSTEM] for (run,) in systems} == {
        "box_office", "genre", "poster", "revenue", "score",
    }  # fmt: skip
    chosen = [name for (run,) in systems for name in run.selection]
    assert sorted(chosen) == sorted(set(names) - {"movie_features", "leaderboard"})
    (genre,) = [run for (run,) in systems if run.tags[SYSTEM] == "genre"]
    assert genre.config == config
    assert [run.config for (run,) in systems if run is not genre] == [{}] * 4
    for planned in (features, systems, last):
        runs.run(planned)
    held = [leases_of(run) for run in ray.launched]
    assert held[0] == held[-1] == ["the models"]
    assert sorted(held[1:-1]) == sorted([f"the models of {run.tags[SYSTEM]}"] for (run,) in systems)


def test_what_is_up_to_date_is_no_run(runs, ray):
    for planned in runs.trainings(["genre_evaluation", "leaderboard"], {}):
        runs.run(planned)
    chosen = [[key.to_user_string() for key in run.asset_selection] for run in ray.launched]
    assert chosen == [["genre_evaluation"], ["leaderboard"]]


def test_in_one_process_all_is_one_run(defs, instance):
    local = LocalRuns(lambda: defs, instance)
    assert local.parts(MOVIE_ASSETS) == [list(MOVIE_ASSETS)]
    names = list(UNPARTITIONED_ASSETS)
    (((run,),),) = local.trainings(names, {})
    assert run.selection == names
