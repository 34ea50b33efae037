"""Results by hand, one for each way in which a leaderboard was misread."""

import itertools
import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hand_made_results import compared, content, numbers, result, summary, task

from pipeline.core.tasks import Task, TaskKind
from pipeline.evaluation.metrics.split_results import SplitResult
from pipeline.evaluation.report.best_variant import find_best_variant
from pipeline.evaluation.report.ceiling import describe_ceiling
from pipeline.evaluation.report.evaluation_summary import Subject, summarise
from pipeline.evaluation.report.headline_figures import headline_figures
from pipeline.evaluation.report.leaderboard_page import frame_leaderboard, render_leaderboard
from pipeline.evaluation.report.leaderboard_rows import list_leaderboard
from pipeline.evaluation.report.leaderboard_texts import tabulate_at_a_glance, tabulate_leaderboard
from pipeline.evaluation.report.model_card import render_card
from pipeline.evaluation.report.report_page import render_report
from pipeline.evaluation.report.verdict import find_verdict, write_verdict

RMSE, F1 = "rmse_error", "macro_f1_score"
LINEAR, BOOSTING, MEDIAN = "linear on log budget", "boosting on metadata", "median"
NUMBER = Task("money", TaskKind.REGRESSION, RMSE)
EIGHT = Task("eight", TaskKind.CLASSES, F1, tuple("abcdefgh"), is_ordered=True)
SUBJECT = Subject("system", "TMDB", "text: minilm, weights: pretrained", "main")
FACTS = {"system": "system", "task": "money", "variant": "main", "kind": "fusion"}


def badge(page: str) -> str:
    """Return the verdict of the first row of the page's first table."""
    found = re.search(r'<span class="badge \w*">([^<]*)</span>', page)
    assert found
    return found[1]


def test_model_that_loses_to_a_line_is_not_called_undecided():
    """Seen: RMSE .480 beside "best baseline .306" wore "no difference": of boosting alone."""
    table = content(
        numbers(main=0.480, linear_on_log_budget=0.306, boosting_on_metadata=0.470, median=0.9),
        compared("main", LINEAR, "worse"), compared("main", BOOSTING, "open"),
        compared("main", MEDIAN, "better"),
    )  # fmt: skip
    board = summary({"money": task(RMSE, {"80-10-10": table})})
    row = next(row for row in list_leaderboard([board]) if row["is_main"])
    assert (row["best_baseline"], row["best_baseline_score"]) == (LINEAR, 0.306)
    assert (row["verdict"], row["versus"]) == ("worse", LINEAR)
    page = render_leaderboard([board])
    assert badge(page) == "loses to"
    assert "no significant difference</span>" not in page
    assert page.index("It loses to the linear") < page.index("It beats the median")
    assert tabulate_at_a_glance([row])[0][2:] == (
        "0.306\nlinear on log budget", "loses to\n250 test films",
    )  # fmt: skip


def test_loss_to_a_weaker_baseline_names_it():
    """The best by score differs by chance, a weaker one for certain: it loses all the same."""
    table = content(
        numbers(main=0.480, linear_on_log_budget=0.31, boosting_on_metadata=0.30),
        compared("main", LINEAR, "worse"), compared("main", BOOSTING, "open"),
    )  # fmt: skip
    verdict = find_verdict("main", table, RMSE)
    assert (verdict.best_baseline, verdict.outcome, verdict.against) == (BOOSTING, "worse", LINEAR)
    board = summary({"money": task(RMSE, {"80-10-10": table})})
    [(_, _, _, words)] = tabulate_at_a_glance(list_leaderboard([board]))
    assert words.startswith("loses to linear on log budget")


@pytest.fixture(scope="module", name="lucky")
def lucky_first_split() -> dict:
    """Ten films on which the model is nearly right, and folds of 95 on which the mean is better."""
    rng = np.random.default_rng(4)
    results = []
    for split, n, error in (("80-10-10", 10, 0.05), ("fold-1", 48, 1.0), ("fold-2", 47, 1.0)):
        ids = np.arange(n) + {"fold-2": 48}.get(split, 0)
        target = rng.normal(7, 0.4, n)
        preds = {"main": target + rng.normal(0, error, n), "mean": np.full(n, 7.0)}
        for name, kind in (("main", "model"), ("mean", "baseline")):
            results.append(SplitResult(NUMBER, split, name, kind, ids, preds[name], target))
    other = replace(results[0], variant="other", preds=results[0].preds + 0.01)
    return summarise([*results, other], SUBJECT)


def test_lucky_split_is_no_headline_where_there_are_folds(lucky):
    """Seen: .146 on 10 films stood where the pooled folds on 95 films were at .052, "loses"."""
    assert lucky["tasks"]["money"]["headline"] == "fold"
    rows = list_leaderboard([lucky])
    main = next(row for row in rows if row["is_main"])
    assert (main["split"], main["test_movies"], main["verdict"]) == ("fold", 95, "worse")
    figures = headline_figures(lucky)
    assert figures["test_movies"] == 95
    assert figures["score"] == main["estimate"] > 0.8
    assert badge(render_leaderboard([lucky])) == "loses to"
    assert tabulate_at_a_glance(rows)[0][3] == "loses to\n95 test films"
    assert tabulate_leaderboard(rows)[0][0].endswith("fold, 95 test films")
    assert "headline: fold, all 2 pooled" in render_report(lucky, {})


