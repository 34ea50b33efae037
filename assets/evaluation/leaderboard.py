"""The leaderboard: every model and baseline of every system, compared."""

from collections.abc import Mapping, Sequence

import dagster as dg

from assets.evaluation.notices import find_notices
from assets.evaluation.stored_reports import read_summaries
from assets.orchestration.asset_specs import LEADERBOARD
from assets.orchestration.staleness import input_version, write_whole
from assets.orchestration.step_errors import concise_errors
from assets.orchestration.tables import table_metadata
from assets.orchestration.unpartitioned_asset import unpartitioned_asset
from pipeline.core.versions import hash_bytes
from pipeline.evaluation.report.headline_figures import headline_figures
from pipeline.evaluation.report.leaderboard_rows import MISSING, list_leaderboard
from pipeline.evaluation.report.leaderboard_texts import describe_verdict
from pipeline.evaluation.report.stored_results import REPORT_FILE
from pipeline.evaluation.wording import variant_title
from pipeline.models.systems.registry import SYSTEMS
from resources.run_context import RunContext


@unpartitioned_asset(
    LEADERBOARD,
    kinds={"parquet", "html"},
    metadata={
        "files": "reports/leaderboard.{html,parquet,png}",
        "content": "a row per model and baseline: main score, confidence interval, significance",
    },
)
def leaderboard(
    context: dg.AssetExecutionContext, run_context: dg.ResourceParam[RunContext]
) -> dg.MaterializeResult:
    """All systems on one page: each model and baseline with its interval, training time and rank.

    It shows which models beat their strongest baseline, which lose, and which differences are
    significant after Holm's correction; a system for which nothing was trained says why.
    """
    with concise_errors():
        from pipeline.evaluation.report.leaderboard_page import write_leaderboard

        version = input_version(run_context, LEADERBOARD)
        summaries = read_summaries(run_context)
        rows = list_leaderboard(summaries)
        links = {system.name: f"{system.name}/{REPORT_FILE}" for system in SYSTEMS}
        paths = write_leaderboard(
            run_context.store.folder("reports"),
            summaries,
            links=links,
            notices=find_notices(run_context),
        )
        content_hash = hash_bytes(*(path.read_bytes() for path in paths.values()))
        write_whole(run_context, LEADERBOARD, version, content_hash)
    context.log.info(f"{len(rows)} models and baselines of {len(summaries)} systems")
    return dg.MaterializeResult(
        metadata={
            "source": run_context.source.label,
            **table_metadata("leaderboard", [_record(row) for row in rows if _is_headline(row)]),
            "models": len({_name_model(row) for row in rows if row["kind"] == "model"}),
            **_list_scores(summaries),
            **{name: dg.MetadataValue.path(str(path.absolute())) for name, path in paths.items()},
        },
        data_version=dg.DataVersion(content_hash),
    )


def _list_scores(summaries: Sequence[Mapping]) -> dict[str, float]:
    """Return each system's score, which Dagster plots over time."""
    figures = {summary["system"]: headline_figures(summary) for summary in summaries}
    return {f"{name}_score": of["score"] for name, of in figures.items() if "score" in of}


def _is_headline(row: Mapping) -> bool:
    """Return whether a row stands for its task: its main variant, or why there is none."""
    return row["kind"] == MISSING or (row["is_main"] and row["is_headline"])


def _name_model(row: Mapping) -> tuple[str, str, str]:
    return row["system"], row["task"], row["variant"]


def _record(row: Mapping) -> dict[str, str | float | None]:
    texts = {
        **{name: row[name] for name in ("system", "task", "split")},
        "variant": variant_title(row["variant"]),
        "metric": row["metric"],
        "strongest baseline": variant_title(row["best_baseline"]),
        "verdict": row["reason"] or describe_verdict(row),
    }
    figures = {
        name: None if row[name] is None else round(row[name], 4)
        for name in ("estimate", "low", "high", "best_baseline_score")
    }
    return {**texts, **figures}
