"""The `movie_predictions` asset: what the promoted models predict of films that are not out yet,
came out lately, or whose revenue nobody knows.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import dagster as dg

from assets.orchestration.asset_specs import FEATURES
from assets.orchestration.code_references import code_reference
from assets.orchestration.events import finish_exactly, open_event_log
from assets.orchestration.movie_events import is_published, publish_events
from assets.orchestration.partitions import MOVIES, SINGLE_RUN, movies_of
from assets.orchestration.prediction_job import (
    CODE_VERSION,
    PREDICTIONS,
    note_predictions,
    predictions_version,
)
from assets.orchestration.progress import progress
from assets.orchestration.step_errors import concise_errors
from pipeline.core.errors import DamagedFileError, ItemError
from pipeline.core.outcomes import Reason, Status
from pipeline.core.staleness import Row
from pipeline.core.versions import hash_json
from pipeline.models.systems.registry import SYSTEMS
from resources.run_context import RunContext
from resources.storage.movie_files import MovieFile

if TYPE_CHECKING:  # they load torch, which a run alone needs
    from assets.predict.predictor import Predictions, Predictor
    from pipeline.splits.features import FeatureTable

PREDICTION_FILE = MovieFile(("predictions",), ".json")

RECENT = timedelta(days=180)
"""A film is predicted for so long after its release, also where its revenue is known."""

_AT_ONCE = 100
"""Films that are predicted, and whose rows and events are written, together."""


def movie_predictions(
    context: dg.AssetExecutionContext, run_context: dg.ResourceParam[RunContext]
) -> Iterator[dg.MaterializeResult]:
    """What the promoted models predict of each film without known revenue, or released within the
    last 180 days; other films have none. A film's last prediction stays when its revenue is known.
    """
    with concise_errors(), open_event_log(context.instance, context.run.run_id):
        from assets.predict.predictor import Predictor

        version, asked = predictions_version(run_context), movies_of(context)
        predictor = Predictor(run_context)
        today = datetime.fromtimestamp(run_context.clock(), UTC)
        wanted = choose_movies(predictor.table, today)
        chosen = [tmdb_id for tmdb_id in asked if tmdb_id in wanted]
        with progress(PREDICTIONS, len(chosen), context.log.info) as done:
            for start in range(0, len(chosen), _AT_ONCE):
                some = chosen[start : start + _AT_ONCE]
                _predict(context, run_context, predictor, some, version)
                for _ in some:
                    done.step("predicted")
        if wanted <= set(asked):
            note_predictions(run_context, version)
        context.log.info(f"{len(chosen)} of {len(asked)} films are without a settled revenue")
    yield from finish_exactly(context)


def choose_movies(table: "FeatureTable", today: datetime) -> set[int]:
    """Choose the movies without known revenue, and those released within the last `RECENT`."""
    frame = table.table
    since = (today - RECENT).replace(tzinfo=None)
    is_recent = frame["release_date"] >= since
    return set(frame.loc[frame["revenue_usd"].isna() | is_recent, "tmdb_id"].tolist())


def _predict(
    context: dg.AssetExecutionContext,
    run_context: RunContext,
    predictor: "Predictor",
    movies: Sequence[int],
    version: str,
) -> None:
    """Predict for some movies; write files, then rows, then events, so that a kill loses none."""
    before = run_context.ledger.rows(PREDICTIONS, movies)
    try:
        made = dict(zip(movies, predictor.predict_known(movies), strict=True))
    except (ItemError, DamagedFileError):  # of one movie; each is asked by itself
        made = {}
    rows, shown = dict[int, Row](), dict[int, Mapping[str, Any]]()
    for tmdb_id in movies:
        rows[tmdb_id], shown[tmdb_id] = _keep(
            run_context, predictor, tmdb_id, made.get(tmdb_id), version
        )
    run_context.ledger.write(PREDICTIONS, rows, now_s=run_context.clock())
    new = {
        tmdb_id: row
        for tmdb_id, row in rows.items()
        if before.get(tmdb_id, Row()).content_hash != row.content_hash
        or not is_published(context.instance, context.asset_key, tmdb_id, row)
    }
    publish_events(context, new, {"source": run_context.source.label}, {}, lambda i, _: shown[i])
    run_context.ledger.mark_published(PREDICTIONS, movies)


def _keep(
    run_context: RunContext,
    predictor: "Predictor",
    tmdb_id: int,
    made: "Predictions | None",
    version: str,
) -> tuple[Row, Mapping[str, Any]]:
    """Write a movie's predictions, which are made here where they are not yet."""
    from pipeline.predict.inputs import MovieInputs

    try:
        made = made or predictor.predict(MovieInputs(tmdb_id=tmdb_id))
    except (ItemError, DamagedFileError) as error:
        row = Row(
            Status.WILL_RETRY.value, Reason.DAMAGED_UPSTREAM.value, str(error),
            input_version=version, code_version=CODE_VERSION,
        )  # fmt: skip
        return row, {}
    described = made.as_json()
    content = json.dumps(described, indent=1, ensure_ascii=False).encode()
    run_context.store.write(PREDICTION_FILE.path(run_context.store, tmdb_id), content)
    row = Row(
        Status.OK.value, input_version=version, code_version=CODE_VERSION,
        content_hash=hash_json(described),
    )  # fmt: skip
    page = dg.MetadataValue.url(run_context.settings.movie_page(tmdb_id))
    return row, {**_describe(made), "page": page}


def _describe(made: "Predictions") -> dict[str, Any]:
    """Describe predictions for a movie's page; the predicted revenue is a number, to be plotted."""
    from pipeline.predict.wording import describe_answer

    shown: dict[str, Any] = {
        "title": made.record.title,
        "release_date": str(made.record.release_date or "unknown"),
        "file": f"predictions/{made.record.tmdb_id}.json",
    }
    for one in made:
        name = f"{one.system}, {one.task}"
        shown[name] = describe_answer(one.answer) if one.answer else one.reason
        readable = one.answer.readable if one.answer else None
        if readable and readable.unit == "US dollars":
            shown["predicted_revenue_usd"] = readable.value
        if one.model:
            shown[f"version_{one.system}"] = one.model.version
    return shown


ASSET = dg.asset(
    name=PREDICTIONS,
    partitions_def=MOVIES,
    backfill_policy=SINGLE_RUN,
    deps=[FEATURES.name, *(f"{system.name}_evaluation" for system in SYSTEMS)],
    group_name="predict",
    kinds={"json"},
    code_version=CODE_VERSION,
    tags={"marquee/stage": "predict"},
    metadata={
        **code_reference(movie_predictions),
        "file": PREDICTION_FILE.pattern,
        "content": "answers of all systems with baselines and test scores, as "
        "`marquee predict --json` prints them",
    },
)(movie_predictions)
