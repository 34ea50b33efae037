"""What Dagster loads: assets, checks, jobs, schedules, and the settings of the environment."""

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import dagster as dg

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
from assets.orchestration import checks, jobs, schedules, sensors
from assets.splits import features, split_checks, system_splits
from resources.run_context import RunContext, open_run_context
from resources.settings import ENVIRONMENT, ENVIRONMENT_ONLY, Settings
from resources.storage.lock import exclusive


class RunContextResource(dg.ConfigurableResource, Settings):
    """Source, store and ledger of a run; its launch-config fields are the settings."""

    @contextmanager
    def yield_for_execution(self, context: dg.InitResourceContext) -> Iterator[RunContext]:
        """Open the run context for a run and close it at the end."""
        settings = Settings(**{field: getattr(self, field) for field in Settings.model_fields})
        with open_run_context(settings) as run_context, ExitStack() as stack:
            if context.run is not None:  # a sensor only looks
                stack.enter_context(exclusive(run_context.store, notify=context.log.warning))
                if run_context.source.is_studio:
                    context.log.warning(f"Working on the {run_context.source.label}.")
            yield run_context


def settings_from_environment() -> dict[str, str]:
    """Return the settings that are set; secrets stay names until a run needs their values."""
    return {
        field: dg.EnvVar(name) if field in ENVIRONMENT_ONLY else os.environ[name]
        for field, name in ENVIRONMENT.items()
        if os.environ.get(name)
    }


def build_defs(**overrides: str) -> dg.Definitions:
    """Wire everything.

    Args:
        **overrides: Settings that replace those of the environment.
    """
    settings = {**settings_from_environment(), **overrides}
    return dg.Definitions(
        assets=[
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
        ],
        asset_checks=[*checks.CHECKS, *split_checks.CHECKS],
        jobs=jobs.JOBS,
        schedules=schedules.SCHEDULES,
        sensors=sensors.SENSORS,
        resources={"run_context": RunContextResource(**settings)},
        # One process a run: assets work through their ranges with their own threads, and torch is
        # imported once, not once a step.
        executor=dg.in_process_executor,
    )


defs = build_defs()