def test_card_of_a_lucky_split_begins_with_the_folds(lucky):
    card = render_card({**FACTS, "split": "80-10-10"}, lucky)
    pooled = card.index("**fold, all 2 pooled:** main: RMSE")
    assert pooled < card.index("on 95 test films") < card.index("on 10 test films")
    other = render_card({**FACTS, "split": "80-10-10", "variant": "other"}, lucky)
    assert "pooled" not in other


def test_variants_without_folds_keep_their_split_and_say_so(lucky):
    others = [row for row in list_leaderboard([lucky]) if not row["is_headline"]]
    assert {row["variant"] for row in others} == {"main", "other", "mean"}
    assert {(row["split"], row["test_movies"]) for row in others} == {("80-10-10", 10)}


def test_significant_difference_is_not_followed_by_chance():
    """Seen: "With 95 films such differences are mostly chance" after a Holm-significant one."""
    few = numbers(main=0.5, mean=0.9, median=0.55)
    sure = content(
        few, compared("main", "mean", "better"), compared("main", MEDIAN, "open"), movies=95
    )
    assert "mostly chance" not in write_verdict("main", sure, RMSE)
    unsure = content(few, compared("main", "mean", "better", undone=True), movies=95)
    assert write_verdict("main", unsure, RMSE).endswith(
        "With 95 films such differences are mostly chance."
    )
    boards = [summary({"money": task(RMSE, {"80-10-10": one})}) for one in (sure, unsure)]
    cards = [render_card({**FACTS, "split": "80-10-10"}, board) for board in boards]
    assert ["test films are few" in card for card in cards] == [False, True]


def test_ceiling_below_a_baseline_is_a_draw_and_no_limit():
    """Seen: A ceiling of .667 below a baseline's .714."""
    table = content(numbers(F1, main=0.70, mean=0.714, ceiling=0.667), movies=24)
    assert describe_ceiling(table, F1) == (
        "Noise ceiling of one draw: macro-F1 0.667 (0.617 to 0.717), what the function that "
        "generated these films scores without knowing their noise. Beyond it, within its "
        "interval: main (0.700), mean (0.714); on one draw that is chance."
    )
    page = render_leaderboard([summary({"eight": task(F1, {"80-10-10": table})})])
    assert "of one draw" in page
    assert "0.617 to 0.717" in page
    assert "reachable" not in page.lower()
    assert "on one draw that is chance" in page


def test_score_far_beyond_the_ceiling_is_suspicious():
    far = content(numbers(RMSE, main=0.10, mean=0.5, ceiling=0.30))
    assert "interval as well: main (0.100); chance seldom" in describe_ceiling(far, RMSE)
    within = content(numbers(RMSE, main=0.31, mean=0.5, ceiling=0.30))
    assert "eyond" not in describe_ceiling(within, RMSE)
    assert describe_ceiling(content(numbers(RMSE, main=0.3)), RMSE) == ""


def test_task_without_a_model_is_a_row_that_says_why():
    board = summary({}, missing={"profit": "8 movies are too few for 70-10-20"})
    [row] = list_leaderboard([board])
    assert (row["kind"], row["task"], row["reason"]) == (
        "missing", "profit", "8 movies are too few for 70-10-20",
    )  # fmt: skip
    for text in (render_leaderboard([board]), render_report(board, {})):
        assert "8 movies are too few for 70-10-20" in text
    assert tabulate_at_a_glance([row])[0][3].startswith("not trained: 8 movies")
    assert tabulate_leaderboard([row])[0][0].startswith("system, profit: not trained; 8 movies")
    assert headline_figures(board) == {}
    assert frame_leaderboard([row])["estimate"].isna().to_numpy().all()


def test_variant_trained_on_nothing_makes_no_row_and_is_named(lucky):
    left = {"task": "money", "split": "80-10-10", "variant": "gru over frames"}
    board = {**lucky, "left_out": [{**left, "reason": "no movie has frames"}]}
    assert "gru over frames" not in {row["variant"] for row in list_leaderboard([board])}
    for page in (render_leaderboard([board]), render_report(board, {})):
        assert "gru over frames on 80-10-10" in page
        assert "no movie has frames" in page


def test_tie_of_baselines_is_read_against_the_model():
    table = content(
        numbers(main=0.30, mean=0.40, median=0.40),
        compared("main", "mean", "better"), compared("main", MEDIAN, "open"),
    )  # fmt: skip
    verdict = find_verdict("main", table, RMSE)
    assert (verdict.best_baseline, verdict.outcome) == (MEDIAN, "open")


