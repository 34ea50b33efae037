"""Why models answer as they do: the answers without each input, word, poster area or frame."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from assets.predict.movie_rows import MovieRows
from assets.predict.served_models import PIXELS, ServedTask
from pipeline.core.errors import InputError
from pipeline.predict.masking import MASKS, POSTER_STREAMS
from pipeline.predict.movie_row import MovieRow
from pipeline.predict.part_effects import measure_effects
from pipeline.predict.parts import (
    Part,
    divide_poster,
    encode_png,
    group_words,
    keep_areas,
    keep_words,
    shrink,
)
from pipeline.predict.predictions import Answer, Prediction, outcome_of
from pipeline.predict.why import INPUTS, PARTS, make_why


@dataclass(frozen=True)
class Divided:
    """An input in parts, and the movie's rows with some of them alone.

    Attributes:
        parts: In their order.
        keep: Takes which are kept, bool (rows, parts).
    """

    parts: Sequence[Part]
    keep: Callable[[np.ndarray], list[MovieRow]]


def explain_inputs(
    tasks: Sequence[ServedTask], predictions: Sequence[Prediction], rows: MovieRows, row: MovieRow
) -> list[Prediction]:
    """Add, to each prediction, what it would be without each of the movie's inputs."""
    names = [name for name, mask in MASKS.items() if mask.is_there(row)]

    def keep(kept: np.ndarray) -> list[MovieRow]:
        return rows.without(row, [[names[k] for k in np.flatnonzero(~one)] for one in kept])

    divided = Divided([Part(name, ()) for name in names], keep)
    answers = _Answers(tasks, predictions, divided)
    explained = _explain(INPUTS, predictions, divided, answers)
    return [
        replace(one, effects=answers.without_each(k)) if one.answer else one
        for k, one in enumerate(explained)
    ]


def explain_parts(
    tasks: Sequence[ServedTask],
    predictions: Sequence[Prediction],
    rows: MovieRows,
    row: MovieRow,
    wanted: Sequence[str],
) -> list[Prediction]:
    """Add, to each prediction, which parts of an input moved it; what the movie lacks is left out.

    Args:
        tasks: Those that predict.
        predictions: Theirs.
        rows: Makes rows.
        row: The movie's.
        wanted: Of `PARTS`.

    Raises:
        InputError: There are no parts of that name.
    """
    if unknown := [name for name in wanted if name not in PARTS]:
        raise InputError("parts", f"got {unknown[0]!r}", f"some of {', '.join(PARTS)}")
    explained, read = list(predictions), _list_read(tasks)
    for name in dict.fromkeys(wanted):
        divided = _DIVIDE[name](rows, row, read)
        if divided is not None:
            answers = _Answers(tasks, explained, divided)
            explained = _explain(name, explained, divided, answers)
    return explained


def _list_read(tasks: Sequence[ServedTask]) -> frozenset[str]:
    """List the modalities of posters that some task may read: members of a blend read any."""
    answering = [task for task in tasks if task.experiment]
    if any(task.system.is_blend for task in answering):
        return frozenset(POSTER_STREAMS)
    return frozenset(PIXELS.get(name, name) for task in answering for name in task.version.reads)


class _Answers:
    """The answers with some parts kept, each computed once, and many at a time."""

    def __init__(
        self, tasks: Sequence[ServedTask], predictions: Sequence[Prediction], divided: Divided
    ):
        self._divided = divided
        self._tasks = {k: tasks[k] for k, one in enumerate(predictions) if one.answer}
        self._known: dict[bytes, dict[int, Answer | None]] = {}
        self.answered = tuple(self._tasks)

    def with_kept(self, kept: np.ndarray) -> list[dict[int, Answer | None]]:
        """Return the answers with some parts alone, by place; None where there is none.

        Args:
            kept: Bool (questions, parts).
        """
        new = {one.tobytes(): one for one in kept if one.tobytes() not in self._known}
        if new:
            rows = self._divided.keep(np.array([*new.values()]))
            found = {k: task.answer_all(rows) for k, task in self._tasks.items()}
            for n, key in enumerate(new):
                self._known[key] = {k: answers[n] for k, answers in found.items()}
        return [self._known[one.tobytes()] for one in kept]

    def without_each(self, place: int) -> dict[str, Answer]:
        """Return one task's answers without each part, by the part's name; what is impossible is
        left out.
        """
        names = [part.name for part in self._divided.parts]
        found = self.with_kept(~np.eye(len(names), dtype=bool))
        answers = {name: one[place] for name, one in zip(names, found, strict=True)}
        return {name: answer for name, answer in answers.items() if answer is not None}


def _explain(
    name: str, predictions: Sequence[Prediction], divided: Divided, answers: _Answers
) -> list[Prediction]:
    if not answers.answered or not divided.parts:
        return list(predictions)

    def outcome(kept: np.ndarray) -> np.ndarray:
        return np.array([
            [outcome_of(found[k], predictions[k].answer) for k in answers.answered]
            for found in answers.with_kept(kept)
        ])  # fmt: skip

    effects = measure_effects(len(divided.parts), outcome)
    explained = list(predictions)
    for k, of_one in zip(answers.answered, effects, strict=True):
        one = predictions[k]
        why = make_why(name, one, divided.parts, of_one)
        explained[k] = replace(one, why={**one.why, **why})
    return explained


def _divide_plot(rows: MovieRows, row: MovieRow, _: frozenset[str]) -> Divided | None:
    plot = row.record.overview
    if not (parts := group_words(plot)):
        return None

    def keep(kept: np.ndarray) -> list[MovieRow]:
        return rows.with_texts(row, [keep_words(plot, parts, one) for one in kept])

    return Divided(parts, keep)


def _divide_poster(rows: MovieRows, row: MovieRow, read: frozenset[str]) -> Divided | None:
    pixels = row.load_poster() if "poster" in row.has else None
    if pixels is None:
        return None
    small, parts = shrink(pixels), divide_poster()

    def keep(kept: np.ndarray) -> list[MovieRow]:
        pictures = [encode_png(keep_areas(small, parts, one)) for one in kept]
        return rows.with_posters(row, pictures, read)

    return Divided(parts, keep)


def _divide_trailer(rows: MovieRows, row: MovieRow, _: frozenset[str]) -> Divided | None:
    frames = row.streams.get("frames")
    if frames is None or len(frames) < 2:  # without its only frame there is no trailer
        return None
    parts = [Part(f"frame {number + 1}", (number,)) for number in range(len(frames))]
    return Divided(parts, lambda kept: [rows.with_frames(row, one) for one in kept])


_DIVIDE: dict[str, Callable[[MovieRows, MovieRow, frozenset[str]], Divided | None]] = {
    "plot": _divide_plot,
    "poster": _divide_poster,
    "trailer": _divide_trailer,
}
