"""The published splits of a dataset: Trailers12k's three."""

import numpy as np
import pandas as pd

from pipeline.core.errors import SplitError
from pipeline.core.split_names import OFFICIAL
from pipeline.splits.by_date import EXCLUDED
from pipeline.splits.random_split import SET_NAMES

STRICT = f"{OFFICIAL}strict-"
"""Prefix of the splits beside the official ones that keep franchises whole."""


def split_officially(
    table: pd.DataFrame, official: pd.DataFrame
) -> tuple[dict[str, np.ndarray], dict[str, dict[str, int]]]:
    """Return the official splits, and stricter ones beside them.

    The official splits ignore franchises: a sequel may be in another set than its predecessor. That
    is the paper's own and stays, for comparison; it is counted. In the strict split the
    training and validation movies whose franchise is tested, and the training movies whose
    franchise is validated, are excluded.

    Args:
        table: With imdb_id and franchise.
        official: With `mid`, an IMDb id, and `split0`, `split1`, ...: 0 train, 1 val, 2 test.

    Returns:
        By name ("official-0", "official-strict-0", ...) "train", "val", "test" or "" per row; and
        by name of the official one how many franchises and movies it has in two sets.

    Raises:
        SplitError: A movie is listed twice, a value is none of the three, or a set is empty.
    """
    if not official["mid"].is_unique:
        twice = official["mid"][official["mid"].duplicated()].iloc[0]
        raise SplitError(f"official splits: movie {twice} is listed twice")
    columns = sorted(name for name in official.columns if name.removeprefix("split").isdigit())
    places = official.set_index("mid")[columns].reindex(table["imdb_id"].to_numpy())
    splits, shared = {}, {}
    for number, column in enumerate(columns):
        name = f"{OFFICIAL}{number}"
        split = _name_sets(name, places[column].to_numpy(np.float64))
        crossing = crossing_franchises(split, table["franchise"].to_numpy())
        strict = _keep_whole(split, table["franchise"].to_numpy())
        splits[name], splits[f"{STRICT}{number}"] = split, strict
        shared[name] = {
            "franchises": len(crossing),
            "movies": int(((split != strict) & (split != EXCLUDED)).sum()),
        }
    for name, split in splits.items():
        sizes = {one: int((split == one).sum()) for one in SET_NAMES}
        if not all(sizes.values()):
            raise SplitError(f"split {name}: expected three sets, got {sizes}; add its movies")
    return splits, shared


def crossing_franchises(split: np.ndarray, franchises: np.ndarray) -> list[str]:
    """List the franchises that are in two sets."""
    inside = split != EXCLUDED
    seen = pd.Series(split[inside]).groupby(franchises[inside]).nunique()
    return [str(name) for name in seen.index[seen > 1]]


def _name_sets(name: str, places: np.ndarray) -> np.ndarray:
    wrong = set(places[~np.isnan(places)]) - {0.0, 1.0, 2.0}
    if wrong:
        raise SplitError(f"split {name}: expected 0, 1 or 2, got {sorted(wrong)}")
    names = np.array([*SET_NAMES, EXCLUDED], dtype=object)
    return names[np.where(np.isnan(places), 3, places).astype(int)]


def _keep_whole(split: np.ndarray, franchises: np.ndarray) -> np.ndarray:
    strict = split.copy()
    tested = set(franchises[split == "test"])
    shown = np.array([name in tested for name in franchises]) & (split != "test")
    strict[shown] = EXCLUDED
    validated = set(franchises[strict == "val"])
    strict[np.array([name in validated for name in franchises]) & (strict == "train")] = EXCLUDED
    return strict
