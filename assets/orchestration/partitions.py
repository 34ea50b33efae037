"""Movies as partitions of a Dagster home, and the tags that make a run work on some of them."""

import warnings
from collections.abc import Iterable, Sequence

import dagster as dg

from pipeline.core.errors import ConfigurationError

# Single-run backfills have been in beta for years; the version of Dagster is pinned.
warnings.filterwarnings("ignore", message=".*backfill_policy.*", category=dg.BetaWarning)

MOVIES = dg.DynamicPartitionsDefinition(name="movies")
SINGLE_RUN = dg.BackfillPolicy.single_run()
"""On every asset: one run may hold a range of movies and the models behind them."""

SOURCE_PARTITIONS = "marquee_source"
_KEYS_AT_ONCE = 900
"""SQLite takes no more in one statement."""

ONLY = "marquee/only"
"""Run tag: the movies of the range that were asked for, where not all of it was."""


def register(instance: dg.DagsterInstance, tmdb_ids: Iterable[int], source: str) -> int:
    """Add movies as partitions, in the order given; return the number of new ones.

    Raises:
        ConfigurationError: This Dagster home holds the movies of another source.
    """
    claim_home(instance, source)
    known = set(instance.get_dynamic_partitions("movies"))
    new = [str(i) for i in tmdb_ids if str(i) not in known]
    for start in range(0, len(new), _KEYS_AT_ONCE):
        instance.add_dynamic_partitions("movies", new[start : start + _KEYS_AT_ONCE])
    return len(new)


def claim_home(instance: dg.DagsterInstance, source: str) -> None:
    """Mark Dagster's home as filled from `source`.

    Raises:
        ConfigurationError: Another source filled it.
    """
    found = instance.get_dynamic_partitions(SOURCE_PARTITIONS)
    if not found:
        instance.add_dynamic_partitions(SOURCE_PARTITIONS, [source])
    elif list(found) != [source]:
        raise ConfigurationError(
            f"This Dagster home shows movies of {found[0]}, this run reads {source}; the two never "
            "mix. Point DAGSTER_HOME (in .env) and MARQUEE_STORE to new folders."
        )


def range_tags(keys: Sequence[str], *, only: bool = False) -> dict[str, str]:
    """Return the tags that make a run from the first to the last of these keys.

    Args:
        keys: In the order of the partitions.
        only: Whether keys between them that are not listed are excluded, stale or not.
    """
    tags = {
        "dagster/asset_partition_range_start": keys[0],
        "dagster/asset_partition_range_end": keys[-1],
    }
    return {**tags, ONLY: ",".join(keys)} if only else tags


def movies_of(context: dg.AssetExecutionContext) -> list[int]:
    """Return the movies that a run was asked for."""
    only = context.run.tags.get(ONLY)
    wanted = set(only.split(",")) if only else None
    return [int(key) for key in context.partition_keys if wanted is None or key in wanted]
