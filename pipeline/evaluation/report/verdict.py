"""The one verdict on a model: which baseline is the strongest, and what became of the difference.

Everything that a reader sees of it (the leaderboard's columns, the sentences, the model card, the
terminal) is made of `find_verdict`, so that no two of them differ.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pipeline.evaluation.metrics.metric_names import METRIC_WORDS, is_error
from pipeline.evaluation.report.stored_results import find_outcomes, is_known, score_of
from pipeline.evaluation.wording import count_of, variant_title

FEW_MOVIES = 100
"""Below this number of test movies, verdicts in which nothing is significant warn of chance."""

_WORDS = {
    "better": "It beats",
    "worse": "It loses to",
    "open": "There is no significant difference from",
}
_UNFAVOURABLE = ("worse", "open", "better")


@dataclass(frozen=True)
class Verdict:
    """A model beside the baselines of its table, on the same movies.

    Attributes:
        best_baseline: The baseline with the best score, of equal ones the one that is least
            favourable to the model; "" where none has a score.
        best_score: Its score; None where there is none.
        outcome: Of the model: "better" than the best baseline, "worse" than it or any other,
            "open" where neither is significant after Holm's correction, "" where nothing can be
            compared.
        against: The baseline that the outcome is about: the best one, or the strongest of those to
            which the model loses; "" where nothing can be compared.
        outcomes: The outcome against each baseline that has a score.
    """

    best_baseline: str = ""
    best_score: float | None = None
    outcome: str = ""
    against: str = ""
    outcomes: Mapping[str, str] = field(default_factory=dict[str, str])

    @property
    def is_chance(self) -> bool:
        """Whether there are differences and none of them is significant."""
        return bool(self.outcomes) and set(self.outcomes.values()) == {"open"}


def find_verdict(variant: str, content: Mapping[str, Any], metric: str) -> Verdict:
    """Find the verdict on a model.

    Args:
        variant: Name of the model; of any other name only the best baseline is found.
        content: A split or pooled family of `evaluation_results.json`: `results` by variant, and
            `comparisons`.
        metric: The score that it is about.
    """
    baselines = {
        name: score
        for name, result in content["results"].items()
        if result["kind"] == "baseline" and is_known(score := score_of(result, metric))
    }
    if not baselines:
        return Verdict()
    found = find_outcomes(variant, content["comparisons"])
    own = content["results"].get(variant)
    has_score = own is not None and is_known(score_of(own, metric))
    outcomes = {name: found[name] for name in baselines if name in found and has_score}
    ranked = rank(baselines, metric, outcomes)
    best = Verdict(ranked[0], baselines[ranked[0]])
    if not outcomes:
        return best
    against = next((name for name in ranked if outcomes.get(name) == "worse"), ranked[0])
    return Verdict(
        best.best_baseline, best.best_score, outcomes.get(against, "open"), against, outcomes
    )


def rank(scores: Mapping[str, float], metric: str, outcomes: Mapping[str, str]) -> list[str]:
    """Rank names by their score, best first; of equal ones the least favourable outcome first."""

    def place(name: str) -> tuple[float, int]:
        return (
            scores[name] if is_error(metric) else -scores[name],
            _UNFAVOURABLE.index(outcomes.get(name, "open")),
        )

    return sorted(scores, key=place)


def write_verdict(variant: str, content: Mapping[str, Any], metric: str) -> str:
    """Write a model's score, the strongest baseline, and what became of every difference.

    The sentence about the verdict's outcome comes first. Where nothing is significant and movies
    are few, the last sentence warns of chance.

    Args:
        variant: Name of the model.
        content: As for `find_verdict`; its `tmdb_ids` are the test set.
        metric: The score that it is about.
    """
    n_movies = len(content["tmdb_ids"])
    title, words = variant_title(variant), METRIC_WORDS[metric]
    score = content["results"][variant]["scores"][metric]
    if not is_known(score["estimate"]):
        return f"{title}: {words} cannot be computed on {count_of(n_movies, 'test film')}."
    verdict = find_verdict(variant, content, metric)
    direction = "; lower is better" if is_error(metric) else ""
    sentences = [
        f"{title}: {words} {score['estimate']:.3f} ({score['low']:.3f} to {score['high']:.3f}"
        f"{direction}) on {count_of(n_movies, 'test film')}{_name_strongest(verdict)}.",
        *_write_outcomes(variant, content["comparisons"], verdict),
    ]
    if verdict.is_chance and n_movies < FEW_MOVIES:
        sentences.append(f"With {count_of(n_movies, 'film')} such differences are mostly chance.")
    return " ".join(sentences)


def _name_strongest(verdict: Verdict) -> str:
    if verdict.best_score is None:
        return ""
    return f"; strongest baseline: {variant_title(verdict.best_baseline)}, {verdict.best_score:.3f}"


def _write_outcomes(
    variant: str, comparisons: Sequence[Mapping[str, Any]], verdict: Verdict
) -> Iterable[str]:
    """Write a sentence to each outcome, the verdict's own first."""
    order = sorted(_UNFAVOURABLE, key=lambda outcome: outcome != verdict.outcome)
    for outcome in order:
        named = [
            _describe(row, len(comparisons))
            for row in comparisons
            if row["model"] == variant and verdict.outcomes.get(row["other"]) == outcome
        ]
        if named:
            yield f"{_WORDS[outcome]} {_enumerate(named)}."


def _describe(row: Mapping[str, Any], n_compared: int) -> str:
    """Describe a difference; one that the correction for many comparisons undid says so."""
    gap = row["difference"]
    ends = f"{gap['estimate']:+.3f}, {gap['low']:.3f} to {gap['high']:.3f}"
    undone = row["outcome"] != "open" and not row["is_significant"]
    corrected = f"; not after Holm's correction for {n_compared} comparisons" if undone else ""
    return f"the {variant_title(row['other'])} ({ends}{corrected})"


def _enumerate(named: list[str]) -> str:
    return " and ".join([", ".join(named[:-1]), named[-1]]) if len(named) > 1 else named[0]
