"""Answers about films of the store, remembered while neither features nor models change."""

from collections import OrderedDict
from collections.abc import Callable
from datetime import date
from typing import Any

from assets.serve.request_fields import Asked

MAX_ANSWERS = 1_000
"""An answer takes about 20 kB; those that were asked for longest ago are forgotten."""


class AnswerCache:
    """Remembers answers of which nothing is given but the film's id: nobody's own data is kept."""

    def __init__(self):
        self._state: object = None
        self._answers = OrderedDict[object, dict[str, Any]]()

    def find(
        self, asked: Asked, version: str, today: date, answer: Callable[[], dict[str, Any]]
    ) -> dict[str, Any]:
        """Return the remembered answer, or make and remember one.

        Args:
            asked: What is asked for.
            version: Of features and promoted models: another one empties the memory.
            today: Comparable films are as of a day: another one empties the memory, too.
            answer: Makes the answer, JSON values.
        """
        if (version, today) != self._state:
            self._state, self._answers = (version, today), OrderedDict()
        if asked.inputs.given != ("tmdb_id",):
            return answer()
        key = (asked.inputs.tmdb_id, asked.systems, asked.parts, asked.explain, asked.comparable)
        found = self._answers.pop(key, None)
        self._answers[key] = answer() if found is None else found
        if len(self._answers) > MAX_ANSWERS:
            self._answers.popitem(last=False)
        return self._answers[key]
