"""A few dozen movies with records and revenues, and a planted effect of budget and director."""

from dataclasses import dataclass, field
from datetime import date

import numpy as np

from pipeline.core.ragged import pack_ragged
from pipeline.core.records import Company, MovieRecord, Person
from pipeline.models.training.estimator import FeatureSet

MOVIES = 90
WORDS = ("car", "dog", "sea", "gun")
FAST = {"width": 16, "max_epochs": 3, "pretraining_epochs": 2, "batch_size": 16}


@dataclass(frozen=True)
class Table:
    streams: dict
    masks: dict
    data_hash: str = "made up"
    columns: dict = field(default_factory=dict)


def make_movies(seed=0, *, with_regions=False, movies=MOVIES):
    """Movies whose revenue follows budget and director; a region of each poster shows a keyword."""
    rng = np.random.default_rng(seed)
    looks = rng.standard_normal((len(WORDS), 12)).astype(np.float32)
    records, revenue, regions, shown = [], [], [], []
    for i in range(movies):
        director, word = int(rng.integers(0, 6)), int(rng.integers(0, len(WORDS)))
        budget = 10 ** rng.uniform(6, 8)
        year = 1990 + i // (4 * movies // MOVIES)
        records.append(
            MovieRecord(
                i + 1, f"Name{i} of it", overview=f"A story of a {WORDS[word]} and a {WORDS[0]}.",
                release_date=date(year, 1 + i % 12, 5), budget_usd=budget,
                genres=("Drama",), countries=("US",), keywords=(WORDS[word],),
                crew=(Person(director, "", "Director"),), companies=(Company(director % 2, ""),),
            )
        )  # fmt: skip
        revenue.append(budget * 10 ** (0.4 * (director - 2.5) + 0.1 * rng.standard_normal()))
        place = int(rng.integers(0, 3))
        some = rng.standard_normal((3, 12)).astype(np.float32) * 0.3
        some[place] += 3 * looks[word]
        regions.append(some)
        shown.append(place)
    everyone = np.ones(movies, dtype=bool)
    streams = {"metadata": np.log10([[r.budget_usd] for r in records]).astype(np.float32),
               "text": rng.standard_normal((movies, 8)).astype(np.float32)}  # fmt: skip
    if with_regions:
        streams["regions"] = pack_ragged(regions)
    table = Table(streams, dict.fromkeys(streams, everyone))
    return FeatureSet(table, records, np.array(revenue)), np.array(shown)


INPUTS, _ = make_movies()
LOG10 = np.log10(INPUTS.revenue_usd)
PARTS = np.array((["train"] * 4 + ["val", "test"]) * (MOVIES // 6), dtype=object)
TRAIN, TEST = np.flatnonzero(PARTS == "train"), np.flatnonzero(PARTS == "test")
