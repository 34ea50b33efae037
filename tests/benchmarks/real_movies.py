"""Real movies from a folder of public dumps, as models get them."""

from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pandas as pd

from pipeline.core.errors import DumpError
from pipeline.core.records import MovieRecord

MIN_USD = 1_000.0
"""Budgets and revenues below are left out: the dump holds some in thousands or millions."""


@dataclass(frozen=True)
class RealTable:
    """Streams of real movies in memory."""

    streams: dict[str, np.ndarray]
    masks: dict[str, np.ndarray]
    columns: dict[str, tuple[str, ...]]
    data_hash: str


@dataclass(frozen=True)
class RealMovies:
    """Real movies with budget and revenue.

    Attributes:
        table: One row per movie: tmdb_id, franchise, release_date, budget_usd, revenue_usd,
            has_keywords.
        records: What is known before release.
        streams: `metadata` and, where weights are there, `text`.
        texts: The plots.
        notes: Where text embeddings are from.
    """

    table: pd.DataFrame
    records: tuple[MovieRecord, ...]
    streams: RealTable
    texts: tuple[str, ...]
    notes: dict[str, str] = field(default_factory=dict)


def read_real_movies(data: Path, *, keywords: int = 0, limit: int | None = None) -> RealMovies:
    """Read `tmdb5000` in a folder of public dumps.

    Args:
        data: The folder.
        keywords: So many most frequent keywords become columns; 0 for none.
        limit: At most so many movies, for tests.

    Raises:
        DumpError: There is no such dump.
    """
    from pipeline.core.franchises import assign_franchises
    from pipeline.core.records import plot_text
    from pipeline.core.versions import hash_json
    from pipeline.crawl.datasets.dump_rows import AcceptedRow
    from pipeline.crawl.datasets.tmdb5000 import read
    from pipeline.crawl.tmdb.responses import parse_details

    taken = [row for row in read(data / "tmdb5000") if isinstance(row, AcceptedRow)]
    records = assign_franchises([parse_details(row.fields) for row in taken])
    known = [r for r in records if min(r.budget_usd or 0, r.revenue_usd or 0) >= MIN_USD][:limit]
    if not known:
        raise DumpError(f"{data / 'tmdb5000'}: wanted movies with budget and revenue, came none")
    columns = {
        "tmdb_id": [r.tmdb_id for r in known],
        "title": [r.title for r in known],
        "franchise": [r.franchise for r in known],
        "release_date": pd.to_datetime([r.release_date for r in known]),
        "budget_usd": [r.budget_usd for r in known],
        "revenue_usd": [r.revenue_usd for r in known],
        "has_keywords": [bool(r.keywords) for r in known],
    }
    hidden = tuple(
        replace(r, revenue_usd=None, popularity=None, vote_average=None, vote_count=None)
        for r in known
    )
    texts = tuple(plot_text(r) for r in known)
    streams, notes = _streams(hidden, texts, keywords)
    named = RealTable(*streams, hash_json([columns["tmdb_id"], keywords, notes]))
    return RealMovies(pd.DataFrame(columns), hidden, named, texts, notes)


def _streams(
    records: tuple[MovieRecord, ...], texts: tuple[str, ...], keywords: int
) -> tuple[tuple[dict, dict, dict], dict[str, str]]:
    from collections import Counter

    from pipeline.core.metadata import METADATA_COLUMNS, describe_movies, keyword_columns

    counted = Counter(word for record in records for word in record.keywords)
    words = tuple(word for word, _ in counted.most_common(keywords))
    everyone = np.ones(len(records), dtype=bool)
    streams = {"metadata": describe_movies(records, keywords=words)}
    masks = {"metadata": everyone}
    names = {"metadata": (*METADATA_COLUMNS, *keyword_columns(words))}
    vectors, label = _embed(texts)
    if vectors is not None:
        streams["text"] = vectors
        masks["text"] = np.array([bool(text) for text in texts])
    return (streams, masks, names), {"text": label}


def _embed(texts: tuple[str, ...]) -> tuple[np.ndarray | None, str]:
    """Embed plots with real weights; without any there is no text stream, and the note says so."""
    import torch

    from pipeline.core.errors import WeightsError
    from resources.compute.weights import load_backbone

    try:
        loaded = load_backbone("minilm", allow_random=False, allow_download=False)
    except WeightsError as error:
        return None, f"no text embeddings: {error}"
    assert loaded.tokenizer
    order = np.argsort([len(text) for text in texts], kind="stable")
    vectors = np.zeros((len(texts), loaded.backbone.width), dtype=np.float32)
    for start in range(0, len(texts), _AT_ONCE):
        some = order[start : start + _AT_ONCE]
        tokens = loaded.tokenizer(
            [texts[i] or "." for i in some],
            truncation=True, max_length=loaded.backbone.max_tokens, padding=True,
            return_tensors="pt",
        )  # fmt: skip
        with torch.inference_mode():
            found = loaded.network(tokens["input_ids"], tokens["attention_mask"])
        vectors[some] = found.numpy()
    return vectors, loaded.weights_label


_AT_ONCE = 64
