"""Predictions in words: lines of a label and a text, for terminals, pages and Dagster's events."""

from collections.abc import Iterator, Mapping

from pipeline.evaluation.metrics.metric_names import METRIC_WORDS
from pipeline.evaluation.wording import variant_title
from pipeline.predict.predictions import Answer, OnTest, Prediction
from pipeline.predict.why import INPUTS, Why

LEAST_CHANGE = 0.005
"""Changes below half a point of probability, or 1 % of an amount, are not shown."""

SHOWN_PARTS = 3
"""Words, areas or frames of the largest effect that a line shows."""

PART_WORDS = {"plot": "plot's words", "poster": "poster's areas", "trailer": "trailer's frames"}

SHOWN_CLASSES = 3
"""Classes or labels of the highest probability that a line shows."""


def describe_prediction(one: Prediction) -> Iterator[tuple[str, str]]:
    """Describe a prediction in lines of a label and a text."""
    if one.answer is None or one.model is None:
        yield "no answer", one.reason
        return
    version = f"version {one.model.version}" if one.model.version else "as last trained"
    yield "model", f"{variant_title(one.model.variant)} ({version})"
    yield "predicts", describe_answer(one.answer)
    if one.model.reads and set(one.model.reads) <= set(one.missing):
        yield "note", "the same for every film of which nothing that it reads is given"
    for baseline, answer in one.baselines.items():
        yield variant_title(baseline), describe_answer(answer)
    for line in describe_test_set(one):
        yield "on test films", line
    if one.missing:
        yield "masked", ", ".join(one.missing)
    yield from _describe_effects(one.answer, one.effects)
    for name, why in one.why.items():
        if name != INPUTS:
            yield PART_WORDS[name], describe_parts(why)
        if why.note and _parts_that_move(why):
            yield "note", why.note


def describe_answer(answer: Answer) -> str:
    """Describe an answer in one line.

    Example:
        >>> from pipeline.predict.predictions import Number
        >>> describe_answer(Answer(readable=Number(3e7, 1e7, 1e8, "US dollars")))
        '$30.0M; 90 % interval $10.0M to $100M'
    """
    number = answer.readable or answer.number
    if number is not None:
        text = describe_amount(number.value, number.unit)
        if number.low is None or number.high is None:
            return text
        ends = (describe_amount(end, number.unit) for end in (number.low, number.high))
        return f"{text}; 90 % interval {' to '.join(ends)}"
    ranked = sorted((answer.probabilities or {}).items(), key=lambda item: -item[1])
    shown = ", ".join(f"{name} {share:.0%}" for name, share in ranked[:SHOWN_CLASSES])
    if answer.labels is not None:
        return f"{', '.join(answer.labels) or 'none above 50 %'} ({shown})"
    return f"{answer.label} ({shown})"


def describe_amount(value: float, unit: str) -> str:
    """Describe a number in a unit; dollars in three digits.

    Example:
        >>> describe_amount(12_345_678.0, "US dollars"), describe_amount(6.5, "points of 10")
        ('$12.3M', '6.50 points of 10')
    """
    if unit != "US dollars":
        return f"{value:.2f} {unit}"
    for size, sign in ((1e9, "B"), (1e6, "M"), (1e3, "k")):
        if value >= size:
            return (
                f"${value / size:.3g}{sign}"
                if value / size >= 100
                else f"${value / size:.1f}{sign}"
            )
    return f"${value:.0f}"


def describe_test_set(one: Prediction) -> Iterator[str]:
    """Describe how the same model did on its test films, and how often such answers were right."""
    test = one.on_test
    if test is None:
        return
    word = METRIC_WORDS.get(test.metric, test.metric)
    films = f"{test.movies} film{'' if test.movies == 1 else 's'}"
    if test.score is not None:
        yield f"{word} {test.score:.3f}{_versus(test)} ({films})"
    if test.interval_coverage is not None:
        yield f"{test.interval_coverage:.0%} were inside their 90 % intervals"
    if test.predicted_so and one.answer and test.were_so is not None:
        yield f"{test.were_so} of {test.predicted_so} predicted as {one.answer.label} were so"
    elif test.predicted_so == 0 and one.answer:
        yield f"none was predicted as {one.answer.label}"


def _versus(test: OnTest) -> str:
    if test.baseline_score is None:
        return ""
    return f"; {variant_title(test.baseline)} {test.baseline_score:.3f}"


def describe_parts(why: Why) -> str:
    """Describe the parts of an input that did most, the most first.

    Example:
        >>> from pipeline.predict.why import PartEffect
        >>> why = Why("probability of Drama", (PartEffect("tears", (0, 5), 0.2),), None, True, "")
        >>> describe_parts(why)
        'tears +20 points for Drama'
    """
    moving = _parts_that_move(why)
    if not moving:
        return "none of them alone moves it"
    _, _, label = why.unit.partition("probability of ")
    scale, digits = (100, ".0f" if abs(moving[0][0]) >= 0.1 else ".1f") if label else (1, ".3f")
    shown = (f"{part} {scale * effect:+{digits}}" for effect, part in moving[:SHOWN_PARTS])
    return "; ".join(shown) + (f" points for {label}" if label else f" {why.unit}")


def _parts_that_move(why: Why) -> list[tuple[float, str]]:
    """List effects and names of the parts that move an answer visibly, the most first."""
    known = [(part.effect, part.part) for part in why.parts if part.effect]
    moving = [one for one in known if abs(one[0]) >= LEAST_CHANGE]
    return sorted(moving, key=lambda one: -abs(one[0]))


def _describe_effects(answer: Answer, effects: Mapping[str, Answer]) -> Iterator[tuple[str, str]]:
    """Describe what an answer would be without each input, the largest change first."""
    ranked = sorted(effects.items(), key=lambda item: -_change(answer, item[1]))
    for name, without in ranked:
        if _change(answer, without) >= LEAST_CHANGE:
            yield f"without {name}", _describe_effect(answer, without)
    same = [name for name, without in ranked if _change(answer, without) < LEAST_CHANGE]
    if same:
        yield "unmoved by", ", ".join(same)


def _change(answer: Answer, other: Answer) -> float:
    if answer.number and other.number:
        return abs(answer.number.value - other.number.value)
    both = answer.probabilities or {}, other.probabilities or {}
    if answer.label is not None:  # what matters is the predicted class
        gap = abs(both[0][answer.label] - both[1].get(answer.label, 0.0))
        return gap + (answer.label != other.label)
    return sum(abs(both[0][name] - both[1].get(name, 0.0)) for name in both[0])


def _describe_effect(answer: Answer, other: Answer) -> str:
    if answer.readable and other.readable and answer.readable.unit == "US dollars":
        factor = answer.readable.value / other.readable.value
        without = describe_amount(other.readable.value, "US dollars")
        return f"{without}; with it {factor:.2f} times as much"
    own, others = answer.readable or answer.number, other.readable or other.number
    if own and others:
        gap = own.value - others.value
        return f"{describe_amount(others.value, others.unit)}; with it {gap:+.2f}"
    if answer.labels is not None or answer.label is None:
        return describe_answer(other)
    gap = (answer.probabilities or {})[answer.label] - (other.probabilities or {})[answer.label]
    return f"{other.label}; with it {gap * 100:+.0f} points for {answer.label}"
