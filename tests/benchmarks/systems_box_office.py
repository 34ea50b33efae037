"""Rows of `box_office`: whole records, as before release, by date, by segment, without an input."""

from collections.abc import Mapping, Sequence

import numpy as np

from benchmarks.paired_scores import BOOSTING, Predictions, compare_errors, rmse
from benchmarks.real_folds import CUT, LEFT_OUT, MEMBERS
from benchmarks.real_movies import RealMovies
from benchmarks.report import BenchRow

TEXT_ONLY = "text-only transformer of the same size"

RMSE_RATIO = 0.965
CUT_RATIO = 0.97
CUT_OVER_WHOLE = 1.05
MOST_BIAS = 0.03
DATE_RATIO = 0.98
DATE_COVERAGE = 0.87
MOST_OFF_COVERAGE = 0.03
TEXT_RATIO = 0.85


def compare_folds(preds: Predictions, seed: int) -> Sequence[BenchRow]:
    """Compare with boosting on five folds, with whole records and as before release."""
    whole, cut = preds["blend"], preds["blend" + CUT]
    true, n = preds["true"], len(preds["true"])
    errors = [rmse(true, some[:, 0]) for some in (whole, cut)]
    rows = [
        compare_errors(f"box_office: blend, {n} films", whole[:, 0], preds, "peer", BOOSTING,
                       RMSE_RATIO, seed),
        compare_errors("box_office as before release: blend", cut[:, 0], preds,
                       "peer" + CUT, BOOSTING, CUT_RATIO, seed),
        BenchRow("box_office as before release, over whole records", errors[1],
                 "RMSE of log10 $", "the blend with whole records", errors[0], CUT_OVER_WHOLE,
                 why=_members(preds)),
    ]  # fmt: skip
    for name, some in (("box_office", whole), ("box_office as before release", cut)):
        rows += [_bias(name, some, true), _coverage(name, some, true)]
    return rows


def compare_by_date(preds: Predictions, seed: int) -> list[BenchRow]:
    """Compare on the latest films, with models of the older ones."""
    rows = []
    for end, target in (("", DATE_RATIO), (CUT, None)):
        name, blend, true = f"box_office by date{end}", preds["blend" + end], preds["true"]
        covered = float(np.mean((true >= blend[:, 1]) & (true <= blend[:, 2])))
        rows += [
            compare_errors(f"{name}: blend, {len(true)} films", blend[:, 0], preds, "peer" + end,
                       BOOSTING, target, seed),
            BenchRow(f"{name}: 90 % intervals cover", covered, "share", "nominal", 0.9, None,
                     limit=DATE_COVERAGE, better="higher",
                     why=f"predicted minus actual: {np.mean(blend[:, 0] - true):+.4f}"),
        ]  # fmt: skip
    return rows


def _members(preds: Predictions) -> str:
    alone = ", ".join(
        f"{name + end} {rmse(preds['true'], preds[name + end]):.4f}"
        for name in MEMBERS
        for end in ("", CUT)
        if name in preds
    )
    return f"members alone: {alone}; CPU time of the blend {preds['cpu_s'].sum():.0f} s"


def _bias(name: str, preds: np.ndarray, true: np.ndarray) -> BenchRow:
    bias = float(np.mean(preds[:, 0] - true))
    return BenchRow(f"{name}: absolute bias", abs(bias), "log10 $", "the most that is allowed",
                    MOST_BIAS, 1.0, why=f"predicted minus actual: {bias:+.4f}")  # fmt: skip


def _coverage(name: str, preds: np.ndarray, true: np.ndarray) -> BenchRow:
    covered = float(np.mean((true >= preds[:, 1]) & (true <= preds[:, 2])))
    width = float(np.mean(preds[:, 2] - preds[:, 1]))
    return BenchRow(f"{name}: 90 % intervals, coverage off .9", abs(covered - 0.9), "share",
                    "the most that is allowed", MOST_OFF_COVERAGE, 1.0,
                    why=f"covered: {covered:.4f}; width {width:.3f} log10 $")  # fmt: skip


