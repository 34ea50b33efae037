"""All splits of a system in one frame, proven disjoint.

What belongs here: which splits there are. What does not: how one is made.
"""

import pandas as pd

from pipeline.splits.by_date import split_by_date
from pipeline.splits.proof import prove_disjoint
from pipeline.splits.ratio import split_by_ratio
from pipeline.systems import BY_DATE, System


def make_splits(table: pd.DataFrame, system: System) -> pd.DataFrame:
    """Make a system's published splits and the one by release date.

    Args:
        table: With tmdb_id, franchise, revenue_usd and release_date.
        system: Its splits, split seed and number of classes.

    Returns:
        tmdb_id and one column per split, one row per movie in the order of `table`; values
        "train", "val", "test", or "" where the split leaves the movie out.

    Raises:
        SplitError: There are too few movies for one of the splits.
    """
    n_classes = len(system.class_names)
    splits = pd.DataFrame({"tmdb_id": table["tmdb_id"].to_numpy()})
    for ratio in system.splits:
        splits[ratio.name] = split_by_ratio(
            table, ratio, seed=system.split_seed, n_classes=n_classes
        )
    splits[BY_DATE] = split_by_date(table)
    prove_disjoint(splits, table)
    return splits