def test_equal_predictions_are_no_difference():
    target = np.array([6.0, 7.0, 8.0, 7.5])
    results = [
        SplitResult(NUMBER, "s", name, kind, np.arange(4), target + 0.5, target)
        for name, kind in (("main", "model"), ("mean", "baseline"))
    ]
    board = summarise(results, SUBJECT)
    row = next(row for row in list_leaderboard([board]) if row["is_main"])
    assert (row["verdict"], row["estimate"]) == ("open", row["best_baseline_score"])


def test_one_test_film_decides_nothing():
    results = [
        SplitResult(NUMBER, "s", name, kind, np.array([1]), np.array([preds]), np.array([7.0]))
        for name, kind, preds in (("main", "model", 7.01), ("mean", "baseline", 9.0))
    ]
    board = summarise(results, SUBJECT)
    row = next(row for row in list_leaderboard([board]) if row["is_main"])
    assert row["verdict"] == "open"
    [sentence] = render_verdicts(board)
    assert "on 1 test film;" in sentence
    assert sentence.endswith("With 1 film such differences are mostly chance.")
    assert "no significant difference" in render_leaderboard([board])


def render_verdicts(board) -> list[str]:
    return [
        entry["verdict"]
        for one in board["tasks"].values()
        for table in one["splits"].values()
        for entry in table["results"].values()
        if "verdict" in entry
    ]


def test_score_that_is_undefined_is_neither_strongest_nor_beaten():
    auc = "auc_score"
    table = content(
        numbers(auc, main=0.6, mean=None, median=0.5),
        compared("main", "mean", "better"), compared("main", MEDIAN, "open"),
    )  # fmt: skip
    verdict = find_verdict("main", table, auc)
    assert (verdict.best_baseline, verdict.outcome, list(verdict.outcomes)) == (
        MEDIAN, "open", [MEDIAN],
    )  # fmt: skip
    assert "mean" not in write_verdict("main", table, auc)
    blind = content(numbers(auc, main=None, mean=0.5), compared("main", "mean", "open"))
    row = next(
        row for row in list_leaderboard([summary({"t": task(auc, {"s": blind})})]) if row["is_main"]
    )
    assert (row["verdict"], row["best_baseline"], row["estimate"]) == ("", "mean", None)
    assert "–" in tabulate_at_a_glance([row])[0][1]


def test_best_variant_is_chosen_by_the_validation_set():
    """The best on the test set is not: it may be the luckiest."""
    results = {
        "main": result("model", RMSE, 0.40, val_score=0.41),
        "other": result("model", RMSE, 0.45, val_score=0.38),
        "luckiest": result("model", RMSE, 0.20, val_score=0.60),
        "mean": result("baseline", RMSE, 0.9),
    }
    table = content(results, compared("main", "other", "open"))
    best = find_best_variant(task(RMSE, {"80-10-10": table}))
    assert best is not None
    assert (best.variant, best.val_score, best.n_variants) == ("other", 0.38, 3)
    board = summary({"money": task(RMSE, {"80-10-10": table})})
    assert [row["variant"] for row in list_leaderboard([board]) if row["is_best"]] == ["other"]
    page = render_leaderboard([board])
    assert "other ◆" in page
    assert "main variant there 0.400, no significant difference" in page
    assert find_best_variant(task(RMSE, {"s": content(numbers(main=0.3, mean=0.4))})) is None


OUTCOMES = ("better", "worse", "open")


@pytest.mark.parametrize("metric", [RMSE, F1])
@pytest.mark.parametrize("outcomes", list(itertools.product(OUTCOMES, repeat=3)))
def test_columns_sentence_and_card_never_differ(outcomes, metric):
    """Every pattern of outcomes against three baselines, whatever their scores."""
    names = ("mean", LINEAR, BOOSTING)
    scores = dict(zip(names, (0.9, 0.3, 0.3), strict=True))
    results = {"main": result("model", metric, 0.4)} | {
        name: result("baseline", metric, score) for name, score in scores.items()
    }
    pairs = [compared("main", *both) for both in zip(names, outcomes, strict=True)]
    board = summary({"money": task(metric, {"80-10-10": content(results, *pairs, movies=20)})})
    row = next(row for row in list_leaderboard([board]) if row["is_main"])
    words = {"better": "beats", "worse": "loses to", "open": "no significant difference"}
    first = {"better": "It beats", "worse": "It loses to", "open": "There is no significant"}
    [sentence] = render_verdicts(board)
    card = render_card({**FACTS, "split": "80-10-10"}, board)
    assert badge(render_leaderboard([board])) == words[row["verdict"]]
    assert re.split(r"(?<=\d)\. ", sentence)[1].startswith(first[row["verdict"]])
    assert (
        f"strongest baseline: {'gradient ' if row['best_baseline'] == BOOSTING else ''}" in sentence
    )
    assert ("mostly chance" in sentence) == ("test films are few" in card)
    assert ("mostly chance" in sentence) == (set(outcomes) == {"open"})
    assert (row["verdict"] == "worse") == ("worse" in outcomes)
    assert card.count("is better than this model") == outcomes.count("worse")
    assert card.count("There is no significant difference from the") == (
        outcomes.count("open") + (1 if "open" in outcomes else 0)
    )
    assert isinstance(frame_leaderboard([row]), pd.DataFrame)