def count_segments(preds: Predictions, movies: RealMovies, seed: int) -> Sequence[BenchRow]:
    """Count the segments of at least fifty films whose coverage is off, in each test set."""
    from pipeline.evaluation.metrics.metric_names import COVERED, LEAST_MOVIES
    from pipeline.evaluation.metrics.segment_errors import assign_segments, score_segments
    from pipeline.evaluation.metrics.split_results import SplitResult
    from pipeline.models.systems.box_office import LOG10_REVENUE

    languages = [record.original_language for record in movies.records]
    table = movies.table.assign(original_language=languages)
    ids = table["tmdb_id"].to_numpy()[preds["row"]]
    rows = []
    for name, end in (("box_office", ""), ("box_office as before release", CUT)):
        result = SplitResult(
            LOG10_REVENUE, "folds", "blend", "model", ids, preds["blend" + end], preds["true"]
        )
        scored = score_segments(result, assign_segments(table), seed=seed)
        large = [row for row in scored if int(str(row["movies"])) >= LEAST_MOVIES]
        off = [
            f"{row['grouping']} {row['group']} {row['interval_coverage_score'].estimate:.3f}"
            for row in large
            if row["is_off"]
        ]
        rows.append(
            BenchRow(f"{name}: segments whose 90 % intervals cover less than {COVERED[0]} or more "
                     f"than {COVERED[1]}", float(len(off)), "segments", "all of fifty films",
                     float(len(large)), None, limit=0.0, why=", ".join(off) or "all within")
        )  # fmt: skip
    return rows


def compare_transformers(preds: Predictions, seed: int) -> Sequence[BenchRow]:
    """Compare blend and transformer with a network that reads the plot alone."""
    return [
        compare_errors("box_office: blend", preds["blend"][:, 0], preds, "text_only", TEXT_ONLY,
                       TEXT_RATIO, seed),
        compare_errors("box_office: transformer alone", preds["masked"], preds, "text_only",
                       TEXT_ONLY, None, seed),
        compare_errors("box_office: masked pretraining", preds["masked"], preds, "plain",
                       "the same transformer without pretraining", None, seed),
    ]  # fmt: skip


def compare_ablations(preds: Predictions, seed: int) -> Sequence[BenchRow]:
    """Compare boosting without an input, or with completeness, with boosting as it is."""
    named = {what: f"without {what}" for what in LEFT_OUT}
    named |= {"no dropout": "without credits dropout",
              "counts": "without dropout, with counts of what is filled in"}  # fmt: skip
    return [
        compare_errors(f"ablation{end}: boosting {words}", preds[what + end], preds, "peer" + end,
                       "boosting with all inputs", None, seed)
        for what, words in named.items()
        for end in ("", CUT)
    ]  # fmt: skip


def average_seeds(by_seed: Mapping[int, Predictions]) -> list[BenchRow]:
    """Average the errors of several seeds: of folds, models and cuts."""
    rows = []
    for name, end, target in (
        ("box_office", "", RMSE_RATIO), ("box_office as before release", CUT, CUT_RATIO),
    ):  # fmt: skip
        errors = np.array([
            [rmse(preds["true"], preds["blend" + end][:, 0]),
             rmse(preds["true"], preds["peer" + end])]
            for preds in by_seed.values()
        ])  # fmt: skip
        ratios = errors[:, 0] / errors[:, 1]
        each = ", ".join(
            f"{seed}: {ratio:.4f}" for seed, ratio in zip(by_seed, ratios, strict=True)
        )
        ours, peer = errors.mean(axis=0).tolist()
        rows.append(
            BenchRow(f"{name}: blend, mean of {len(errors)} seeds", ours, "RMSE of log10 $",
                     BOOSTING, peer, target, note=f"ratio by seed: {each}")
        )  # fmt: skip
    return rows
