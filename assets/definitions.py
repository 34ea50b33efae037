"""What Dagster loads: assets, checks, jobs, schedules and the sensor."""

from functools import partial

import dagster as dg

from assets.orchestration.garbage_collection import collect_rarely, keep_until_exit

with collect_rarely():
    from assets.crawl import box_office, catalog, movie_records
    from assets.embeddings import (
        audio_embeddings,
        clip_embeddings,
        frame_embeddings,
        poster_embeddings,
        poster_regions,
        text_embeddings,
    )
    from assets.evaluation import leaderboard, system_evaluation
    from assets.frames import trailer_audio, trailer_frames
    from assets.media import posters, trailers
    from assets.models import baselines, encoder, system_models
    from assets.orchestration import checks, jobs, prune_job, schedules, sensors
    from assets.orchestration.alerts import alert_sensors
    from assets.orchestration.launch_form import show_plainly
    from assets.orchestration.owners import read_owners, set_owners
    from assets.orchestration.run_log import run_loggers
    from assets.orchestration.run_resource import (
        resolve,
        run_resources,
        settings_from_environment,
    )
    from assets.predict import movie_predictions
    from assets.splits import features, split_checks, system_splits


def build_defs(**overrides: str) -> dg.Definitions:
    """Wire everything.

    Args:
        **overrides: Settings that replace those of the environment.

    Raises:
        ConfigurationError: A setting of the environment is wrong.
    """
    settings = {**settings_from_environment(), **overrides}
    webhook = settings.get("alerts_url")
    alerts = alert_sensors(
        partial(resolve, webhook) if webhook else None, settings.get("ui_url", "")
    )
    owners = read_owners(settings.get("owners", ""))
    assets = [
        catalog.movie_catalog,
        *movie_records.ASSETS,
        *box_office.ASSETS,
        posters.ASSET,
        trailers.ASSET,
        trailer_frames.ASSET,
        trailer_audio.ASSET,
        text_embeddings.ASSET,
        poster_embeddings.ASSET,
        poster_regions.ASSET,
        frame_embeddings.ASSET,
        clip_embeddings.ASSET,
        audio_embeddings.ASSET,
        features.movie_features,
        *system_splits.ASSETS,
        *baselines.ASSETS,
        *encoder.ASSETS,
        *system_models.ASSETS,
        *system_evaluation.ASSETS,
        leaderboard.leaderboard,
        movie_predictions.ASSET,
    ]
    return dg.Definitions(
        assets=set_owners(dg.map_asset_specs(show_plainly, assets), owners),
        asset_checks=[*checks.CHECKS, *split_checks.CHECKS],
        jobs=[*jobs.JOBS, prune_job.prune_job],
        schedules=[*schedules.SCHEDULES, prune_job.weekly_prune],
        sensors=[*sensors.SENSORS, *alerts],
        resources=run_resources(**overrides),
        loggers=run_loggers(settings.get("log", "")),
        # One process a run: assets work through their ranges with their own threads, and torch is
        # imported once, not once a step.
        executor=dg.in_process_executor,
    )


with collect_rarely():
    defs = build_defs()
    keep_until_exit()
